import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingHttpHeaders, RequestListener, Server, ServerResponse } from "node:http";
import { webhookEventSchema } from "../../../../node/protocol/webhook.js";
import type { WebhookEvent } from "../../../../node/protocol/webhook.js";

export interface ReceivedWebhook {
  readonly event: WebhookEvent;
  readonly body: Uint8Array;
  readonly headers: IncomingHttpHeaders;
  readonly path: string;
}

/** How an endpoint answers one request; the default is 200. */
export type Answer = (response: ServerResponse, received: ReceivedWebhook) => void;

/** An app's webhook endpoint on a real HTTP server. */
export class WebhookEndpoint {
  readonly received: ReceivedWebhook[] = [];
  readonly url: string;
  answer: Answer = ok;
  readonly #server: Server;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.url = `http://127.0.0.1:${port}/hook`;
  }

  static async start(port = 0): Promise<WebhookEndpoint> {
    let listener: RequestListener = (_, response) => response.end();
    const server = createServer((request, response) => listener(request, response));
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("the server has no port");
    const endpoint = new WebhookEndpoint(server, address.port);
    listener = (request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const body = Buffer.concat(chunks);
        const received = {
          event: webhookEventSchema.parse(JSON.parse(body.toString())),
          ...{ body, headers: request.headers, path: request.url ?? "" },
        };
        endpoint.received.push(received);
        endpoint.answer(response, received);
      });
    };
    return endpoint;
  }

  /** Ids in the order in which they arrived, those of one room where it is given. */
  ids(room?: string): string[] {
    return this.received
      .filter(({ event }) => room === undefined || event.room === room)
      .map(({ event }) => event.id);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }
}

export const ok: Answer = (response) => {
  response.end("{}");
};

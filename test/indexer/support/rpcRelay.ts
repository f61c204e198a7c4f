/** A chain endpoint that can be made to fail. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { z } from "zod";

const callSchema = z.object({ id: z.union([z.number(), z.string()]), method: z.string() });

export class RpcRelay {
  requests = 0;
  private isFailing = false;

  private constructor(private readonly server: Server) {}

  /** @param answers Results by method that replace the chain's. */
  static async start(target: string, answers: Readonly<Record<string, unknown>> = {}): Promise<RpcRelay> {
    const server = createServer((request, response) => {
      const handle = async (): Promise<void> => {
        const body = await text(request);
        relay.requests += 1;
        if (relay.isFailing) {
          response.writeHead(503).end();
          return;
        }
        const call = callSchema.safeParse(JSON.parse(body));
        if (call.success && call.data.method in answers) {
          const result = answers[call.data.method];
          response.setHeader("content-type", "application/json");
          response.end(JSON.stringify({ jsonrpc: "2.0", id: call.data.id, result }));
          return;
        }
        const answer = await fetch(target, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body,
        });
        response.writeHead(answer.status, { "content-type": "application/json" });
        response.end(await answer.text());
      };
      handle().catch(() => response.destroy());
    });
    const relay = new RpcRelay(server);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return relay;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** From now on it answers nothing but errors. */
  fail(): void {
    this.isFailing = true;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, "close").catch(() => undefined);
  }
}

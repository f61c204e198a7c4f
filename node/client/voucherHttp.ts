import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { httpRefusal } from "../protocol/httpRefusal.js";
import { MAX_VOUCHER_REQUEST_BYTES } from "../protocol/voucherExchange.js";
import type { VoucherEndpoint, VoucherHttpResponse } from "./VoucherEndpoint.js";

/**
 * A voucher endpoint as a listener of `node:http` (and of frameworks that take such), for POST on the path that the
 * app's `voucherUrl` names. The server's own `requestTimeout` bounds how long a body may take.
 */
export function voucherListener(endpoint: VoucherEndpoint): RequestListener {
  return (request, response) => {
    answer(endpoint, request).then(
      ({ status, body }) => end(response, status, body),
      () => response.destroy(),
    );
  };
}

async function answer(endpoint: VoucherEndpoint, request: IncomingMessage): Promise<VoucherHttpResponse> {
  if (request.method !== "POST") {
    return { status: 405, body: JSON.stringify(httpRefusal("method_not_allowed", "POST only")) };
  }
  const body = await readBody(request);
  return endpoint.handle({
    body,
    header: (name) => {
      const value = request.headers[name];
      return typeof value === "string" ? value : undefined;
    },
  });
}

/** Reads no more than one byte above the limit: the endpoint then refuses it. Rejects where the client goes away. */
async function readBody(request: IncomingMessage): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request) {
    const bytes: Uint8Array = chunk instanceof Uint8Array ? chunk : Buffer.from(String(chunk));
    length += bytes.length;
    if (length > MAX_VOUCHER_REQUEST_BYTES) return new Uint8Array(MAX_VOUCHER_REQUEST_BYTES + 1);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

function end(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" });
  // What is left of a request that was refused for its size is not waited for.
  response.end(body, () => status === 413 && response.destroy());
}

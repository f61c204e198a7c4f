import type { IncomingMessage } from "node:http";

/** A body that is not read. */
export class BodyRefused extends Error {
  override readonly name = "BodyRefused";

  constructor(
    readonly status: 400 | 413,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/**
 * Reads a request's body. How long it may take is the server's `requestTimeout`.
 * @throws BodyRefused where it is larger than allowed, or breaks off.
 */
export function readBody(request: IncomingMessage, maxBodyBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const tooLarge = () =>
      new BodyRefused(413, "body_too_large", `a body of at most ${maxBodyBytes} bytes is taken`);
    if (Number(request.headers["content-length"] ?? 0) > maxBodyBytes) return reject(tooLarge());
    const chunks: Buffer[] = [];
    let length = 0;
    request.on("data", (chunk: Buffer) => {
      length += chunk.length;
      if (length > maxBodyBytes) {
        request.pause();
        reject(tooLarge());
      } else chunks.push(chunk);
    });
    request.once("end", () => resolve(Buffer.concat(chunks)));
    const brokenOff = () => reject(new BodyRefused(400, "body_incomplete", "the body broke off"));
    request.once("error", brokenOff);
    request.once("close", brokenOff);
  });
}

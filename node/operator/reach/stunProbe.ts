import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect, isIPv6 } from "node:net";
import { bindingRequest, readAnswer } from "./stunMessage.js";
import type { BindingAnswer, BindingRequest, StunCredentials } from "./stunMessage.js";

export interface StunTarget {
  readonly protocol: "udp" | "tcp";
  /** An IP address, never a name. */
  readonly address: string;
  readonly port: number;
  readonly credentials: StunCredentials;
}

export type StunResult =
  | {
      readonly reached: true;
      readonly roundTripMs: number;
      /** Where the request came from, as the media server saw it. */
      readonly seenAs: string;
    }
  | { readonly reached: false; readonly error: string };

const RETRY_MS = 400;
/** Frames over TCP carry their length in two bytes (RFC 4571). */
const FRAME_HEADER_BYTES = 2;
const MAX_ANSWER_BYTES = 2_048;

/** Sends a binding request to a media port and says whether its media server answered. Never rejects. */
export async function probeByStun(
  target: StunTarget,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<StunResult> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  const startedAt = performance.now();
  try {
    const answer = await (target.protocol === "udp" ? askByUdp : askByTcp)(target, deadline);
    if (!answer.ok) return { reached: false, error: answer.error };
    const seenAs = `${answer.mappedAddress}:${answer.mappedPort}`;
    return { reached: true, roundTripMs: Math.round(performance.now() - startedAt), seenAs };
  } catch (error) {
    return {
      reached: false,
      error: deadline.aborted ? `no answer within ${timeoutMs} ms` : messageOf(error),
    };
  }
}

async function askByUdp(
  { address, port, credentials }: StunTarget,
  deadline: AbortSignal,
): Promise<BindingAnswer> {
  deadline.throwIfAborted();
  const socket = createSocket(isIPv6(address) ? "udp6" : "udp4");
  const request = bindingRequest(credentials);
  let retry: NodeJS.Timeout | undefined;
  try {
    return await new Promise<BindingAnswer>((resolve, reject) => {
      deadline.addEventListener("abort", () => reject(new Error("no answer")), { once: true });
      socket.on("error", reject);
      socket.on("message", (packet) => {
        const answer = readAnswer(packet, request, credentials);
        if (answer !== undefined) resolve(answer);
      });
      // Connected, so that only the target's packets come in, and that a closed port shows at once.
      socket.connect(port, address, () => {
        const send = (): void => socket.send(request.packet);
        send();
        retry = setInterval(send, RETRY_MS);
      });
    });
  } finally {
    clearInterval(retry);
    socket.close();
  }
}

async function askByTcp(
  { address, port, credentials }: StunTarget,
  deadline: AbortSignal,
): Promise<BindingAnswer> {
  deadline.throwIfAborted();
  const socket = connect({ host: address, port });
  const request = bindingRequest(credentials);
  try {
    await once(socket, "connect", { signal: deadline });
    socket.write(framed(request));
    let received = Buffer.alloc(0);
    for await (const chunk of socket.iterator({ destroyOnReturn: true })) {
      deadline.throwIfAborted();
      if (!Buffer.isBuffer(chunk)) continue;
      received = Buffer.concat([received, chunk]);
      const answer = answerIn(received, request, credentials);
      if (answer !== undefined) return answer;
      if (received.length > MAX_ANSWER_BYTES) break;
    }
    return { ok: false, error: "it is connected to, but what answers is no media server" };
  } finally {
    socket.destroy();
  }
}

function framed({ packet }: BindingRequest): Buffer {
  const length = Buffer.alloc(FRAME_HEADER_BYTES);
  length.writeUInt16BE(packet.length);
  return Buffer.concat([length, packet]);
}

function answerIn(
  received: Buffer,
  request: BindingRequest,
  credentials: StunCredentials,
): BindingAnswer | undefined {
  if (received.length < FRAME_HEADER_BYTES) return undefined;
  const end = FRAME_HEADER_BYTES + received.readUInt16BE(0);
  if (received.length < end) return undefined;
  return readAnswer(received.subarray(FRAME_HEADER_BYTES, end), request, credentials);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

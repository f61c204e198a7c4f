import { createSocket } from "node:dgram";
import type { Socket } from "node:dgram";
import { on, once } from "node:events";
import type { Router } from "mediasoup/types";
import type { MediaWorker } from "./MediaWorker.js";
import { unlessAborted } from "../protocol/unlessAborted.js";

/** What a media self-test of one worker found. */
export type WorkerProbe =
  | { readonly pid: number; readonly ok: true; readonly roundTripMs: number }
  | { readonly pid: number; readonly ok: false; readonly error: string };

const LOOPBACK = "127.0.0.1";
const TIMEOUT_MS = 3_000;
const SEND_INTERVAL_MS = 20;
/** An Opus stream; the payload is a silent frame. */
const STREAM = { ssrc: 0x64_54_45_4c, payloadType: 111, clockRate: 48_000, samplesPerFrame: 960 };
const RTP_HEADER_BYTES = 12;
const SILENT_FRAME = Buffer.from([0xf8, 0xff, 0xfe]);

/**
 * Sends RTP through a worker as media goes: in by a UDP socket, forwarded by a router, out by another to a socket of
 * ours. `roundTripMs` is the time of the packet that arrived first. Rejects only where `signal` is aborted.
 */
export async function probeWorker(worker: MediaWorker, signal: AbortSignal): Promise<WorkerProbe> {
  signal.throwIfAborted();
  const { pid } = worker;
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const deadline = AbortSignal.any([signal, timeout]);
  const sockets = [createSocket("udp4"), createSocket("udp4")] as const;
  const opening = worker.createRouter();
  try {
    await Promise.all(sockets.map((socket) => bound(socket)));
    const [sender, receiver] = sockets;
    const sending = async () => {
      const route = await openRoute(await opening, receiver.address().port);
      return sendUntilReceived(sender, receiver, route, deadline);
    };
    const roundTripMs = await unlessAborted(sending(), deadline);
    return { pid, ok: true, roundTripMs };
  } catch (error) {
    signal.throwIfAborted();
    const late = `no packet came through within ${TIMEOUT_MS} ms`;
    const message = error instanceof Error ? error.message : String(error);
    return { pid, ok: false, error: timeout.aborted ? late : message };
  } finally {
    // A worker that hangs answers later or never: what it then has made is closed as soon as it says so.
    opening.then(
      (router) => router.close(),
      () => undefined,
    );
    for (const socket of sockets) socket.close();
  }
}

async function bound(socket: Socket): Promise<void> {
  socket.bind(0, LOOPBACK);
  await once(socket, "listening");
}

interface Route {
  /** Where packets are to be sent. */
  readonly entryPort: number;
  /** What they carry when they come out. */
  readonly payloadType: number | undefined;
}

/** Opens a way through the router that ends at `receiverPort`. */
async function openRoute(router: Router, receiverPort: number): Promise<Route> {
  const listenInfo = { protocol: "udp" as const, ip: LOOPBACK };
  const [entry, exit] = await Promise.all([
    router.createPlainTransport({ listenInfo, comedia: true }),
    router.createPlainTransport({ listenInfo }),
  ]);
  await exit.connect({ ip: LOOPBACK, port: receiverPort });
  const { payloadType, clockRate, ssrc } = STREAM;
  const producer = await entry.produce({
    kind: "audio",
    rtpParameters: {
      codecs: [{ mimeType: "audio/opus", payloadType, clockRate, channels: 2 }],
      encodings: [{ ssrc }],
    },
  });
  const { id: producerId } = producer;
  const consumer = await exit.consume({ producerId, rtpCapabilities: router.rtpCapabilities });
  return {
    entryPort: entry.tuple.localPort,
    payloadType: consumer.rtpParameters.codecs[0]?.payloadType,
  };
}

/** Sends a packet every 20 ms until one comes back, which resolves to the milliseconds that it took. */
async function sendUntilReceived(
  sender: Socket,
  receiver: Socket,
  { entryPort, payloadType }: Route,
  signal: AbortSignal,
): Promise<number> {
  const sentAtMs = new Map<number, number>();
  let sequence = 0;
  const send = () => {
    sequence += 1;
    sentAtMs.set(sequence * STREAM.samplesPerFrame, performance.now());
    sender.send(rtpPacket(sequence), entryPort, LOOPBACK);
  };
  const timer = setInterval(send, SEND_INTERVAL_MS);
  try {
    for await (const [packet] of on(receiver, "message", { signal })) {
      if (!Buffer.isBuffer(packet) || packet.length < RTP_HEADER_BYTES) continue;
      // RTCP comes on the same port; its packet types lie where payload types do not (RFC 5761).
      if ((packet.readUInt8(1) & 0x7f) !== payloadType) continue;
      const sent = sentAtMs.get(packet.readUInt32BE(4));
      if (sent !== undefined) return performance.now() - sent;
    }
    throw new Error("the socket closed");
  } finally {
    clearInterval(timer);
  }
}

function rtpPacket(sequence: number): Buffer {
  const header = Buffer.alloc(RTP_HEADER_BYTES);
  header.writeUInt8(0x80, 0);
  header.writeUInt8(STREAM.payloadType, 1);
  header.writeUInt16BE(sequence, 2);
  header.writeUInt32BE(sequence * STREAM.samplesPerFrame, 4);
  header.writeUInt32BE(STREAM.ssrc, 8);
  return Buffer.concat([header, SILENT_FRAME]);
}

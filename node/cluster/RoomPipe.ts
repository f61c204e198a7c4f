import { EventEmitter } from "node:events";
import type { Router } from "mediasoup/types";
import type { Logger } from "pino";
import { NodePipe } from "../media/NodePipe.js";
import type { AddressFamily, PipeEnd } from "../protocol/nodeLink.js";
import type { ClusterLimits } from "./limits.js";
import { LinkError } from "./linkError.js";
import type { NodeLink } from "./NodeLink.js";
import type { PipeAddresses } from "./PipeAddresses.js";

export type RoomPipeEvents = {
  /** The pipe is gone and with it all that was sent over it. */
  closed: [pipeId: string];
};

export interface RoomPipeOptions {
  readonly router: Router;
  readonly addresses: PipeAddresses;
  /** The link to the other node, while there is one. */
  readonly link: () => NodeLink | undefined;
  /** How many participants the other node has shown: what it may send goes by it. */
  readonly memberCount: () => number;
  readonly limits: ClusterLimits;
  readonly logger: Logger;
}

/** Pause after a pipe that carried nothing, or too much; doubles each time. */
const BLOCKED_MS = 15_000;
const MAX_BLOCKED_MS = 300_000;
const MAX_GONE = 16;
/** A pipe may carry this many times what the participants behind it may send, for retransmission and bursts. */
const BITRATE_HEADROOM = 1.5;

/**
 * The pipe between this node and another one for a room: made when one of them needs it, and made anew when it breaks.
 *
 * It goes by consent (as RFC 7675 does for WebRTC): where nothing comes back for what is sent, not even RTCP, sending
 * stops. So a node can neither point our media at a stranger, nor does a closed port stay unnoticed. Whoever sends more
 * than its participants may is cut off as well.
 */
export class RoomPipe extends EventEmitter<RoomPipeEvents> {
  readonly #options: RoomPipeOptions;
  #opening: Promise<NodePipe> | undefined;
  #current: NodePipe | undefined;
  /** Ends of the other node that are gone, the last ones: news of that may come before the answer that names them. */
  readonly #gone = new Set<string>();
  #blockedUntilMs = 0;
  #blockedMs = BLOCKED_MS;
  #closed = false;

  constructor(options: RoomPipeOptions) {
    super();
    this.#options = options;
  }

  get current(): NodePipe | undefined {
    return this.#current;
  }

  /** How long to wait before the pipe may be used again, in milliseconds. */
  get blockedForMs(): number {
    return Math.max(0, this.#blockedUntilMs - performance.now());
  }

  /** This node's end, made where there is none. Rejects with `LinkError`, `MediaError`. */
  open(): Promise<NodePipe> {
    return this.#open();
  }

  /** This node's end, connected to that of the other node, which asks for something over it. Rejects as `open` does. */
  async join(end: PipeEnd): Promise<NodePipe> {
    let pipe = await this.#open();
    if (pipe.remoteId !== undefined && pipe.remoteId !== end.id) {
      pipe.close();
      pipe = await this.#open();
    }
    await this.#connect(pipe, end);
    return pipe;
  }

  /** Connects this node's end to that which the other node has answered with. Rejects as `open` does. */
  async complete(pipe: NodePipe, end: PipeEnd): Promise<void> {
    try {
      await this.#connect(pipe, end);
    } catch (error) {
      pipe.close();
      throw error;
    }
  }

  /** An end of the other node, or whichever there is, is gone. */
  reset(remoteId?: string): void {
    if (remoteId !== undefined) {
      const [oldest] = this.#gone;
      if (this.#gone.size >= MAX_GONE && oldest !== undefined) this.#gone.delete(oldest);
      this.#gone.add(remoteId);
    }
    if (remoteId === undefined || this.#current?.remoteId === remoteId) this.#current?.close();
  }

  close(): void {
    this.#closed = true;
    this.#current?.close();
  }

  async #connect(pipe: NodePipe, end: PipeEnd): Promise<void> {
    const { addresses } = this.#options;
    const ip = await addresses.resolve(end.address, this.#families);
    if (this.#gone.has(end.id)) throw new LinkError("failed", "the other end of the pipe is gone already");
    await pipe.connect(ip, end);
  }

  async #open(): Promise<NodePipe> {
    if (this.#closed) throw new LinkError("failed", "this node has left the room");
    if (this.blockedForMs > 0) throw new LinkError("failed", "the last pipe failed: not yet");
    this.#opening ??= this.#make();
    return this.#opening;
  }

  /** At which the other node can be reached, as it says. */
  get #families(): readonly AddressFamily[] {
    return this.#options.link()?.about?.families ?? [];
  }

  #make(): Promise<NodePipe> {
    const { router, addresses } = this.#options;
    const opening = NodePipe.open(router, addresses.listenFor(this.#families)).then((pipe) => {
      if (this.#closed) {
        pipe.close();
        throw new LinkError("failed", "this node has left the room");
      }
      this.#current = pipe;
      const stop = this.#watch(pipe);
      pipe.once("closed", () => {
        stop();
        this.#current = undefined;
        this.#opening = undefined;
        this.emit("closed", pipe.id);
      });
      return pipe;
    });
    opening.catch(() => {
      if (this.#opening === opening) this.#opening = undefined;
    });
    return opening;
  }

  /** Looks after a pipe until it closes; returns how to stop that. */
  #watch(pipe: NodePipe): () => void {
    const { limits, logger, memberCount } = this.#options;
    let last = { bytesReceived: 0, rtpBytesReceived: 0, bytesSent: 0, atMs: performance.now() };
    let silentSinceMs: number | undefined;
    const check = async () => {
      const traffic = await pipe.traffic();
      const now = { ...traffic, atMs: performance.now() };
      const bitsPerSecond = ((now.rtpBytesReceived - last.rtpBytesReceived) * 8_000) / (now.atMs - last.atMs);
      if (bitsPerSecond > memberCount() * limits.maxBitratePerMember * BITRATE_HEADROOM) {
        logger.warn(
          { bitsPerSecond: Math.round(bitsPerSecond) },
          "another node sends more than its participants may",
        );
        this.#block(pipe);
        return;
      }
      if (now.bytesReceived > last.bytesReceived) {
        silentSinceMs = undefined;
        this.#blockedMs = BLOCKED_MS;
      } else if (now.bytesSent > last.bytesSent) {
        silentSinceMs ??= last.atMs;
        if (now.atMs - silentSinceMs >= limits.pipeConsentMs) {
          logger.warn(
            { port: pipe.end.port },
            "nothing comes back over the pipe to another node: are the UDP ports of cluster.ports open on both?",
          );
          this.#block(pipe);
          return;
        }
      }
      last = now;
    };
    const timer = setInterval(() => {
      // It rejects where the pipe has closed meanwhile, and then there is nothing left to look after.
      check().catch(() => undefined);
    }, limits.pipeCheckMs);
    return () => clearInterval(timer);
  }

  #block(pipe: NodePipe): void {
    this.#blockedUntilMs = performance.now() + this.#blockedMs;
    this.#blockedMs = Math.min(MAX_BLOCKED_MS, this.#blockedMs * 2);
    pipe.close();
  }
}

import { EventEmitter } from "node:events";
import type { Logger } from "pino";
import { WebSocket } from "ws";
import {
  LINK_CLOSE_CODES,
  LINK_SEAL_BYTES,
  MAX_LINK_MESSAGE_BYTES,
  NODE_LINK_PATH,
  NODE_LINK_SUBPROTOCOL,
} from "../protocol/nodeLink.js";
import { greetAsAcceptor, greetAsDialer } from "./handshake.js";
import type { NodeIdentity } from "./handshake.js";
import type { ClusterLimits } from "./limits.js";
import { LinkFrames } from "./LinkFrames.js";
import { NodeLink } from "./NodeLink.js";
import type { LinkHandler, NodeAbout } from "./NodeLink.js";
import type { NodeFinder } from "./NodeFinder.js";

export type LinkTableEvents = {
  /** There is a link to a node; it may replace another one. Everything is to be said again on it. */
  up: [NodeLink];
  /** The link to a node broke. */
  down: [nodeId: bigint];
  /** A node did not come back within the grace period, or came back as a new process: what it said before is void. */
  lost: [nodeId: bigint];
  /** A node was dialed and could not be reached; it is tried again. */
  unreachable: [nodeId: bigint];
};

export interface LinkTableOptions extends NodeIdentity {
  readonly finder: NodeFinder;
  /** What speaks against connecting to an endpoint, or undefined. */
  readonly endpointFault: (url: string) => Promise<string | undefined>;
  readonly about: NodeAbout;
  readonly limits: ClusterLimits;
  readonly handler: LinkHandler;
  readonly logger: Logger;
}

/** A reason to keep the link to a node. */
export interface LinkHold {
  release(): void;
}

/** What there is between this node and another one. */
interface Line {
  readonly nodeId: bigint;
  link: NodeLink | undefined;
  instance: string | undefined;
  /** Those that want the link opened. */
  readonly wanted: Set<LinkHold>;
  /** Those that keep it open if it is. */
  readonly used: Set<LinkHold>;
  dialing: boolean;
  failures: number;
  retryTimer: NodeJS.Timeout | undefined;
  idleTimer: NodeJS.Timeout | undefined;
  graceTimer: NodeJS.Timeout | undefined;
}

/** Two nodes that dial each other within this time did so at once; later, the newer connection replaces a dead one. */
const SIMULTANEOUS_MS = 10_000;

/** Links to other nodes: at most one to each, opened while somebody wants it, tried again with growing pauses. */
export class LinkTable extends EventEmitter<LinkTableEvents> {
  readonly #options: LinkTableOptions;
  readonly #lines = new Map<bigint, Line>();
  readonly #stopping = new AbortController();
  #halfOpen = 0;

  constructor(options: LinkTableOptions) {
    super();
    this.setMaxListeners(0);
    this.#options = options;
  }

  /** Nodes that this one is linked with now. */
  get linked(): readonly bigint[] {
    return [...this.#lines.values()].flatMap(({ nodeId, link }) => (link ? [nodeId] : []));
  }

  link(nodeId: bigint): NodeLink | undefined {
    return this.#lines.get(nodeId)?.link;
  }

  /**
   * Keeps the link to a node until it is released.
   * @param dialAfterMs Opens it after this time where the other node has not; undefined: leaves that to the other node.
   */
  hold(nodeId: bigint, dialAfterMs: number | undefined): LinkHold {
    const line = this.#line(nodeId);
    const hold = {
      release: () => {
        line.wanted.delete(hold);
        line.used.delete(hold);
        this.#settle(line);
      },
    };
    line.used.add(hold);
    if (dialAfterMs !== undefined) {
      line.wanted.add(hold);
      if (!line.link && !line.dialing && line.retryTimer === undefined) this.#dialAfter(line, dialAfterMs);
    }
    this.#settle(line);
    return hold;
  }

  /** Takes a connection of another node that has yet to show who it is. */
  accept(ws: WebSocket, remoteAddress: string): void {
    const { limits, logger } = this.#options;
    ws.on("error", (error) => logger.debug({ err: error, remoteAddress }, "link failed"));
    if (this.#stopping.signal.aborted || this.#halfOpen >= limits.maxHalfOpen) {
      return ws.close(LINK_CLOSE_CODES.refused, "too many connections wait to show who they are");
    }
    this.#halfOpen += 1;
    const frames = new LinkFrames(ws);
    const signal = this.#handshakeSignal();
    greetAsAcceptor({ ws, frames, signal }, this.#options)
      .then(({ nodeId, cipher }) => {
        if (!this.#lines.get(nodeId)?.link && this.linked.length >= limits.maxLinks) {
          throw new Error("this node is linked with as many others as it takes");
        }
        this.#start(new NodeLink({ ...this.#common(nodeId), ws, frames, cipher, dialedBy: nodeId }));
      })
      .catch((error: unknown) => {
        logger.info({ err: error, remoteAddress }, "another node was refused");
        ws.close(LINK_CLOSE_CODES.refused, reasonOf(error));
        cutIfOpen(ws);
      })
      .finally(() => (this.#halfOpen -= 1));
  }

  close(): void {
    this.#stopping.abort(new Error("the node is shutting down"));
    for (const line of this.#lines.values()) {
      clearTimeout(line.retryTimer);
      clearTimeout(line.idleTimer);
      clearTimeout(line.graceTimer);
      line.link?.close(LINK_CLOSE_CODES.closing, "the node is shutting down");
    }
    this.#lines.clear();
  }

  #common(nodeId: bigint) {
    const { about, limits, handler, logger } = this.#options;
    return { nodeId, about, limits, handler, logger: logger.child({ otherNode: nodeId.toString() }) };
  }

  #line(nodeId: bigint): Line {
    const known = this.#lines.get(nodeId);
    if (known) return known;
    const line: Line = {
      ...{ nodeId, link: undefined, instance: undefined, wanted: new Set(), used: new Set() },
      ...{ dialing: false, failures: 0 },
      ...{ retryTimer: undefined, idleTimer: undefined, graceTimer: undefined },
    };
    this.#lines.set(nodeId, line);
    return line;
  }

  #dialAfter(line: Line, ms: number): void {
    line.retryTimer = setTimeout(() => {
      line.retryTimer = undefined;
      if (!line.link && !line.dialing && line.wanted.size > 0) void this.#dial(line);
    }, ms);
  }

  async #dial(line: Line): Promise<void> {
    const { limits, logger, nodeId: ownId } = this.#options;
    line.dialing = true;
    let ws: WebSocket | undefined;
    try {
      const url = await this.#urlOf(line.nodeId);
      const signal = this.#handshakeSignal();
      ws = new WebSocket(url, NODE_LINK_SUBPROTOCOL, {
        followRedirects: false,
        handshakeTimeout: limits.handshakeTimeoutMs,
        maxPayload: MAX_LINK_MESSAGE_BYTES + LINK_SEAL_BYTES,
        perMessageDeflate: false,
      });
      const frames = new LinkFrames(ws);
      await opened(ws, signal);
      const cipher = await greetAsDialer({ ws, frames, signal }, line.nodeId, this.#options);
      line.failures = 0;
      this.#start(new NodeLink({ ...this.#common(line.nodeId), ws, frames, cipher, dialedBy: ownId }));
    } catch (error) {
      ws?.terminate();
      line.failures += 1;
      const log = { otherNode: line.nodeId.toString(), reason: reasonOf(error), failures: line.failures };
      if (this.#stopping.signal.aborted) return;
      if (line.failures === 1) logger.warn(log, "another node of a room cannot be reached; trying again");
      else logger.debug(log, "another node of a room cannot be reached");
      this.emit("unreachable", line.nodeId);
    } finally {
      line.dialing = false;
      this.#retry(line);
    }
  }

  async #urlOf(nodeId: bigint): Promise<string> {
    const { finder, endpointFault } = this.#options;
    const endpoint = await finder.endpointOf(nodeId);
    if (endpoint === undefined) throw new Error("the registry names no endpoint of it");
    const url = URL.parse(endpoint);
    if (url === null || !/^wss?:$/.test(url.protocol)) throw new Error("its endpoint is no WebSocket URL");
    url.pathname = `${url.pathname.replace(/\/$/, "")}${NODE_LINK_PATH}`;
    const fault = await endpointFault(url.href);
    if (fault !== undefined) throw new Error(`its endpoint is not used: ${fault}`);
    return url.href;
  }

  #handshakeSignal(): AbortSignal {
    const { handshakeTimeoutMs } = this.#options.limits;
    return AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(handshakeTimeoutMs)]);
  }

  #retry(line: Line): void {
    if (line.link || line.dialing || line.retryTimer !== undefined || line.wanted.size === 0) return;
    if (this.#stopping.signal.aborted) return;
    const { retryMs, maxRetryMs } = this.#options.limits;
    const pauseMs = Math.min(maxRetryMs, retryMs * 2 ** Math.min(line.failures, 16));
    // Not all at once where a node that many wait for comes back.
    this.#dialAfter(line, pauseMs * (0.5 + Math.random() / 2));
  }

  /** A link counts from the moment the other node has said what it is. */
  #start(link: NodeLink): void {
    link.once("ready", (about) => this.#adopt(link, about));
    link.start();
  }

  #adopt(link: NodeLink, about: NodeAbout): void {
    if (this.#stopping.signal.aborted) return link.close(LINK_CLOSE_CODES.closing, "shutting down");
    const line = this.#line(link.nodeId);
    const former = line.link;
    if (former?.open && this.#keeps(former, link)) {
      return link.close(LINK_CLOSE_CODES.superseded, "there is another link already");
    }
    line.link = link;
    clearTimeout(line.graceTimer);
    line.graceTimer = undefined;
    former?.close(LINK_CLOSE_CODES.superseded, "a newer link takes its place");
    if (line.instance !== undefined && line.instance !== about.instance) this.emit("lost", line.nodeId);
    line.instance = about.instance;
    link.once("closed", () => this.#broke(line, link));
    this.#settle(line);
    this.#options.logger.info({ otherNode: line.nodeId.toString() }, "linked with another node");
    this.emit("up", link);
  }

  /** Which of two links stays is for both sides the same: of two that were dialed at once that of the smaller node id. */
  #keeps(former: NodeLink, newer: NodeLink): boolean {
    if (former.dialedBy === newer.dialedBy) return false;
    if (performance.now() - former.openedAtMs > SIMULTANEOUS_MS) return false;
    return former.dialedBy < newer.dialedBy;
  }

  #broke(line: Line, link: NodeLink): void {
    if (line.link !== link || this.#stopping.signal.aborted) return;
    line.link = undefined;
    this.emit("down", line.nodeId);
    line.graceTimer = setTimeout(() => {
      line.graceTimer = undefined;
      line.instance = undefined;
      this.emit("lost", line.nodeId);
      this.#settle(line);
    }, this.#options.limits.graceMs);
    this.#retry(line);
  }

  /** Closes a link that nobody needs, after a while, and forgets a line without anything. */
  #settle(line: Line): void {
    if (line.used.size > 0) {
      clearTimeout(line.idleTimer);
      line.idleTimer = undefined;
    } else if (line.link && line.idleTimer === undefined) {
      line.idleTimer = setTimeout(() => {
        line.link?.close(LINK_CLOSE_CODES.idle, "no room in common");
      }, this.#options.limits.idleMs);
    } else if (!line.link && !line.dialing && line.graceTimer === undefined) {
      clearTimeout(line.retryTimer);
      clearTimeout(line.idleTimer);
      if (this.#lines.get(line.nodeId) === line) this.#lines.delete(line.nodeId);
    }
  }
}

function opened(ws: WebSocket, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    ws.once("open", () => resolve());
    // What comes later shows as a close.
    ws.on("error", reject);
    ws.once("close", (code) => reject(new Error(`closed with ${code}`)));
    signal.addEventListener("abort", () => reject(new Error("it did not answer in time")), { once: true });
  });
}

/** The other side may not answer the closing handshake. */
function cutIfOpen(ws: WebSocket): void {
  const timer = setTimeout(() => ws.terminate(), 1_000);
  ws.once("close", () => clearTimeout(timer));
}

function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 100);
}

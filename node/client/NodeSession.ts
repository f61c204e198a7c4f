import { parseGrantDetails } from "../protocol/grantDetails.js";
import { parseAddress } from "../protocol/hex.js";
import type { Hex } from "../protocol/hex.js";
import type {
  ClientAnswers,
  ClientMethod,
  ClientRequests,
  ServerNotifications,
} from "../protocol/signaling.js";
import { joinProof, roomHash } from "../protocol/typedData.js";
import type { SignedReceipt, TypedDataDomain } from "../protocol/typedData.js";
import type { z } from "zod";
import { assertExpected } from "./connectOptions.js";
import type { ConnectOptions } from "./connectOptions.js";
import { Emitter } from "./Emitter.js";
import { Disconnected, RequestRefused } from "./errors.js";
import type { LocalMedia } from "./LocalMedia.js";
import type { ReceiptKeeper } from "./ReceiptKeeper.js";
import type { RemoteMedia } from "./RemoteMedia.js";
import type { Roster } from "./Roster.js";
import type { RoomToken } from "./roomToken.js";
import { SessionMedia } from "./SessionMedia.js";
import { SignalingConnection } from "./SignalingConnection.js";
import type { NodeNotification, Requester, Welcome } from "./SignalingConnection.js";
import { deadline } from "./timing.js";

export type NodeSessionEvents = {
  activeSpeaker: [peerId: string];
  /** A moderator muted the own track that is published under this id, or unmuted it. */
  muted: [producerId: string, muted: boolean];
  epoch: [epoch: number];
  receipt: [SignedReceipt];
  warning: [Error];
  /** It cannot go on as it is. Where `resumable`, only the WebSocket broke, and media goes on. */
  lost: [reason: Disconnected, resumable: boolean];
};

export interface NodeSessionOptions extends Pick<
  ConnectOptions,
  "room" | "sessionKey" | "expect" | "rtc" | "receiptIntervalMs" | "iceGiveUpAfterMs"
> {
  readonly url: string;
  readonly token: RoomToken;
  readonly roster: Roster;
  /** Offers of the node wait for it. */
  readonly listening: Promise<void>;
  /** Called once there is something to listen to, before anything is received. */
  readonly onRemote: (remote: RemoteMedia) => void;
}

const JOIN_TIMEOUT_MS = 15_000;
/** How long leaving waits for the last receipt to be acknowledged. */
const LAST_RECEIPT_TIMEOUT_MS = 2_000;

/** What there is once the node has let the participant in. */
interface Joined {
  readonly nodeId: bigint;
  readonly domain: TypedDataDomain;
  readonly media: SessionMedia;
}

/**
 * A participant's place in a room on one node, from joining it to leaving it. It outlives its WebSocket: `resume` goes
 * on over a new one, while media and the count of what is received went on all the while.
 */
export class NodeSession extends Emitter<NodeSessionEvents> implements Requester {
  readonly #options: NodeSessionOptions;
  #connection: SignalingConnection;
  #joined: Joined | undefined;
  /** Why it ends, from the moment it begins to. */
  #ending: Disconnected | undefined;
  #farewell: Promise<void> | undefined;
  #over: Disconnected | undefined;

  /** Begins to connect; to be joined next. */
  constructor(options: NodeSessionOptions) {
    super();
    this.#options = options;
    this.#connection = this.#connect();
  }

  get url(): string {
    return this.#options.url;
  }

  get nodeId(): bigint {
    return this.#in.nodeId;
  }

  get domain(): TypedDataDomain {
    return this.#in.domain;
  }

  get remote(): RemoteMedia {
    return this.#in.media.remote;
  }

  get local(): LocalMedia {
    return this.#in.media.local;
  }

  /** What was received of this node in the running epoch. */
  get received(): Pick<ReceiptKeeper, "epoch" | "bytesDelivered" | "quality"> {
    return this.#in.media.keeper;
  }

  /** Whether the node takes requests now, as far as is known. */
  get connected(): boolean {
    return this.resumable && !this.#connection.closed;
  }

  /** Whether there is a media path as far as ICE knows, with or without signaling. */
  get mediaConnected(): boolean {
    return this.#joined?.media.transports.connected ?? false;
  }

  /** Whether it may go on over another WebSocket. */
  get resumable(): boolean {
    return this.#joined !== undefined && !this.#ending;
  }

  /** All that arrived of the node beside signaling. */
  async mediaBytesReceived(): Promise<number> {
    return (await this.#joined?.media.transports.bytesReceived()) ?? 0;
  }

  /** @throws RequestRefused; Disconnected, also where the node refuses because it has said goodbye meanwhile. */
  async request<M extends ClientMethod>(
    method: M,
    data: z.output<ClientRequests[M]["data"]>,
  ): Promise<ClientAnswers[M]> {
    try {
      return await this.#connection.request(method, data);
    } catch (error) {
      throw error instanceof RequestRefused && this.#ending ? this.#ending : error;
    }
  }

  /**
   * Joins the room on the node.
   * @throws JoinRefused with the node's code; Disconnected where the node cannot be reached, is not the expected one or
   * does not keep to the protocol; EpochRefused where its clock and this machine's are too far apart.
   */
  async join(): Promise<void> {
    try {
      await inTime(this.#join());
    } catch (error) {
      this.close(failed("joining failed", error));
      throw error;
    }
  }

  /**
   * Goes on over a new WebSocket.
   * @throws RequestRefused `session_unknown` where the node no longer knows the session; Disconnected. It may be tried
   * again after a Disconnected.
   */
  async resume(timeoutMs?: number): Promise<void> {
    const connection = this.#connect();
    try {
      await inTime(this.#resume(connection), timeoutMs);
    } catch (error) {
      connection.abandon(failed("resuming failed", error));
      throw error;
    }
  }

  /** Signs a last receipt, hands it in and ends. Never rejects. */
  leave(reason: Disconnected): Promise<void> {
    this.#ending ??= reason;
    this.#farewell ??= (async () => {
      this.#joined?.media.stopReceipts();
      if (this.#joined && !this.#connection.closed) {
        const last = this.#joined.media.keeper.submit();
        await deadline(last, LAST_RECEIPT_TIMEOUT_MS, () => reason).catch(() => undefined);
      }
      this.close(reason);
    })();
    return this.#farewell;
  }

  /** Ends at once. */
  close(reason: Disconnected): void {
    if (this.#over) return;
    this.#over = this.#ending ??= reason;
    this.#connection.close(this.#over);
    this.#joined?.media.close();
  }

  get #in(): Joined {
    if (!this.#joined) throw new Error("the session is not joined");
    return this.#joined;
  }

  #connect(): SignalingConnection {
    const { url, listening } = this.#options;
    const connection: SignalingConnection = new SignalingConnection(url, {
      notification: (notification) => {
        if (notification.method !== "goodbye") this.#notified(notification);
        else this.#dismissed(connection, notification.data);
      },
      newConsumer: async (offer) => {
        await listening;
        await this.#in.media.remote.offered(offer);
      },
      newDataConsumer: async (offer) => {
        await listening;
        await this.#in.media.remote.offeredData(offer);
      },
      closed: (reason) => {
        if (connection !== this.#connection || !this.#joined || this.#ending) return;
        this.emit("lost", reason, true);
      },
    });
    return connection;
  }

  async #join(): Promise<void> {
    const { room, token, roster, onRemote, ...options } = this.#options;
    const welcome = await this.#connection.welcome;
    const joinSignature = await this.#prove(welcome);
    const answer = await this.request("join", { room, ...token, joinSignature });
    roster.replace(answer.peers);
    const media = await SessionMedia.open({
      ...{ ...options, welcome, answer, node: this },
      peerOf: (peerId) => roster.get(peerId),
      connected: () => this.connected,
      onReceipt: (receipt) => {
        this.emit("receipt", receipt);
      },
      onEpoch: (epoch) => {
        this.emit("epoch", epoch);
      },
      onError: (error) => {
        this.#warn(error);
      },
      onInterrupted: () => {
        this.#connection.probe();
      },
      onHopeless: () => {
        void this.#lose(new Disconnected("ice_failed", `no media path to ${this.url} is left`));
      },
    });
    const { nodeId, domain } = welcome;
    this.#joined = { nodeId, domain, media };
    if (this.#over) media.close();
    this.#assertOpen();
    onRemote(media.remote);
    this.#connection.watch();
    // Whoever may only publish is offered nothing.
    if (parseGrantDetails(token.details).permissions.subscribe) await media.transports.openReceiving();
    this.#assertOpen();
  }

  async #resume(connection: SignalingConnection): Promise<void> {
    const { room, sessionKey, roster } = this.#options;
    const { media, nodeId, domain } = this.#in;
    const { transports } = media;
    if (transports.halfOpen) throw new Disconnected("session_unknown", "media was only half connected");
    const welcome = await connection.welcome;
    assertExpected(welcome, { nodeId, domain });
    const joinSignature = await this.#prove(welcome);
    const answer = await connection.request("resume", {
      ...{ room, sessionKey: parseAddress(sessionKey.address), joinSignature },
    });
    if (this.#over) throw this.#over;
    this.#connection = connection;
    connection.watch();
    roster.replace(answer.peers);
    if (transports.ids.some((id) => !answer.transportIds.includes(id))) {
      throw new Disconnected("session_unknown", "the node has closed a transport of this session");
    }
    await media.reconcile(answer);
    this.#assertOpen();
  }

  /** Signs for this connection that the session key is at hand. */
  #prove(welcome: Welcome): Promise<Hex> {
    const { room, sessionKey, expect } = this.#options;
    const { nodeId, domain, nonce } = welcome;
    assertExpected(welcome, expect);
    return joinProof.sign(sessionKey, domain, { nodeId, room: roomHash(room), nonce });
  }

  #notified(notification: Exclude<NodeNotification, { method: "goodbye" }>): void {
    const { roster } = this.#options;
    const { method, data } = notification;
    switch (method) {
      // Of each connection it is taken care of there.
      case "welcome":
        return;
      case "peerJoined":
        return roster.add(data);
      case "peerLeft":
        return roster.remove(data.peerId);
      case "trackMuted":
        return this.emit("muted", data.producerId, data.muted);
      case "activeSpeaker":
        return this.emit("activeSpeaker", data.peerId);
      case "error":
        return this.#warn(new Error(`the node could not read a message: ${data.reason}`));
      default:
        return this.#joined?.media.notified(notification);
    }
  }

  /** The node ends the connection, and says where to go on. */
  #dismissed(
    connection: SignalingConnection,
    { code, reason, rejoin }: z.output<ServerNotifications["goodbye"]>,
  ): void {
    const dismissal = new Disconnected(code, reason, { rejoin });
    if (this.#joined && connection === this.#connection) void this.#lose(dismissal);
    else connection.abandon(dismissal);
  }

  async #lose(reason: Disconnected): Promise<void> {
    if (this.#ending) return;
    await this.leave(reason);
    this.emit("lost", reason, false);
  }

  #assertOpen(): void {
    if (this.#over) throw this.#over;
    if (this.#connection.closed) throw this.#connection.closed;
  }

  #warn(error: Error): void {
    if (!this.#over) this.emit("warning", error);
  }
}

function inTime(work: Promise<void>, timeoutMs = JOIN_TIMEOUT_MS): Promise<void> {
  return deadline(work, timeoutMs, () => new Disconnected("timeout", "joining took too long"));
}

function failed(what: string, cause: unknown): Disconnected {
  return cause instanceof Disconnected ? cause : new Disconnected("left", what, { cause });
}

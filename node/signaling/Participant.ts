import { randomBytes } from "node:crypto";
import type { Logger } from "pino";
import type { WebSocket } from "ws";
import type { MediaServer, Place } from "../media/MediaServer.js";
import { parseGrantDetails } from "../protocol/grantDetails.js";
import type { GrantDetails } from "../protocol/grantDetails.js";
import { toHex } from "../protocol/hex.js";
import { JoinRefused } from "../protocol/refusals.js";
import { CLOSE_CODES } from "../protocol/signaling.js";
import type { PeerInfo } from "../protocol/signaling.js";
import { joinProof, roomHash } from "../protocol/typedData.js";
import type { Address, Hex } from "../protocol/typedData.js";
import type { Admission, JoinClaim } from "./admission.js";
import type { SignalingLimits } from "./limits.js";
import type { Lobby } from "./Lobby.js";
import { RequestError, describeError } from "./requestError.js";
import { Seat } from "./Seat.js";
import { SignalingSocket } from "./SignalingSocket.js";
import type { ClientRequest } from "./SignalingSocket.js";

export interface ParticipantContext {
  readonly admission: Admission;
  readonly media: MediaServer;
  readonly lobby: Lobby;
  readonly limits: SignalingLimits;
  readonly logger: Logger;
}

/**
 * One client from its welcome to its leaving. It ends when its socket closes, when the node stops serving its
 * session, when its room closes, when the same session key joins again, or when the node closes; in all cases it is
 * metered a last time, gives up its place and is off the lobby's list.
 */
export class Participant {
  readonly #context: ParticipantContext;
  readonly #socket: SignalingSocket;
  readonly #logger: Logger;
  readonly #nonce: Hex = toHex(randomBytes(32));
  readonly #handshakeTimer: NodeJS.Timeout;
  #joining = false;
  #seat: Seat | undefined;
  #farewellTimer: NodeJS.Timeout | undefined;
  #ended: Promise<void> | undefined;

  constructor(ws: WebSocket, context: ParticipantContext, remoteAddress: string) {
    this.#context = context;
    this.#logger = context.logger.child({ remoteAddress });
    this.#socket = new SignalingSocket(ws, context.limits, (request) => this.#handle(request), this.#logger);
    this.#socket.once("closed", () => void this.end());
    this.#handshakeTimer = setTimeout(() => {
      const reason = `no join within ${context.limits.handshakeTimeoutMs} ms of the connection`;
      this.#socket.close(CLOSE_CODES.handshakeTimeout, "handshake_timeout", reason);
    }, context.limits.handshakeTimeoutMs);
    this.#welcome();
  }

  /** What others in the room learn about this participant, once it is let in. */
  get info(): PeerInfo | undefined {
    return this.#seat?.info;
  }

  announceEpoch(epoch: number): void {
    if (this.#seat) this.#socket.notify("epoch", { epoch });
  }

  announceJoined(info: PeerInfo): void {
    this.#socket.notify("peerJoined", info);
  }

  announceLeft({ peerId }: PeerInfo): void {
    this.#socket.notify("peerLeft", { peerId });
  }

  /**
   * Sends the participant away: says why, waits a moment for its last receipt, and closes. Resolves when it is gone.
   */
  async sendAway(code: string, reason: string): Promise<void> {
    if (this.#ended) return this.#ended;
    const seat = this.#seat;
    if (!seat) {
      this.#socket.close(CLOSE_CODES.goodbye, code, reason);
    } else if (!this.#farewellTimer) {
      this.#farewellTimer = setTimeout(
        () => this.#socket.close(CLOSE_CODES.goodbye, code, reason),
        this.#context.limits.farewellMs,
      );
      this.#socket.notify("goodbye", { code, reason, rejoin: "elsewhere" });
      await seat.finish();
    }
    await this.#gone();
  }

  /** Sends the participant away without waiting for a receipt: the same session key has joined again. */
  replace(): Promise<void> {
    this.#socket.close(CLOSE_CODES.goodbye, "replaced", "the same session key has joined again");
    return this.end();
  }

  /** Gives everything back; again: nothing more to do. Never rejects. */
  end(): Promise<void> {
    this.#ended ??= this.#end();
    return this.#ended;
  }

  async #end(): Promise<void> {
    clearTimeout(this.#handshakeTimer);
    clearTimeout(this.#farewellTimer);
    const { lobby } = this.#context;
    const seat = this.#seat;
    if (seat) {
      lobby.leaving(this, seat.place.room, seat.info);
      await seat.finish();
      try {
        seat.session.leave();
        this.#logger.info("participant left");
      } catch (error) {
        this.#logger.error({ err: error }, "session not left");
      }
    }
    lobby.forget(this);
  }

  #gone(): Promise<void> {
    return new Promise((resolve) => {
      const done = () => void this.end().then(resolve);
      if (this.#socket.open) this.#socket.once("closed", done);
      else done();
    });
  }

  #welcome(): void {
    const { nodeId, domain, clock } = this.#context.admission;
    const serverTimeMs = Date.now();
    this.#socket.notify("welcome", {
      nodeId,
      domain,
      nonce: this.#nonce,
      genesisSeconds: clock.genesisSeconds,
      epochSeconds: clock.epochSeconds,
      epoch: clock.currentEpoch(serverTimeMs),
      serverTimeMs,
    });
  }

  async #handle(request: ClientRequest): Promise<unknown> {
    if (request.method === "join") return this.#join(request.data);
    const seat = this.#seat;
    if (!seat || this.#ended) throw new RequestError("not_joined", `join first, then ${request.method}`);
    return seat.handle(request);
  }

  async #join(claim: Omit<JoinClaim, "nonce">): Promise<unknown> {
    if (this.#joining) throw new RequestError("already_joined", "a connection joins once");
    this.#joining = true;
    try {
      const seat = await this.#context.lobby.inTurn(claim.grant.sessionKey, () =>
        this.#takeSeat({ ...claim, nonce: this.#nonce }),
      );
      return {
        epoch: this.#context.admission.clock.currentEpoch(Date.now()),
        routerRtpCapabilities: seat.place.room.rtpCapabilities,
        peers: this.#context.lobby.others(this, seat.place.room).map(({ info }) => info),
        lastReceipt: seat.session.lastReceipt,
      };
    } catch (error) {
      // One join per connection, so that nobody can try signatures at leisure; the answer goes out first.
      const { errorCode, errorReason } = describeError(error, this.#logger);
      this.#logger.info({ code: errorCode }, "join refused");
      setImmediate(() => this.#socket.close(CLOSE_CODES.goodbye, errorCode, errorReason));
      throw error;
    }
  }

  async #takeSeat(claim: JoinClaim): Promise<Seat> {
    const { admission, media, lobby, limits } = this.#context;
    await this.#replaceFormer(claim);
    const session = await admission.admit(claim);
    const { sessionKey, app } = session;
    let place: Place | undefined;
    try {
      const details = readDetails(claim.details);
      // Apps name their rooms without knowing of each other.
      place = await media.join(`${app}/${claim.room}`, sessionKey);
      if (!this.#socket.open) throw new RequestError("not_joined", "the client left before it was let in");
      session.signal.throwIfAborted();
      clearTimeout(this.#handshakeTimer);
      const seat = new Seat({
        ...{ ...place, session, details, socket: this.#socket, logger: this.#logger },
        meterIntervalMs: limits.meterIntervalMs,
        infoOf: (peerId) => lobby.participantOf(peerId)?.info,
        onEnd: (code, reason) => void this.sendAway(code, reason),
      });
      this.#seat = seat;
      lobby.joined(this, place.room, seat.info);
      this.#logger.setBindings({ sessionKey, app });
      this.#logger.info({ room: claim.room }, "participant joined");
      return seat;
    } catch (error) {
      place?.peer.close();
      session.leave();
      throw error;
    }
  }

  /**
   * A client whose connection broke comes back before the node has noticed. Who holds the session key may end the
   * former connection: the proof is checked here, so that nobody else can, and the rest by `admit`.
   */
  async #replaceFormer(claim: JoinClaim): Promise<void> {
    const { admission, lobby } = this.#context;
    const former = lobby.participantOf(claim.grant.sessionKey);
    if (!former) return;
    const proof = { nodeId: admission.nodeId, room: roomHash(claim.room), nonce: claim.nonce };
    let signer: Address | undefined;
    try {
      signer = joinProof.recover(admission.domain, proof, claim.joinSignature);
    } catch {
      return;
    }
    if (signer === claim.grant.sessionKey) await former.replace();
  }
}

function readDetails(details: string): GrantDetails {
  try {
    return parseGrantDetails(details);
  } catch (error) {
    throw new JoinRefused("grant_details_invalid", error instanceof Error ? error.message : String(error));
  }
}

import { randomBytes } from "node:crypto";
import type { Logger } from "pino";
import type { WebSocket } from "ws";
import { toHex } from "../protocol/hex.js";
import { CLOSE_CODES } from "../protocol/signaling.js";
import type { Hex } from "../protocol/typedData.js";
import type { Admission } from "./admission.js";
import type { ClientRequest } from "./clientRequest.js";
import type { Entrance } from "./Entrance.js";
import type { SignalingLimits } from "./limits.js";
import type { Participant } from "./Participant.js";
import { RequestError, describeError } from "./requestError.js";
import { LateAnswer, SignalingSocket } from "./SignalingSocket.js";

export interface ConnectionOptions {
  readonly ws: WebSocket;
  readonly remoteAddress: string;
  readonly admission: Admission;
  readonly entrance: Entrance;
  readonly limits: SignalingLimits;
  readonly onClosed: (connection: Connection) => void;
  readonly logger: Logger;
}

/** One WebSocket from its welcome on: its client joins, or goes on as the participant that it was before. */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #logger: Logger;
  readonly #socket: SignalingSocket;
  readonly #nonce: Hex = toHex(randomBytes(32));
  readonly #handshakeTimer: NodeJS.Timeout;
  #triedToResume = false;
  #triedToJoin = false;
  #participant: Participant | undefined;

  constructor(options: ConnectionOptions) {
    const { ws, remoteAddress, limits } = options;
    this.#options = options;
    this.#logger = options.logger.child({ remoteAddress });
    this.#socket = new SignalingSocket(ws, limits, (request) => this.#handle(request), this.#logger);
    this.#socket.once("closed", () => {
      clearTimeout(this.#handshakeTimer);
      options.onClosed(this);
    });
    this.#handshakeTimer = setTimeout(() => {
      const reason = `no join within ${limits.handshakeTimeoutMs} ms of the connection`;
      this.#socket.close(CLOSE_CODES.handshakeTimeout, "handshake_timeout", reason);
    }, limits.handshakeTimeoutMs);
    this.#welcome();
  }

  /** Whether it belongs to somebody who was let in. */
  get joined(): boolean {
    return this.#participant !== undefined;
  }

  /** Says why and closes; resolves when it is closed. */
  async close(code: string, reason: string): Promise<void> {
    if (!this.#socket.open) return;
    const closed = new Promise<void>((resolve) => this.#socket.once("closed", () => resolve()));
    this.#socket.close(CLOSE_CODES.goodbye, code, reason);
    await closed;
  }

  #welcome(): void {
    const { nodeId, domain, clock } = this.#options.admission;
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
    switch (request.method) {
      case "ping":
        return {};
      case "join":
        return this.#join(request.data);
      case "resume":
        return this.#resume(request.data);
      default:
        if (!this.#participant) throw new RequestError("not_joined", `join first, then ${request.method}`);
        return this.#participant.handle(request);
    }
  }

  async #join(data: Extract<ClientRequest, { method: "join" }>["data"]): Promise<unknown> {
    if (this.#triedToJoin || this.joined) {
      throw new RequestError("already_joined", "a connection joins once");
    }
    this.#triedToJoin = true;
    try {
      const claim = { ...data, nonce: this.#nonce };
      const participant = await this.#options.entrance.join(claim, this.#socket, this.#logger);
      return this.#enter(participant, () => ({
        epoch: this.#epoch,
        routerRtpCapabilities: participant.room.media.rtpCapabilities,
        ...participant.standingOfRoom,
      }));
    } catch (error) {
      // One join per connection, so that nobody can try signatures at leisure.
      return this.#refuse("join", error);
    }
  }

  async #resume(data: Extract<ClientRequest, { method: "resume" }>["data"]): Promise<unknown> {
    if (this.#triedToResume || this.#triedToJoin) {
      throw new RequestError("already_joined", "a connection resumes once, and before it joins");
    }
    this.#triedToResume = true;
    try {
      const participant = await this.#options.entrance.resume({ ...data, nonce: this.#nonce });
      return this.#enter(participant, () => ({ epoch: this.#epoch, ...participant.standing }));
    } catch (error) {
      // Who was honest and too late joins anew, on this connection.
      if (error instanceof RequestError && error.code === "session_unknown") throw error;
      return this.#refuse("resume", error);
    }
  }

  get #epoch(): number {
    return this.#options.admission.clock.currentEpoch(Date.now());
  }

  #enter(participant: Participant, standing: () => unknown): LateAnswer {
    this.#participant = participant;
    clearTimeout(this.#handshakeTimer);
    // Nothing of the room may reach the client before it knows how the room stood, nor be missed in between.
    return new LateAnswer(standing, () => participant.attach(this.#socket));
  }

  /** Ends the connection, after the answer went out. */
  #refuse(what: string, error: unknown): never {
    const { errorCode, errorReason } = describeError(error, this.#logger);
    this.#logger.info({ code: errorCode }, `${what} refused`);
    setImmediate(() => this.#socket.close(CLOSE_CODES.goodbye, errorCode, errorReason));
    throw error;
  }
}

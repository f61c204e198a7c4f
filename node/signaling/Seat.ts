import type { Logger } from "pino";
import type { Place } from "../media/MediaServer.js";
import type { RoomCloseReason } from "../media/Room.js";
import type { Subscription } from "../media/Subscription.js";
import type { GrantDetails } from "../protocol/grantDetails.js";
import { SessionEnded } from "../protocol/refusals.js";
import type { PeerInfo } from "../protocol/signaling.js";
import type { ServedSession } from "./admission.js";
import { RequestError } from "./requestError.js";
import type { ClientRequest, SignalingSocket } from "./SignalingSocket.js";

export interface SeatOptions extends Place {
  readonly session: ServedSession;
  readonly details: GrantDetails;
  readonly socket: SignalingSocket;
  readonly meterIntervalMs: number;
  /** Who sits in the room, by the id of their media peer. */
  readonly infoOf: (peerId: string) => PeerInfo | undefined;
  /** The room is gone or the node stops serving the session: the participant must go. */
  readonly onEnd: (code: string, reason: string) => void;
  readonly logger: Logger;
}

/** A request of somebody who has joined. */
export type SeatRequest = Exclude<ClientRequest, { method: "join" }>;

/** A participant's place in a room: its media, its meter, and what the room and the service have to tell it. */
export class Seat {
  readonly info: PeerInfo;
  readonly #options: SeatOptions;
  readonly #meterTimer: NodeJS.Timeout;
  #finished = false;

  constructor(options: SeatOptions) {
    const { room, peer, session, socket, details, meterIntervalMs, infoOf, onEnd } = options;
    this.#options = options;
    const { identity, name, metadata } = details;
    this.info = { peerId: session.sessionKey, identity, name, metadata };

    peer.on("subscribed", (subscription) => void this.#offer(subscription));
    const speaks = (speakerId: string) => {
      const speaker = infoOf(speakerId);
      if (speaker) socket.notify("activeSpeaker", { peerId: speaker.peerId });
    };
    const roomClosed = (reason: RoomCloseReason) => {
      if (reason !== "empty") onEnd(reason, ROOM_CLOSED[reason]);
    };
    const stopServing = () => {
      const { code, message } = endOf(session.signal);
      onEnd(code, message);
    };
    room.on("activespeaker", speaks);
    room.once("closed", roomClosed);
    session.signal.addEventListener("abort", stopServing, { once: true });
    peer.once("closed", () => {
      room.off("activespeaker", speaks);
      room.off("closed", roomClosed);
      session.signal.removeEventListener("abort", stopServing);
    });
    this.#meterTimer = setInterval(
      () => void peer.bytesSent().then((bytesSent) => this.#meter(bytesSent)),
      meterIntervalMs,
    );
  }

  get place(): Place {
    return this.#options;
  }

  get session(): ServedSession {
    return this.#options.session;
  }

  /** Throws RequestError, MediaError or ReceiptRefused where it is not granted. */
  async handle(request: SeatRequest): Promise<unknown> {
    const { peer, session, details } = this.#options;
    switch (request.method) {
      case "createTransport":
        if (request.data.direction === "send") return peer.createSendTransport();
        if (!details.permissions.subscribe) throw denied("receive tracks");
        return peer.createReceiveTransport(request.data.rtpCapabilities);
      case "connectTransport":
        await peer.connectTransport(request.data.transportId, request.data.dtlsParameters);
        return {};
      case "restartIce":
        return { iceParameters: await peer.restartIce(request.data.transportId) };
      case "produce": {
        if (!details.permissions.publish) throw denied("publish tracks");
        const { transportId, ...track } = request.data;
        return { producerId: (await peer.publish(transportId, track)).id };
      }
      case "closeProducer":
        peer.publication(request.data.producerId).close();
        return {};
      case "pauseProducer":
        await peer.publication(request.data.producerId).pause();
        return {};
      case "resumeProducer":
        await peer.publication(request.data.producerId).resume();
        return {};
      case "resumeConsumer":
        await peer.resumeSubscription(request.data.consumerId);
        return {};
      case "receipt":
        // First what the node itself counted up to now, since the receipt is judged against it.
        this.#meter(await peer.bytesSent());
        return session.submitReceipt(request.data);
    }
  }

  /** Ends the media and meters it a last time; the session goes on, for a last receipt. Never rejects. */
  async finish(): Promise<void> {
    this.#finished = true;
    clearInterval(this.#meterTimer);
    this.#meter(await this.#options.peer.finish());
  }

  async #offer(subscription: Subscription): Promise<void> {
    const { socket, infoOf, logger } = this.#options;
    const { publication } = subscription;
    const producerId = publication.id;
    const paused = () => socket.notify("producerPaused", { producerId });
    const resumed = () => socket.notify("producerResumed", { producerId });
    publication.on("paused", paused);
    publication.on("resumed", resumed);
    subscription.once("closed", () => {
      publication.off("paused", paused);
      publication.off("resumed", resumed);
      if (!this.#finished) socket.notify("producerClosed", { producerId });
    });
    const publisher = infoOf(publication.peerId);
    try {
      if (!publisher) throw new Error("the publisher has left");
      await socket.request("newConsumer", {
        consumerId: subscription.id,
        producerId,
        peerId: publisher.peerId,
        kind: subscription.kind,
        rtpParameters: subscription.rtpParameters,
        source: publication.source,
        producerPaused: publication.paused,
      });
    } catch (error) {
      logger.debug({ err: error, producerId }, "track not taken");
      subscription.close();
    }
  }

  #meter(bytesSent: bigint): void {
    const { session, logger } = this.#options;
    try {
      session.meter(bytesSent);
    } catch (error) {
      logger.error({ err: error }, "bytes not metered");
    }
  }
}

const ROOM_CLOSED: Record<Exclude<RoomCloseReason, "empty">, string> = {
  worker_died: "the media worker that carried this room died; join again",
  server_closed: "the node's media server was closed",
};

/** What a session's signal says of its end. */
function endOf({ reason }: AbortSignal): { code: string; message: string } {
  if (reason instanceof SessionEnded) return { code: reason.code, message: reason.message };
  const message = reason instanceof Error ? reason.message : "the node stops serving this session";
  return { code: "session_ended", message };
}

function denied(what: string): RequestError {
  return new RequestError("permission_denied", `the grant's permissions do not allow to ${what}`);
}

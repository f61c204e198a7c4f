import type { Peer } from "../media/Peer.js";
import type { Permissions } from "../protocol/grantDetails.js";
import type { TransportParameters } from "../protocol/mediaParameters.js";
import type { ParticipantRequest } from "./clientRequest.js";
import type { OwnTracks } from "./OwnTracks.js";
import { denied } from "./requestError.js";

/** What a participant asks about its media. */
export type MediaRequest = Exclude<ParticipantRequest, { method: "receipt" | "moderate" }>;

/** Does what a participant asks about its media, as far as its grant allows. */
export class MediaRequests {
  readonly #peer: Peer;
  readonly #permissions: Permissions;
  readonly #tracks: OwnTracks;
  readonly #transportIds: string[] = [];

  constructor(peer: Peer, permissions: Permissions, tracks: OwnTracks) {
    this.#peer = peer;
    this.#permissions = permissions;
    this.#tracks = tracks;
  }

  get transportIds(): string[] {
    return [...this.#transportIds];
  }

  /** Throws RequestError: permission_denied, muted_by_moderator; MediaError. */
  async handle(request: MediaRequest): Promise<unknown> {
    const peer = this.#peer;
    switch (request.method) {
      case "createTransport":
        return this.#createTransport(request.data);
      case "connectTransport":
        await peer.connectTransport(request.data.transportId, request.data.dtlsParameters);
        return {};
      case "restartIce":
        return { iceParameters: await peer.restartIce(request.data.transportId) };
      case "produce":
        return this.#tracks.publish(request.data);
      case "closeProducer":
        peer.publication(request.data.producerId).close();
        return {};
      case "pauseProducer":
        await this.#tracks.pause(request.data.producerId);
        return {};
      case "resumeProducer":
        await this.#tracks.resume(request.data.producerId);
        return {};
      case "produceData":
        return this.#tracks.publishData(request.data);
      case "closeDataProducer":
        peer.dataPublication(request.data.dataProducerId).close();
        return {};
      case "resumeConsumer":
        await peer.subscription(request.data.consumerId).resume();
        return {};
      case "pauseConsumer":
        await peer.subscription(request.data.consumerId).pause();
        return {};
      case "setPreferredLayers":
        await peer.subscription(request.data.consumerId).setPreferredLayers(request.data.preferred);
        return {};
      case "setConsumerPriority":
        await peer.subscription(request.data.consumerId).setPriority(request.data.priority);
        return {};
      case "requestKeyFrame":
        await peer.subscription(request.data.consumerId).requestKeyFrame();
        return {};
    }
  }

  async #createTransport(
    data: Extract<MediaRequest, { method: "createTransport" }>["data"],
  ): Promise<TransportParameters> {
    const { publish, subscribe, data: maySend, hidden } = this.#permissions;
    const publishes = publish === true || (publish !== false && publish.length > 0);
    if (data.direction === "receive" && !subscribe) throw denied("receive tracks");
    if (data.direction === "send" && (hidden || !(publishes || maySend))) throw denied("publish anything");
    const transport = await (data.direction === "send"
      ? this.#peer.createSendTransport()
      : this.#peer.createReceiveTransport(data.rtpCapabilities));
    this.#transportIds.push(transport.id);
    return transport;
  }
}

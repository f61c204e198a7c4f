import { transportParametersSchema } from "../../../../node/protocol/mediaParameters.js";
import { serverRequests } from "../../../../node/protocol/signaling.js";
import type { SessionKey } from "../../../../node/client/sessionKey.js";
import type { LocalDescription, RemoteDescription } from "../load/description.js";
import type { StreamParameters } from "../load/MediaSource.js";
import { remoteOf } from "./BareSfu.js";
import { RECEIVE_CAPABILITIES, rtpParametersOf } from "./rtp.js";
import type { Leg } from "./Sfu.js";
import { SignalingClient } from "./SignalingClient.js";

/** Somebody in a room of our node, whose media a light endpoint sends and receives. */
export class NodeParticipant {
  readonly sessionKey: SessionKey;
  readonly client: SignalingClient;
  /** Consumers that were offered and wait to be resumed. */
  readonly #offered: string[] = [];
  #begun = false;
  #onOffer: () => void = () => undefined;

  /** Connects and is welcomed; `NodeSfu.enter` joins. */
  static async connect(url: string, sessionKey: SessionKey): Promise<NodeParticipant> {
    return new NodeParticipant(await SignalingClient.connect(url), sessionKey);
  }

  private constructor(client: SignalingClient, sessionKey: SessionKey) {
    this.client = client;
    this.sessionKey = sessionKey;
    client.onOffer = (offer) => this.#takeOffer(offer);
  }

  async send(local: LocalDescription, streams: readonly StreamParameters[]): Promise<Leg> {
    const { id, remote } = await this.#openTransport({ direction: "send" }, local);
    const begin = async () => {
      for (const stream of streams) {
        await this.client.request("produce", {
          transportId: id,
          kind: stream.kind,
          rtpParameters: rtpParametersOf(stream),
          source: stream.kind === "audio" ? "microphone" : "camera",
          paused: false,
        });
      }
    };
    return { remote, begin, close: () => this.client.close() };
  }

  /** @param atLeast tracks that must have been offered for `begin` to resolve; later ones are taken as they come. */
  async receive(local: LocalDescription, atLeast: number): Promise<Leg> {
    const request = { direction: "receive", rtpCapabilities: RECEIVE_CAPABILITIES };
    const { remote } = await this.#openTransport(request, local);
    const begin = async () => {
      while (this.#offered.length < atLeast) await new Promise<void>((resolve) => (this.#onOffer = resolve));
      this.#begun = true;
      await Promise.all(this.#offered.splice(0).map((consumerId) => this.#resume(consumerId)));
    };
    return { remote, begin, close: () => this.client.close() };
  }

  #takeOffer(offer: unknown): void {
    const { consumerId } = serverRequests.newConsumer.data.parse(offer);
    if (this.#begun) {
      // The track may have ended meanwhile.
      this.#resume(consumerId).catch(() => undefined);
    } else {
      this.#offered.push(consumerId);
      this.#onOffer();
    }
  }

  async #resume(consumerId: string): Promise<void> {
    await this.client.request("resumeConsumer", { consumerId });
  }

  async #openTransport(
    request: object,
    { fingerprint }: LocalDescription,
  ): Promise<{ id: string; remote: RemoteDescription }> {
    const transport = transportParametersSchema.parse(await this.client.request("createTransport", request));
    const fingerprints = [{ algorithm: "sha-256", value: fingerprint }];
    await this.client.request("connectTransport", {
      transportId: transport.id,
      dtlsParameters: { role: "client", fingerprints },
    });
    return { id: transport.id, remote: remoteOf(transport) };
  }
}

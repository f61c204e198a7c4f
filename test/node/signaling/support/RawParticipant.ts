import { Device } from "mediasoup-client";
import type { types } from "mediasoup-client";
import { z } from "zod";
import { useNodeWebrtc } from "../../../../node/client/nodeWebrtc.js";
import type { IssueOptions } from "../../../../node/client/AccessToken.js";
import { createSessionKey } from "../../../../node/client/sessionKey.js";
import type { SessionKey } from "../../../../node/client/sessionKey.js";
import { clientRequests, serverRequests } from "../../../../node/protocol/signaling.js";
import type { ClientAnswers, ClientMethod } from "../../../../node/protocol/signaling.js";
import { RawClient } from "../../support/RawClient.js";
import type { RawMessage } from "../../support/RawClient.js";
import type { TestNode } from "../../support/testNode.js";

const inboundSchema = z.looseObject({ type: z.literal("inbound-rtp"), bytesReceived: z.number() });

/**
 * A participant with real media that does nothing by itself about its socket: tests break it and resume when they want.
 */
export class RawParticipant {
  readonly key: SessionKey;
  readonly consumers = new Map<string, types.Consumer>();
  readonly dataConsumers = new Map<string, types.DataConsumer>();
  /** Unset: offers of tracks are not answered. */
  takesOffers = true;
  client: RawClient;
  readonly #node: TestNode;
  readonly #device: Device;
  #sending: types.Transport | undefined;
  #receiving: types.Transport | undefined;

  static async join(node: TestNode, issue: Partial<IssueOptions> = {}): Promise<RawParticipant> {
    const key = createSessionKey();
    const client = await RawClient.welcomed(node.signaling.url);
    const answer = await client.request("join", await node.claim(client, key, { identity: "x", ...issue }));
    if (answer.errorCode !== undefined) throw new Error(`not let in: ${answer.errorCode}`);
    const { routerRtpCapabilities } = clientRequests.join.answer.parse(answer.data);
    const device = await Device.factory({ handlerName: useNodeWebrtc().handlerName });
    await device.load({ routerRtpCapabilities });
    return new RawParticipant(node, key, client, device);
  }

  private constructor(node: TestNode, key: SessionKey, client: RawClient, device: Device) {
    this.#node = node;
    this.key = key;
    this.client = client;
    this.#device = device;
    this.#listen();
  }

  /** Sends a request; fails where it is refused, with the code. */
  async request<M extends ClientMethod>(method: M, data: unknown): Promise<ClientAnswers[M]> {
    const answer = await this.client.request(method, data);
    if (answer.errorCode !== undefined) throw new Error(answer.errorCode);
    return answers[method].answer.parse(answer.data);
  }

  /** The code of the refusal that a request meets. */
  async refused(method: ClientMethod, data: unknown): Promise<string | undefined> {
    return (await this.client.request(method, data)).errorCode;
  }

  async receive(): Promise<void> {
    const rtpCapabilities = this.#device.recvRtpCapabilities;
    const made = await this.request("createTransport", { direction: "receive", rtpCapabilities });
    this.#receiving = this.#connect(this.#device.createRecvTransport(made));
  }

  async publish(track: MediaStreamTrack, source = "test"): Promise<types.Producer> {
    const transport = await this.#sendTransport();
    return transport.produce({ track, appData: { source }, stopTracks: false });
  }

  async openChannel(label: string): Promise<types.DataProducer> {
    return (await this.#sendTransport()).produceData({ label });
  }

  /** Comes back over a new socket after the old one broke, or while it is still open. */
  async resume(): Promise<ClientAnswers["resume"]> {
    const client = await RawClient.welcomed(this.#node.signaling.url);
    const former = this.client;
    this.client = client;
    this.#listen();
    const state = await this.request("resume", await this.#node.resumption(client, this.key));
    await former.closed;
    return state;
  }

  /** RTP bytes that arrived so far. */
  async bytesReceived(): Promise<number> {
    let bytes = 0;
    const stats: Iterable<unknown> = (await this.#receiving?.getStats())?.values() ?? [];
    for (const stat of stats) bytes += inboundSchema.safeParse(stat).data?.bytesReceived ?? 0;
    return bytes;
  }

  async end(): Promise<void> {
    this.#sending?.close();
    this.#receiving?.close();
    await this.client.end();
  }

  #listen(): void {
    this.client.onRequest = (request) => {
      if (this.takesOffers) void this.#offered(request);
    };
  }

  async #offered(request: RawMessage): Promise<void> {
    const receiving = this.#receiving;
    if (!receiving) throw new Error("offered before it receives");
    if (request.method === "newConsumer") {
      const { consumerId, ...offer } = serverRequests.newConsumer.data.parse(request.data);
      const consumer = await receiving.consume({ id: consumerId, ...offer });
      this.consumers.set(consumerId, consumer);
      this.client.answer(request);
      await this.request("resumeConsumer", { consumerId });
    } else if (request.method === "newDataConsumer") {
      const { dataConsumerId, ...offer } = serverRequests.newDataConsumer.data.parse(request.data);
      const consumer = await receiving.consumeData({ id: dataConsumerId, ...offer });
      this.dataConsumers.set(dataConsumerId, consumer);
      this.client.answer(request);
    }
  }

  async #sendTransport(): Promise<types.Transport> {
    if (!this.#sending) {
      const made = await this.request("createTransport", { direction: "send" });
      const sending = this.#connect(this.#device.createSendTransport(made));
      sending.on("produce", ({ kind, rtpParameters, appData }, done, failed) => {
        const data = { transportId: sending.id, kind, rtpParameters, source: appData["source"] };
        this.request("produce", data).then(({ producerId }) => done({ id: producerId }), failed);
      });
      sending.on("producedata", ({ sctpStreamParameters, label = "", protocol = "" }, done, failed) => {
        const data = { transportId: sending.id, sctpStreamParameters, label, protocol };
        this.request("produceData", data).then(({ dataProducerId }) => done({ id: dataProducerId }), failed);
      });
      this.#sending = sending;
    }
    return this.#sending;
  }

  #connect(transport: types.Transport): types.Transport {
    transport.on("connect", ({ dtlsParameters }, done, failed) => {
      this.request("connectTransport", { transportId: transport.id, dtlsParameters }).then(done, failed);
    });
    return transport;
  }
}

const answers: {
  readonly [M in ClientMethod]: { readonly answer: { parse(data: unknown): ClientAnswers[M] } };
} = clientRequests;

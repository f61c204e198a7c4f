import { z } from "zod";
import { createSessionKey } from "../../../../node/client/sessionKey.js";
import { accessGrantSchema, signatureSchema, toWire } from "../../../../node/protocol/schemas.js";
import { transportParametersSchema } from "../../../../node/protocol/mediaParameters.js";
import { clientRequests, serverNotifications, serverRequests } from "../../../../node/protocol/signaling.js";
import { joinProof, roomHash } from "../../../../node/protocol/typedData.js";
import type { LocalDescription } from "../load/description.js";
import type { StreamParameters } from "../load/MediaSource.js";
import { ChildRpc } from "../support/childRpc.js";
import { remoteOf } from "./BareSfu.js";
import { RECEIVE_CAPABILITIES, rtpParametersOf } from "./rtp.js";
import type { Leg, Sfu } from "./Sfu.js";
import { SignalingClient } from "./SignalingClient.js";

const ROOM = "bench";
const addressSchema = z.object({ url: z.string(), mediaPid: z.number() });

/** Our node, spoken to through its signaling as any participant does. */
export class NodeSfu implements Sfu {
  readonly name = "dTelecom node";
  readonly mediaPid: number;
  readonly #process: ChildRpc;
  readonly #url: string;
  #tracks = 0;

  static async start(): Promise<NodeSfu> {
    const child = await ChildRpc.start(new URL("nodeProcess.ts", import.meta.url), ["--expose-gc"]);
    const { url, mediaPid } = addressSchema.parse(await child.call("address"));
    return new NodeSfu(child, url, mediaPid);
  }

  private constructor(child: ChildRpc, url: string, mediaPid: number) {
    this.#process = child;
    this.#url = url;
    this.mediaPid = mediaPid;
  }

  get driverPid(): number {
    return this.#process.pid;
  }

  /** Of the node's own process, after a garbage collection, in bytes. */
  async heapBytes(): Promise<number> {
    return z.number().parse(await this.#process.call("heapBytes"));
  }

  async publish(local: LocalDescription, streams: readonly StreamParameters[]): Promise<Leg> {
    const client = await this.#join(() => undefined);
    const transport = transportParametersSchema.parse(
      await client.request("createTransport", { direction: "send" }),
    );
    await connect(client, transport.id, local);
    return {
      remote: remoteOf(transport),
      begin: async () => {
        for (const stream of streams) {
          await client.request("produce", {
            transportId: transport.id,
            kind: stream.kind,
            rtpParameters: rtpParametersOf(stream),
            source: stream.kind === "audio" ? "microphone" : "camera",
            paused: false,
          });
          this.#tracks += 1;
        }
      },
      close: () => client.close(),
    };
  }

  async subscribe(local: LocalDescription): Promise<Leg> {
    const offered: string[] = [];
    let complete: () => void = () => undefined;
    const all = new Promise<void>((resolve) => (complete = resolve));
    const client = await this.#join((offer) => {
      offered.push(serverRequests.newConsumer.data.parse(offer).consumerId);
      if (offered.length === this.#tracks) complete();
    });
    const transport = transportParametersSchema.parse(
      await client.request("createTransport", {
        direction: "receive",
        rtpCapabilities: RECEIVE_CAPABILITIES,
      }),
    );
    await connect(client, transport.id, local);
    return {
      remote: remoteOf(transport),
      begin: async () => {
        await all;
        for (const consumerId of offered) await client.request("resumeConsumer", { consumerId });
      },
      close: () => client.close(),
    };
  }

  stop(): Promise<void> {
    return this.#process.stop();
  }

  async #join(onOffer: (offer: unknown) => void): Promise<SignalingClient> {
    const client = await SignalingClient.connect(this.#url, onOffer);
    const { nodeId, domain, nonce } = serverNotifications.welcome.parse(await client.welcome);
    const sessionKey = createSessionKey();
    const { grant, grantSignature, details } = tokenSchema.parse(
      toWire(await this.#process.call("token", { address: sessionKey.address, room: ROOM })),
    );
    const proof = { nodeId, room: roomHash(ROOM), nonce };
    const joinSignature = await joinProof.sign(sessionKey, domain, proof);
    const join = toWire({ room: ROOM, grant, grantSignature, details, joinSignature });
    clientRequests.join.answer.parse(await client.request("join", join));
    return client;
  }
}

const tokenSchema = z.object({
  grant: accessGrantSchema,
  grantSignature: signatureSchema,
  details: z.string(),
});

async function connect(client: SignalingClient, transportId: string, local: LocalDescription): Promise<void> {
  const fingerprints = [{ algorithm: "sha-256", value: local.fingerprint }];
  await client.request("connectTransport", {
    transportId,
    dtlsParameters: { role: "client", fingerprints },
  });
}

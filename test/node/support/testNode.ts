import type { Wallet } from "ethers";
import { pino } from "pino";
import { AccessToken } from "../../../node/client/AccessToken.js";
import type { IssueOptions } from "../../../node/client/AccessToken.js";
import type { ConnectOptions } from "../../../node/client/connectOptions.js";
import { useNodeWebrtc } from "../../../node/client/nodeWebrtc.js";
import { Room } from "../../../node/client/Room.js";
import { createSessionKey } from "../../../node/client/sessionKey.js";
import type { SessionKey } from "../../../node/client/sessionKey.js";
import { testPattern, testTone } from "../../../node/client/testMedia.js";
import type { TestTrack } from "../../../node/client/testMedia.js";
import { parseAddress } from "../../../node/protocol/hex.js";
import type { Address } from "../../../node/protocol/hex.js";
import { joinProof, roomHash } from "../../../node/protocol/typedData.js";
import type { Admission } from "../../../node/signaling/admission.js";
import { MediaServer } from "../../../node/media/MediaServer.js";
import type { MediaServerOptions } from "../../../node/media/MediaServer.js";
import type { SignalingLimits } from "../../../node/signaling/limits.js";
import { startSignaling } from "../../../node/signaling/signalingServer.js";
import type { SignalingOptions, SignalingServer } from "../../../node/signaling/signalingServer.js";
import type { RawClient } from "./RawClient.js";
import { TestAdmission } from "./TestAdmission.js";

export const silent = pino({ level: process.env["TEST_LOG_LEVEL"] ?? "silent" });

export interface TestNodeOptions {
  readonly epochSeconds?: number;
  readonly nodeId?: bigint;
  readonly limits?: Partial<SignalingLimits>;
  readonly signaling?: Partial<
    Pick<SignalingOptions, "links" | "observer" | "trustedProxies" | "routes" | "upgrades" | "version">
  >;
  readonly media?: Partial<Pick<MediaServerOptions, "workers" | "listen" | "limits">>;
}

export interface JoinOptions extends Partial<Omit<ConnectOptions, "token" | "sessionKey">> {
  readonly sessionKey?: SessionKey;
  readonly token?: ConnectOptions["token"];
  readonly issue?: Partial<IssueOptions>;
}

/** The app whose participants come to the node. */
export interface TestApp {
  readonly app: Address;
  readonly signer: Wallet;
  readonly voucherUrl?: string;
}

/** A node without a chain: real media worker, real signaling; and participants in this process. */
export class TestNode<A extends Admission = TestAdmission> {
  readonly admission: A;
  readonly media: MediaServer;
  readonly signaling: SignalingServer;
  readonly stopping: AbortController;
  readonly #app: TestApp;
  readonly #rooms = new Set<Room>();
  readonly #tracks = new Set<TestTrack>();

  /** With admission in memory. */
  static start(options: TestNodeOptions = {}): Promise<TestNode> {
    const admission = new TestAdmission(options);
    return TestNode.startWith(admission, admission, options);
  }

  static async startWith<A extends Admission>(
    admission: A,
    app: TestApp,
    options: TestNodeOptions = {},
  ): Promise<TestNode<A>> {
    const media = await MediaServer.start({
      workers: 1,
      listen: { addresses: [{ ip: "127.0.0.1" }], port: 0 },
      logger: silent,
      ...options.media,
    });
    const stopping = new AbortController();
    const signaling = await startSignaling({
      admission,
      media,
      listen: { host: "127.0.0.1", port: 0 },
      limits: { meterIntervalMs: 200, ...options.limits },
      ...options.signaling,
      logger: silent,
      signal: stopping.signal,
    });
    return new TestNode(admission, app, media, signaling, stopping);
  }

  private constructor(
    admission: A,
    app: TestApp,
    media: MediaServer,
    signaling: SignalingServer,
    stopping: AbortController,
  ) {
    this.admission = admission;
    this.#app = app;
    this.media = media;
    this.signaling = signaling;
    this.stopping = stopping;
  }

  token(sessionKey: SessionKey, issue: Partial<IssueOptions> = {}): Promise<ConnectOptions["token"]> {
    const { app, signer, voucherUrl = "https://app.example/vouchers" } = this.#app;
    return new AccessToken({ app, signerKey: signer, domain: this.admission.domain }).issue({
      sessionKey: parseAddress(sessionKey.address),
      room: "standup",
      ttlSeconds: 3_600,
      maxBytesPerEpoch: 10_000_000_000n,
      identity: sessionKey.address,
      voucherUrl,
      ...issue,
    });
  }

  /** What `join` carries for the nonce of a connection. */
  async claim(client: RawClient, sessionKey: SessionKey, issue: Partial<IssueOptions> = {}): Promise<object> {
    const { room, sessionKey: _, joinSignature } = await this.resumption(client, sessionKey, issue.room);
    return { room, ...(await this.token(sessionKey, issue)), joinSignature };
  }

  /** What `resume` carries for the nonce of a connection. */
  async resumption(
    client: RawClient,
    sessionKey: SessionKey,
    room = "standup",
    signer = sessionKey,
  ): Promise<{ room: string; sessionKey: string; joinSignature: string }> {
    const { nodeId, domain } = this.admission;
    const proof = { nodeId, room: roomHash(room), nonce: client.nonce };
    const joinSignature = await joinProof.sign(signer, domain, proof);
    return { room, sessionKey: sessionKey.address, joinSignature };
  }

  async join({ sessionKey = createSessionKey(), token, issue, ...options }: JoinOptions = {}): Promise<Room> {
    const room = await Room.connect({
      url: this.signaling.url,
      room: issue?.room ?? "standup",
      token: token ?? (await this.token(sessionKey, issue)),
      sessionKey,
      rtc: useNodeWebrtc(),
      receiptIntervalMs: 500,
      ...options,
    });
    this.#rooms.add(room);
    return room;
  }

  /** Publishes a moving picture and a tone; returns how to stop them. */
  async publishTestMedia(room: Room): Promise<() => void> {
    const tracks = [testPattern(), testTone()];
    for (const track of tracks) {
      this.#tracks.add(track);
      await room.publish(track.track);
    }
    return () => {
      for (const track of tracks) track.stop();
    };
  }

  async stop(): Promise<void> {
    for (const track of this.#tracks) track.stop();
    await Promise.all([...this.#rooms].map((room) => room.leave()));
    await this.signaling.close();
    await this.media.close();
  }
}

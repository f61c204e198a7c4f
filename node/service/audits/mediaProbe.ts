import { randomBytes } from "node:crypto";
import { isIP } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { Wallet, hexlify } from "ethers";
import { parseAddress } from "../../protocol/hex.js";
import type { RtpCapabilities, TransportParameters } from "../../protocol/mediaParameters.js";
import { accessGrant, detailsHash, joinProof, roomHash } from "../../protocol/typedData.js";
import type { TypedDataDomain, TypedDataSigner } from "../../protocol/typedData.js";
import { PublicUrlPolicy, isPrivateAddress } from "../publicUrl.js";
import { unlessAborted } from "../../protocol/unlessAborted.js";
import { AUDIT_BYTES } from "./auditAdmission.js";
import { AuditReception } from "./auditReception.js";
import type { AuditMeasurement, AuditRound } from "./auditScore.js";
import { AuditSignaling } from "./auditSignaling.js";
import { AuditStream, numberPacket, packetNumber } from "./auditStream.js";
import { AuditTransport, loadWerift } from "./auditTransport.js";

export interface ProbeTimes {
  /** How long joining may take, until the first packet. */
  readonly joinTimeoutMs: number;
  /** How long media is measured; 4 s unless given. */
  readonly measureMs?: number;
}

export interface MediaProbeOptions extends ProbeTimes {
  readonly auditorId: bigint;
  /** This node's operator key. */
  readonly operator: TypedDataSigner & { readonly address: string };
  /** Of the deployment that targets must belong to. */
  readonly domain: TypedDataDomain;
  /** Goes to private addresses too: for a devnet. */
  readonly allowPrivate: boolean;
  readonly signal: AbortSignal;
}

export interface ProbeTarget {
  readonly nodeId: bigint;
  /** Its public WebSocket, as registered. */
  readonly endpoint: string;
  /** The running epoch. */
  readonly epoch: number;
}

/** Audits a node once; never rejects but where `signal` gave up. */
export type MediaProbe = (target: ProbeTarget) => Promise<AuditRound>;

const MEASURE_MS = 4_000;
/** Packets sent in the last moment may still come. */
const LAST_ARRIVALS_MS = 800;
/** What is sent while the receiver's first packets are on their way is not counted. */
const WARM_UP_MS = 300;
const CLOSING_MS = 1_000;
const PACING_MS = 10;
const GRANT_SECONDS = 120;

/** Longest time that a probe takes, in milliseconds. */
export function longestProbeMs({ joinTimeoutMs, measureMs = MEASURE_MS }: ProbeTimes): number {
  return joinTimeoutMs + WARM_UP_MS + measureMs + LAST_ARRIVALS_MS + CLOSING_MS;
}

/** Times of probes that fit three times into an epoch: short ones where epochs are short, as on a devnet. */
export function probeTimes(epochSeconds: number, joinTimeoutMs: number): Required<ProbeTimes> {
  const roundMs = (epochSeconds * 1_000) / 3;
  return {
    joinTimeoutMs: Math.min(joinTimeoutMs, roundMs / 2),
    measureMs: Math.min(MEASURE_MS, Math.max(1_000, roundMs / 8)),
  };
}

/**
 * Makes the function that audits: two participants join a room of their own on the target with grants by this node's
 * operator key, one publishes sound and pictures, the other receives them, and what comes through is measured.
 */
export function createMediaProbe(options: MediaProbeOptions): MediaProbe {
  const { allowPrivate, signal } = options;
  const urls = new PublicUrlPolicy({ protocols: ["ws:", "wss:"], allowPrivate });
  return async (target) => {
    try {
      const fault = await urls.faultResolved(target.endpoint);
      if (fault !== undefined) return { fault };
      // Before any time is taken.
      await loadWerift();
      return { measurement: await measure(target, options) };
    } catch (error) {
      signal.throwIfAborted();
      return { fault: (error instanceof Error ? error.message : String(error)).slice(0, 300) };
    }
  };
}

/** Joins, in two tries where the first one gets stuck, and measures. */
async function measure(target: ProbeTarget, options: MediaProbeOptions): Promise<AuditMeasurement> {
  const timeoutMs = options.joinTimeoutMs / 2;
  try {
    return await measureOnce(target, options, timeoutMs);
  } catch (error) {
    // A handshake whose last packet was lost is stuck; what was refused is refused.
    if (!(error instanceof NoMedia) || options.signal.aborted) throw error;
    return measureOnce(target, options, timeoutMs);
  }
}

async function measureOnce(
  target: ProbeTarget,
  options: MediaProbeOptions,
  timeoutMs: number,
): Promise<AuditMeasurement> {
  const { measureMs = MEASURE_MS } = options;
  const ended = new AbortController();
  const joining = setTimeout(() => ended.abort(new NoMedia(options.joinTimeoutMs)), timeoutMs);
  const signal = AbortSignal.any([ended.signal, options.signal]);
  const reception = new AuditReception(performance.now());
  const room = `audit-${hexlify(randomBytes(16)).slice(2)}`;
  const party = (role: string): AuditParty =>
    new AuditParty(role, room, target, options, (error) => ended.abort(error));
  const publisher = party("publisher");
  const receiver = party("receiver");
  try {
    const arrived = new Promise<void>((resolve) => {
      receiver.onPayload = (payload) => {
        const number = packetNumber(payload);
        if (number !== undefined) reception.arrived(number, performance.now());
        if (reception.firstArrivalMs !== undefined) resolve();
      };
    });
    const stream = new AuditStream();
    await unlessAborted(Promise.all([receiver.receive(signal), publisher.publish(stream, signal)]), signal);
    const sending = new AbortController();
    const sent = publisher.send(stream, reception, AbortSignal.any([signal, sending.signal]));
    try {
      await unlessAborted(arrived, signal);
      clearTimeout(joining);
      const fromMs = performance.now() + WARM_UP_MS;
      await pause(WARM_UP_MS + measureMs, undefined, { signal });
      const toMs = performance.now();
      sending.abort();
      await pause(LAST_ARRIVALS_MS, undefined, { signal });
      return reception.measure(fromMs, toMs);
    } finally {
      sending.abort();
      await sent;
    }
  } catch (error) {
    // An abort from within says less than what caused it.
    if (ended.signal.aborted && ended.signal.reason instanceof Error) throw ended.signal.reason;
    throw error;
  } finally {
    clearTimeout(joining);
    ended.abort(new Error("the audit is over"));
    await Promise.all([publisher.close(), receiver.close()]);
  }
}

/** Nobody refused anything, but no media came. */
class NoMedia extends Error {
  constructor(timeoutMs: number) {
    super(`no media within ${timeoutMs} ms`);
    this.name = "NoMedia";
  }
}

/** One of the two participants of an audit. */
class AuditParty {
  onPayload: (payload: Buffer) => void = () => undefined;
  readonly #role: string;
  readonly #room: string;
  readonly #target: ProbeTarget;
  readonly #options: MediaProbeOptions;
  readonly #signaling: AuditSignaling;
  #transport: AuditTransport | undefined;

  constructor(
    role: string,
    room: string,
    target: ProbeTarget,
    options: MediaProbeOptions,
    onFault: (error: Error) => void,
  ) {
    this.#role = role;
    this.#room = room;
    this.#target = target;
    this.#options = options;
    this.#signaling = new AuditSignaling(target.endpoint, { timeoutMs: options.joinTimeoutMs, onFault });
  }

  /** Joins and is ready for tracks. */
  async receive(signal: AbortSignal): Promise<void> {
    const rtpCapabilities = plainCapabilities(await this.#join());
    let isConnected: (() => void) | undefined;
    const connected = new Promise<void>((resolve) => (isConnected = resolve));
    this.#signaling.onOffer = async ({ consumerId }) => {
      // Accepted at once, and resumed when packets can be decrypted.
      void connected
        .then(() => this.#signaling.request("resumeConsumer", { consumerId }))
        .catch(() => undefined);
      return Promise.resolve();
    };
    await this.#open(
      await this.#signaling.request("createTransport", { direction: "receive", rtpCapabilities }),
      signal,
    );
    isConnected?.();
  }

  /** Joins and publishes both tracks. */
  async publish(stream: AuditStream, signal: AbortSignal): Promise<void> {
    await this.#join();
    const parameters = await this.#signaling.request("createTransport", { direction: "send" });
    const publish = (kind: "audio" | "video", source: string): Promise<unknown> =>
      this.#signaling.request("produce", {
        ...{ transportId: parameters.id, kind, source, paused: false },
        rtpParameters: stream.rtpParameters(kind),
      });
    await Promise.all([
      this.#open(parameters, signal),
      publish("audio", "microphone"),
      publish("video", "camera"),
    ]);
  }

  /** Sends the stream in real time until the signal; resolves when nothing is sent any more. */
  async send(stream: AuditStream, reception: AuditReception, signal: AbortSignal): Promise<void> {
    const transport = this.#transport;
    if (transport === undefined) throw new Error("there is no transport to send on");
    const beganMs = performance.now();
    while (!signal.aborted) {
      for (const packet of stream.due(performance.now() - beganMs)) {
        numberPacket(packet.payload, reception.sent(packet.kind === "audio", performance.now()));
        await transport.send(packet);
      }
      await pause(PACING_MS);
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#signaling.close(new Error("the audit is over")), this.#transport?.close()]);
  }

  async #join(): Promise<RtpCapabilities> {
    const { auditorId, operator, domain } = this.#options;
    const { nodeId, epoch } = this.#target;
    const welcome = await this.#signaling.welcome;
    if (welcome.nodeId !== nodeId) throw new Error(`it says that it is node ${welcome.nodeId}`);
    const { chainId, verifyingContract } = welcome.domain;
    if (chainId !== domain.chainId || verifyingContract !== domain.verifyingContract)
      throw new Error("it belongs to another deployment");
    const session = Wallet.createRandom();
    const details = JSON.stringify({
      identity: this.#role,
      audit: { auditorId: auditorId.toString(), epoch },
    });
    const grant = {
      app: parseAddress(operator.address),
      sessionKey: parseAddress(session.address),
      room: roomHash(this.#room),
      maxBytesPerEpoch: AUDIT_BYTES,
      expiresAt: BigInt(Math.floor(Date.now() / 1_000) + GRANT_SECONDS),
      detailsHash: detailsHash(details),
    };
    const proof = { nodeId, room: grant.room, nonce: welcome.nonce };
    const [grantSignature, joinSignature] = await Promise.all([
      accessGrant.sign(operator, domain, grant),
      joinProof.sign(session, domain, proof),
    ]);
    const { routerRtpCapabilities } = await this.#signaling.request("join", {
      ...{ room: this.#room, grant, grantSignature, details, joinSignature },
    });
    return routerRtpCapabilities;
  }

  async #open(parameters: TransportParameters, signal: AbortSignal): Promise<void> {
    this.#transport = await AuditTransport.open(
      {
        parameters,
        isAllowed: (address) =>
          this.#options.allowPrivate || (isIP(address) !== 0 && !isPrivateAddress(address)),
        connect: (dtlsParameters) =>
          this.#signaling.request("connectTransport", { transportId: parameters.id, dtlsParameters }),
      },
      signal,
    );
    this.#transport.onRtp = ({ payload }) => this.onPayload(payload);
  }
}

/** Opus and VP8 as the router numbers them, without retransmission and feedback: what gets lost shall show. */
function plainCapabilities({ codecs = [] }: RtpCapabilities): RtpCapabilities {
  return {
    codecs: codecs
      .filter(({ mimeType }) => ["audio/opus", "video/vp8"].includes(mimeType.toLowerCase()))
      .map((codec) => ({ ...codec, rtcpFeedback: [] })),
    headerExtensions: [],
  };
}

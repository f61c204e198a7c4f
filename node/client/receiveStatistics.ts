import type { IntervalStats } from "../protocol/quality.js";

/** What arrived since the last reading. */
export interface ReceivedInterval {
  readonly bytes: bigint;
  readonly stats: IntervalStats;
}

/**
 * The stream on which mediasoup sends bandwidth probes: its SSRC and MID are fixed in mediasoup and mediasoup-client
 * (`ortc.generateProbatorRtpParameters`). Probes serve the connection, so nobody pays for them.
 */
const PROBATOR = { ssrc: 1234, mid: "probator" };

/** Counters of one stream that only grow while it lasts. */
interface StreamCounters {
  readonly payloadBytes: number;
  readonly headerBytes: number;
  readonly packetsReceived: number;
  readonly retransmittedBytes: number;
  readonly retransmittedPackets: number;
  readonly packetsLost: number;
}

/** The members of an `inbound-rtp` entry that are read, each checked: reports are plain objects without types. */
interface InboundRtp extends StreamCounters {
  readonly id: string;
  readonly kind: string;
  readonly jitterMs: number;
  readonly codecId: string | undefined;
}

/**
 * Reads what a participant received from its own WebRTC statistics (https://www.w3.org/TR/webrtc-stats/).
 *
 * Bytes: Σ over `inbound-rtp` of `bytesReceived + headerBytesReceived`, that is RTP payload, header, extensions and
 * padding, less what came as a retransmission (`retransmittedBytesReceived` and its share of the headers, where a
 * browser tells them apart; those that do not, leave them out of `bytesReceived` already). Of all the counters this is
 * the one that only authenticated media raises (SRTP drops what is forged or repeated) and that every browser has;
 * `transport` and `candidate-pair` also count RTCP, DTLS and SRTP tags, bandwidth probes, and whatever else a node may
 * send on that path to look busy. A node counts the same on its side, `rtpBytesSent` (`media/TransportByteCounter`):
 * without loss both arrive at the same number, with loss the client's is lower by the part that was lost, and nobody
 * pays for sending the same twice.
 *
 * Quality: round trip of the selected candidate pair; loss over all streams; jitter of the audio streams, of the video
 * streams only where there is no audio, since a video frame's packets share a timestamp and the jitter of RFC 3550
 * then measures the pacer; forward error correction as the audio codecs have it negotiated.
 */
export class ReceiveStatistics {
  readonly #streams = new Map<string, StreamCounters>();

  /** Takes a report of the receiving transport, if there is one; returns what is new since the last one. */
  update(report: RTCStatsReport | undefined): ReceivedInterval {
    const entries: Record<string, unknown>[] = [];
    report?.forEach((entry: unknown) => {
      if (isRecord(entry)) entries.push(entry);
    });

    let bytes = 0;
    let received = 0;
    let lost = 0;
    const jitter = { audio: new PacketWeightedMean(), video: new PacketWeightedMean() };
    const audioCodecs = new Set<string>();
    for (const entry of entries) {
      const stream = inboundRtp(entry);
      if (!stream) continue;
      const since = growth(stream, this.#streams.get(stream.id));
      this.#streams.set(stream.id, stream);
      bytes += firstTransmissionBytes(since);
      received += since.packetsReceived;
      lost += since.packetsLost;
      jitter[stream.kind === "audio" ? "audio" : "video"].add(stream.jitterMs, since.packetsReceived);
      if (stream.kind === "audio" && stream.codecId !== undefined) audioCodecs.add(stream.codecId);
    }

    return {
      bytes: BigInt(bytes),
      stats: {
        roundTripTimeMs: roundTripTimeMs(entries),
        jitterMs: jitter.audio.value ?? jitter.video.value ?? 0,
        lossRatio: received + lost === 0 ? 0 : lost / (received + lost),
        forwardErrorCorrection: entries.every(
          (entry) =>
            !audioCodecs.has(text(entry, "id") ?? "") ||
            /useinbandfec=1/.test(text(entry, "sdpFmtpLine") ?? ""),
        ),
      },
    };
  }
}

/**
 * Bytes that arrived on a connection's paths so far, of whatever kind, to see whether anything does. By candidate pairs:
 * their counters leave out the checks of ICE, which say nothing of media, and every browser has them.
 */
export function pathBytesReceived(report: RTCStatsReport): number {
  let bytes = 0;
  report.forEach((entry: unknown) => {
    if (isRecord(entry) && entry["type"] === "candidate-pair") bytes += count(entry, "bytesReceived");
  });
  return bytes;
}

class PacketWeightedMean {
  #sum = 0;
  #packets = 0;

  add(value: number, packets: number): void {
    this.#sum += value * packets;
    this.#packets += packets;
  }

  get value(): number | undefined {
    return this.#packets === 0 ? undefined : this.#sum / this.#packets;
  }
}

/** What a stream gained; one whose counters fell has begun anew under the same id. */
function growth(now: StreamCounters, last: StreamCounters | undefined): StreamCounters {
  const began = !last || now.payloadBytes < last.payloadBytes || now.packetsReceived < last.packetsReceived;
  // Losses may fall even so: a packet that comes late was counted as lost before (RFC 3550 6.4.1).
  const since = (member: keyof StreamCounters) => Math.max(0, now[member] - (began ? 0 : last[member]));
  return {
    payloadBytes: since("payloadBytes"),
    headerBytes: since("headerBytes"),
    packetsReceived: since("packetsReceived"),
    retransmittedBytes: since("retransmittedBytes"),
    retransmittedPackets: since("retransmittedPackets"),
    packetsLost: since("packetsLost"),
  };
}

/** Bytes of packets that came for the first time; of the headers, which are not told apart, the same part. */
function firstTransmissionBytes(since: StreamCounters): number {
  const { payloadBytes, headerBytes, packetsReceived, retransmittedBytes, retransmittedPackets } = since;
  const first = packetsReceived === 0 ? 1 : Math.max(0, 1 - retransmittedPackets / packetsReceived);
  return Math.max(0, payloadBytes - retransmittedBytes) + Math.round(headerBytes * first);
}

function inboundRtp(entry: Record<string, unknown>): InboundRtp | undefined {
  const id = text(entry, "id");
  if (entry["type"] !== "inbound-rtp" || id === undefined) return undefined;
  if (entry["ssrc"] === PROBATOR.ssrc || entry["mid"] === PROBATOR.mid) return undefined;
  return {
    id,
    kind: text(entry, "kind") ?? "video",
    payloadBytes: count(entry, "bytesReceived"),
    headerBytes: count(entry, "headerBytesReceived"),
    packetsReceived: count(entry, "packetsReceived"),
    retransmittedBytes: count(entry, "retransmittedBytesReceived"),
    retransmittedPackets: count(entry, "retransmittedPacketsReceived"),
    packetsLost: Math.trunc(number(entry, "packetsLost") ?? 0),
    jitterMs: Math.max(0, number(entry, "jitter") ?? 0) * 1_000,
    codecId: text(entry, "codecId"),
  };
}

/** Of the pair that the transport uses; browsers without `transport` statistics mark the nominated one. */
function roundTripTimeMs(entries: readonly Record<string, unknown>[]): number {
  const selected = new Set(entries.map((entry) => text(entry, "selectedCandidatePairId")));
  const pairs = entries.filter((entry) => entry["type"] === "candidate-pair");
  const pair =
    pairs.find((entry) => selected.has(text(entry, "id") ?? "")) ??
    pairs.find((entry) => entry["nominated"] === true && entry["state"] === "succeeded");
  return Math.max(0, (pair && number(pair, "currentRoundTripTime")) ?? 0) * 1_000;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function text(entry: Record<string, unknown>, name: string): string | undefined {
  const value = entry[name];
  return typeof value === "string" ? value : undefined;
}

/** libwebrtc gives some 64-bit counters as bigint. */
function number(entry: Record<string, unknown>, name: string): number | undefined {
  const value = entry[name];
  if (typeof value === "bigint") return Number(value);
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

function count(entry: Record<string, unknown>, name: string): number {
  return Math.max(0, Math.trunc(number(entry, name) ?? 0));
}

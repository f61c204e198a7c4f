import { randomBytes, randomInt } from "node:crypto";
import type { MediaKind, RtpParameters } from "../../protocol/mediaParameters.js";

/** One RTP packet to send, without its number. */
export interface SyntheticPacket {
  readonly kind: MediaKind;
  readonly payloadType: number;
  readonly ssrc: number;
  readonly sequenceNumber: number;
  readonly timestamp: number;
  readonly marker: boolean;
  readonly payload: Buffer;
}

interface TrackState {
  readonly ssrc: number;
  sequenceNumber: number;
  timestamp: number;
}

const OPUS = { payloadType: 111, clockRate: 48_000, frameMs: 20, payloadBytes: 80 };
/** A picture each 66 ms in packets of 900 bytes: 330 kb/s. */
const VP8 = { payloadType: 96, clockRate: 90_000, frameMs: 66, payloadBytes: 900, packets: 3 };
/** TOC of an Opus frame of 20 ms, SILK and CELT, one channel (RFC 6716, 3.1). */
const OPUS_TOC = 0x78;
/** VP8 payload descriptor (RFC 7741, 4.2): start of a partition, and not. */
const VP8_START = 0x10;
const VP8_CONTINUED = 0x00;
/** Frame tag and start code of a key frame of 320 × 180 pixels (RFC 6386, 9.1). */
const VP8_KEY_FRAME = Buffer.from([0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xb4, 0x00]);
/** The packet's number is in the last bytes: a node that rewrites headers leaves payloads alone. */
const NUMBER_BYTES = 4;

/**
 * Sound of 50 packets a second and pictures of 330 kb/s that look like Opus and VP8 from outside. What a node forwards
 * is encrypted from here to the node only, but it has no reason to look inside: content is noise.
 */
export class AuditStream {
  readonly #audio = newTrack();
  readonly #video = newTrack();
  readonly #noise = randomBytes(VP8.payloadBytes);
  #audioDueMs = 0;
  #videoDueMs = 0;

  /** What a track is published with. */
  rtpParameters(kind: MediaKind): RtpParameters {
    const { mimeType, payloadType, clockRate, channels } =
      kind === "audio"
        ? { mimeType: "audio/opus", channels: 2, ...OPUS }
        : { mimeType: "video/VP8", channels: undefined, ...VP8 };
    return {
      codecs: [
        { mimeType, payloadType, clockRate, ...(channels !== undefined && { channels }), parameters: {} },
      ],
      headerExtensions: [],
      encodings: [{ ssrc: (kind === "audio" ? this.#audio : this.#video).ssrc }],
      rtcp: { cname: "audit", reducedSize: true },
    };
  }

  /**
   * The packets that are due, from the first call on.
   * @param elapsedMs Since the stream began.
   */
  due(elapsedMs: number): SyntheticPacket[] {
    const packets: SyntheticPacket[] = [];
    for (; this.#audioDueMs <= elapsedMs; this.#audioDueMs += OPUS.frameMs) {
      const payload = Buffer.concat([Buffer.from([OPUS_TOC]), this.#noise.subarray(0, OPUS.payloadBytes)]);
      packets.push(packetOf("audio", this.#audio, OPUS.payloadType, payload, false));
      advance(this.#audio, OPUS);
    }
    for (; this.#videoDueMs <= elapsedMs; this.#videoDueMs += VP8.frameMs) {
      for (let part = 0; part < VP8.packets; part++) {
        // Each picture is a key frame: whoever begins to receive needs to ask for none.
        const head = part === 0 ? [Buffer.from([VP8_START]), VP8_KEY_FRAME] : [Buffer.from([VP8_CONTINUED])];
        const payload = Buffer.concat([...head, this.#noise]);
        packets.push(packetOf("video", this.#video, VP8.payloadType, payload, part === VP8.packets - 1));
      }
      advance(this.#video, VP8);
    }
    return packets;
  }
}

/** Writes a packet's number into its payload. */
export function numberPacket(payload: Buffer, number: number): void {
  payload.writeUInt32BE(number, payload.length - NUMBER_BYTES);
}

/** The number of a packet that came back; undefined where it is too short to have one. */
export function packetNumber(payload: Buffer): number | undefined {
  return payload.length < NUMBER_BYTES ? undefined : payload.readUInt32BE(payload.length - NUMBER_BYTES);
}

function newTrack(): TrackState {
  return {
    ssrc: randomInt(1, 0x7fff_ffff),
    sequenceNumber: randomInt(0x8000),
    timestamp: randomInt(0x7fff_ffff),
  };
}

function packetOf(
  kind: MediaKind,
  track: TrackState,
  payloadType: number,
  payload: Buffer,
  marker: boolean,
): SyntheticPacket {
  const { ssrc, sequenceNumber, timestamp } = track;
  track.sequenceNumber = (sequenceNumber + 1) & 0xffff;
  return { kind, payloadType, ssrc, sequenceNumber, timestamp, marker, payload };
}

function advance(track: TrackState, { clockRate, frameMs }: { clockRate: number; frameMs: number }): void {
  track.timestamp = (track.timestamp + (clockRate / 1_000) * frameMs) >>> 0;
}

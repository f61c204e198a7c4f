import { RtpHeader } from "werift";

/** One RTP stream of a source, as the receiving side has to be told of it. */
export interface StreamParameters {
  readonly kind: "audio" | "video";
  readonly ssrc: number;
  readonly payloadType: number;
}

export type SendRtp = (header: RtpHeader, payload: Buffer) => void;

const AUDIO: StreamParameters = { kind: "audio", ssrc: 0x0a0d10, payloadType: 111 };
const VIDEO: StreamParameters = { kind: "video", ssrc: 0x71de0, payloadType: 96 };

/** What each source sends. */
export const STREAMS: readonly StreamParameters[] = [AUDIO, VIDEO];

const AUDIO_FRAME_MS = 20;
const AUDIO_PAYLOAD_BYTES = 100;
const AUDIO_CLOCK_HZ = 48_000;
const VIDEO_CLOCK_HZ = 90_000;
const FRAMES_PER_SECOND = 30;
const PACKETS_PER_FRAME = 4;
/** 30 frames of 4 packets a second of this size are 1 Mb/s. */
const VIDEO_PAYLOAD_BYTES = 1_042;
/** Often enough that one who begins to watch waits at most this long. */
const KEY_FRAME_INTERVAL = FRAMES_PER_SECOND;
const TICK_MS = 5;
/** Not 0: some receivers take the first packets then as late ones of a former cycle. */
const FIRST_SEQUENCE_NUMBER = 1_000;

/** VP8 payload descriptor (RFC 7741): start of a partition, or its continuation. */
const PARTITION_START = 0x10;
const PARTITION_CONTINUES = 0x00;
/** The lowest bit of a VP8 frame is 0 in key frames. */
const KEY_FRAME = 0x00;
const INTER_FRAME = 0x01;

/** RTP as a camera of 1 Mb/s in VP8 and a microphone in Opus send it: paced by the clock, with dummy payloads. */
export class MediaSource {
  readonly #send: SendRtp;
  readonly #sequences = new Map<number, number>();
  readonly #audioPayload = Buffer.alloc(AUDIO_PAYLOAD_BYTES, 0x5a);
  readonly #videoPayload = Buffer.alloc(VIDEO_PAYLOAD_BYTES, 0x5a);
  #timer: NodeJS.Timeout | undefined;
  #frames = 0;
  #audioFrames = 0;
  #packets = 0;

  constructor(send: SendRtp) {
    this.#send = send;
  }

  /** RTP packets that were sent. */
  get packetsSent(): number {
    return this.#packets;
  }

  start(): void {
    if (this.#timer) return;
    const startedMs = performance.now();
    const [framesBefore, audioFramesBefore] = [this.#frames, this.#audioFrames];
    this.#timer = setInterval(() => {
      const elapsedMs = performance.now() - startedMs;
      const audioDue = audioFramesBefore + Math.floor(elapsedMs / AUDIO_FRAME_MS);
      while (this.#audioFrames < audioDue) this.#sendAudioFrame();
      const framesDue = framesBefore + Math.floor((elapsedMs * FRAMES_PER_SECOND) / 1_000);
      while (this.#frames < framesDue) this.#sendVideoFrame();
    }, TICK_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #sendAudioFrame(): void {
    const timestamp = (this.#audioFrames * AUDIO_CLOCK_HZ * AUDIO_FRAME_MS) / 1_000;
    this.#sendPacket(AUDIO, timestamp, false, this.#audioPayload);
    this.#audioFrames += 1;
  }

  #sendVideoFrame(): void {
    const timestamp = (this.#frames * VIDEO_CLOCK_HZ) / FRAMES_PER_SECOND;
    const isKeyFrame = this.#frames % KEY_FRAME_INTERVAL === 0;
    for (let index = 0; index < PACKETS_PER_FRAME; index += 1) {
      const payload = Buffer.from(this.#videoPayload);
      payload[0] = index === 0 ? PARTITION_START : PARTITION_CONTINUES;
      if (index === 0) payload[1] = isKeyFrame ? KEY_FRAME : INTER_FRAME;
      this.#sendPacket(VIDEO, timestamp, index === PACKETS_PER_FRAME - 1, payload);
    }
    this.#frames += 1;
  }

  #sendPacket(stream: StreamParameters, timestamp: number, marker: boolean, payload: Buffer): void {
    const sequenceNumber = this.#sequences.get(stream.ssrc) ?? FIRST_SEQUENCE_NUMBER;
    this.#sequences.set(stream.ssrc, (sequenceNumber + 1) & 0xffff);
    const { ssrc, payloadType } = stream;
    const header = new RtpHeader({
      ...{ ssrc, payloadType, sequenceNumber, marker },
      timestamp: timestamp >>> 0,
    });
    this.#send(header, payload);
    this.#packets += 1;
  }
}

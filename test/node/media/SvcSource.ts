import { createSocket } from "node:dgram";
import type { Socket } from "node:dgram";
import type { PlainTransport, Producer, Router } from "mediasoup/types";

const SSRC = 4_242;
const PAYLOAD_TYPE = 101;
const CLOCK_RATE = 90_000;
const PICTURES_PER_SECOND = 20;
const KEY_PICTURE_EVERY = 20;
const LAYER_BYTES = [200, 800];

/**
 * A VP9 stream in two spatial and two temporal layers (`L2T2_KEY`), sent from a UDP socket as RTP (RFC 9628). The
 * pictures are noise, since nothing decodes them: what a router forwards is decided by the payload descriptors alone.
 */
export class SvcSource {
  readonly producer: Producer;
  readonly #transport: PlainTransport;
  readonly #socket: Socket = createSocket("udp4");
  readonly #timer: NodeJS.Timeout;
  #picture = 0;
  #sequence = 0;

  static async start(router: Router): Promise<SvcSource> {
    const transport = await router.createPlainTransport({
      listenInfo: { protocol: "udp", ip: "127.0.0.1" },
      comedia: true,
    });
    const producer = await transport.produce({
      kind: "video",
      rtpParameters: {
        codecs: [
          {
            mimeType: "video/VP9",
            payloadType: PAYLOAD_TYPE,
            clockRate: CLOCK_RATE,
            rtcpFeedback: [{ type: "nack", parameter: "pli" }],
          },
        ],
        encodings: [{ ssrc: SSRC, scalabilityMode: "L2T2_KEY" }],
      },
    });
    return new SvcSource(transport, producer);
  }

  private constructor(transport: PlainTransport, producer: Producer) {
    this.#transport = transport;
    this.producer = producer;
    this.#timer = setInterval(() => this.#sendPicture(), 1_000 / PICTURES_PER_SECOND);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#socket.close();
    this.#transport.close();
  }

  #sendPicture(): void {
    for (const [spatialLayer, bytes] of LAYER_BYTES.entries()) {
      const packet = Buffer.concat([
        this.#header(spatialLayer),
        this.#descriptor(spatialLayer),
        Buffer.alloc(bytes, 0x5a),
      ]);
      this.#socket.send(packet, this.#transport.tuple.localPort, "127.0.0.1");
    }
    this.#picture += 1;
  }

  #header(spatialLayer: number): Buffer {
    const header = Buffer.alloc(12);
    const marker = spatialLayer === LAYER_BYTES.length - 1 ? 0x80 : 0;
    header.writeUInt8(0x80, 0);
    header.writeUInt8(marker | PAYLOAD_TYPE, 1);
    header.writeUInt16BE(this.#sequence++ & 0xffff, 2);
    header.writeUInt32BE((this.#picture * CLOCK_RATE) / PICTURES_PER_SECOND, 4);
    header.writeUInt32BE(SSRC, 8);
    return header;
  }

  /** I, P, L, F, B, E, V, Z; picture id; layer indices; index of the temporal base layer. */
  #descriptor(spatialLayer: number): Buffer {
    const isKey = this.#picture % KEY_PICTURE_EVERY === 0;
    const temporalLayer = this.#picture % 2;
    const [hasPictureId, isPredicted, hasLayers, begins, ends] = [0x80, isKey ? 0 : 0x40, 0x20, 0x08, 0x04];
    const switchingUp = temporalLayer === 1 ? 0x10 : 0;
    const dependsOnLower = isKey && spatialLayer > 0 ? 1 : 0;
    const descriptor = Buffer.alloc(5);
    descriptor.writeUInt8(hasPictureId | isPredicted | hasLayers | begins | ends, 0);
    descriptor.writeUInt16BE(0x8000 | (this.#picture & 0x7fff), 1);
    descriptor.writeUInt8((temporalLayer << 5) | switchingUp | (spatialLayer << 1) | dependsOnLower, 3);
    descriptor.writeUInt8((this.#picture >> 1) & 0xff, 4);
    return descriptor;
  }
}

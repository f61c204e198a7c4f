/** What arrived, by stream; sequence numbers are those of RTP, extended by their cycles. */
interface Stream {
  received: number;
  firstSequence: number;
  lastSequence: number;
  reportedExpected: number;
  reportedReceived: number;
}

export interface PacketCount {
  readonly received: number;
  /** By sequence numbers, from the first to the last that arrived. */
  readonly expected: number;
}

const RECEIVER_REPORT = 201;

/** Counts RTP packets by their headers alone, and writes receiver reports about them (RFC 3550). */
export class RtpCounters {
  readonly #streams = new Map<number, Stream>();
  #rtcp = 0;

  get streamCount(): number {
    return this.#streams.size;
  }

  /** RTCP packets that arrived. */
  get rtcpReceived(): number {
    return this.#rtcp;
  }

  count(packet: Buffer): void {
    const type = packet[1] ?? 0;
    // RFC 5761: these payload types are RTCP's.
    if (type >= 192 && type < 224) {
      this.#rtcp += 1;
      return;
    }
    const ssrc = packet.readUInt32BE(8);
    const sequence = packet.readUInt16BE(2);
    const stream = this.#streams.get(ssrc);
    if (!stream) {
      this.#streams.set(ssrc, {
        received: 1,
        firstSequence: sequence,
        lastSequence: sequence,
        reportedExpected: 0,
        reportedReceived: 0,
      });
      return;
    }
    stream.received += 1;
    const ahead = (sequence - stream.lastSequence) & 0xffff;
    if (ahead < 0x8000) stream.lastSequence += ahead;
  }

  /** Over all streams. */
  total(): PacketCount {
    let [received, expected] = [0, 0];
    for (const stream of this.#streams.values()) {
      received += stream.received;
      expected += stream.lastSequence - stream.firstSequence + 1;
    }
    return { received, expected };
  }

  receiverReport(senderSsrc: number): Buffer {
    const report = Buffer.alloc(8 + 24 * this.#streams.size);
    report.writeUInt8(0x80 | this.#streams.size, 0);
    report.writeUInt8(RECEIVER_REPORT, 1);
    report.writeUInt16BE(report.length / 4 - 1, 2);
    report.writeUInt32BE(senderSsrc, 4);
    let offset = 8;
    for (const [ssrc, stream] of this.#streams) {
      const expected = stream.lastSequence - stream.firstSequence + 1;
      const expectedSince = expected - stream.reportedExpected;
      const lostSince = Math.max(0, expectedSince - (stream.received - stream.reportedReceived));
      stream.reportedExpected = expected;
      stream.reportedReceived = stream.received;
      report.writeUInt32BE(ssrc, offset);
      report.writeUInt8(
        expectedSince === 0 ? 0 : Math.min(255, (256 * lostSince) / expectedSince) | 0,
        offset + 4,
      );
      report.writeUIntBE(Math.max(0, expected - stream.received) & 0x7fffff, offset + 5, 3);
      report.writeUInt32BE(stream.lastSequence >>> 0, offset + 8);
      offset += 24;
    }
    return report;
  }
}

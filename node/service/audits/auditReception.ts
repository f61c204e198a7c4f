import type { AuditMeasurement } from "./auditScore.js";

/** Sound that is missing for longer than this is heard as a gap: concealment covers what is shorter. */
const CONCEALED_MS = 200;

interface SentPacket {
  readonly sentAtMs: number;
  readonly isAudio: boolean;
  arrivedAtMs: number | undefined;
}

/**
 * What became of the packets of one round. Sender and receiver are one process with one clock, so the time through the
 * target and back is measured, not estimated.
 */
export class AuditReception {
  readonly #packets: SentPacket[] = [];
  readonly #startedAtMs: number;
  #firstArrivalMs: number | undefined;

  /** @param startedAtMs When the auditor began to connect; all times by one monotonic clock. */
  constructor(startedAtMs: number) {
    this.#startedAtMs = startedAtMs;
  }

  /** When the first packet came through. */
  get firstArrivalMs(): number | undefined {
    return this.#firstArrivalMs;
  }

  /** Notes a packet that goes out; returns the number under which it is known. */
  sent(isAudio: boolean, atMs: number): number {
    return this.#packets.push({ sentAtMs: atMs, isAudio, arrivedAtMs: undefined }) - 1;
  }

  /** Notes a packet that came through; repeated and unknown ones count for nothing. */
  arrived(number: number, atMs: number): void {
    const packet = this.#packets[number];
    if (packet === undefined || packet.arrivedAtMs !== undefined || atMs < packet.sentAtMs) return;
    packet.arrivedAtMs = atMs;
    this.#firstArrivalMs ??= atMs;
  }

  /**
   * What packets say that were sent in a period.
   * @param fromMs When counting begins: a track's receivers are there a moment after its first packets.
   * @throws Error where no packet of sound came through in it.
   */
  measure(fromMs: number, toMs: number): AuditMeasurement {
    const counted = this.#packets.filter(({ sentAtMs }) => sentAtMs >= fromMs && sentAtMs <= toMs);
    const audio = counted.filter(({ isAudio }) => isAudio);
    const transits = audio.flatMap(({ sentAtMs, arrivedAtMs }) =>
      arrivedAtMs === undefined ? [] : [arrivedAtMs - sentAtMs],
    );
    if (this.#firstArrivalMs === undefined || transits.length === 0) throw new Error("no media came through");
    const lost = counted.filter(({ arrivedAtMs }) => arrivedAtMs === undefined).length;
    const changes = transits
      .slice(1)
      .map((transit, index) => Math.abs(transit - (transits[index] ?? transit)));
    return {
      joinMs: this.#firstArrivalMs - this.#startedAtMs,
      roundTripTimeMs: median(transits),
      jitterMs: changes.length === 0 ? 0 : changes.reduce((sum, change) => sum + change, 0) / changes.length,
      lossRatio: lost / counted.length,
      frozenRatio: frozenPart(audio),
    };
  }
}

/** Part of the sent time in which no packet of sound came through, beyond what concealment covers. */
function frozenPart(audio: readonly SentPacket[]): number {
  const [first] = audio;
  const last = audio.at(-1);
  if (first === undefined || last === undefined || last.sentAtMs === first.sentAtMs) return 0;
  let heardUntilMs = first.sentAtMs;
  let frozenMs = 0;
  for (const { sentAtMs, arrivedAtMs } of audio) {
    if (arrivedAtMs === undefined && sentAtMs !== last.sentAtMs) continue;
    frozenMs += Math.max(0, sentAtMs - heardUntilMs - CONCEALED_MS);
    heardUntilMs = sentAtMs;
  }
  return Math.min(1, frozenMs / (last.sentAtMs - first.sentAtMs));
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

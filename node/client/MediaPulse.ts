/** Often enough to tell in time, and seldom enough that the statistics cost nothing. */
const READ_EVERY_MS = 300;
/** Congestion feedback comes ten times a second, sound in silence (DTX) every 400 ms: who hears less hears nothing. */
const SILENT_AFTER_MS = 1_200;

/**
 * Sees by counted bytes whether anything still arrives from a node. ICE takes five seconds to call a dead path
 * disconnected; media that stands still shows in one.
 */
export class MediaPulse {
  readonly #read: () => Promise<number>;
  readonly #timer: ReturnType<typeof setInterval>;
  #bytes: number | undefined;
  #grewAtMs = Date.now();

  /**
   * Begins to watch; until more is known, media is taken for flowing.
   * @param read Bytes that arrived so far, on all paths.
   */
  constructor(read: () => Promise<number>) {
    this.#read = read;
    this.#timer = setInterval(() => void this.#look(), READ_EVERY_MS);
    void this.#look();
  }

  get beats(): boolean {
    return Date.now() - this.#grewAtMs < SILENT_AFTER_MS;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    // Statistics of a transport that closes meanwhile cannot be read: nothing arrives on it.
    const bytes = await this.#read().catch(() => 0);
    if (this.#bytes !== undefined && bytes > this.#bytes) this.#grewAtMs = Date.now();
    this.#bytes = bytes;
  }
}

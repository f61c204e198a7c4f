import wrtc from "@roamhq/wrtc";
import type { Room } from "../../../../node/client/Room.js";
import type { RemoteTrack } from "../../../../node/client/tracks.js";

/** The video that a participant sees: when each frame was decoded, and on which track. */
export class FrameWatch {
  readonly #frames: { readonly atMs: number; readonly trackAtMs: number }[] = [];
  #wake: () => void = () => undefined;

  constructor(room: Room) {
    const watch = (track: RemoteTrack) => this.#watch(room, track);
    for (const track of room.tracks) watch(track);
    room.on("track", watch);
  }

  /**
   * When the first frame was decoded of a track that came after `sinceMs` (`performance.now()`).
   * @throws where none comes in time.
   */
  async firstOfTrackSince(sinceMs: number, timeoutMs = 60_000): Promise<number> {
    const untilMs = performance.now() + timeoutMs;
    for (;;) {
      const found = this.#frames.find(({ trackAtMs }) => trackAtMs >= sinceMs);
      if (found) return found.atMs;
      await this.#next(untilMs);
    }
  }

  /** When the first frame after `sinceMs` was decoded, of whatever track. @throws where none comes in time. */
  async firstSince(sinceMs: number, timeoutMs = 60_000): Promise<number> {
    const untilMs = performance.now() + timeoutMs;
    for (;;) {
      const found = this.#frames.find(({ atMs }) => atMs >= sinceMs);
      if (found) return found.atMs;
      await this.#next(untilMs);
    }
  }

  /** The longest time between two frames since `sinceMs`, the first being the last one before it. */
  longestPauseSince(sinceMs: number): number {
    const times = this.#frames.map(({ atMs }) => atMs);
    const from = Math.max(
      0,
      times.findLastIndex((atMs) => atMs < sinceMs),
    );
    let longest = 0;
    for (let index = from + 1; index < times.length; index += 1) {
      longest = Math.max(longest, (times[index] ?? 0) - (times[index - 1] ?? 0));
    }
    return longest;
  }

  async #next(untilMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve, reject) => {
      this.#wake = resolve;
      timer = setTimeout(() => reject(new Error("no frame came in time")), untilMs - performance.now());
    }).finally(() => clearTimeout(timer));
  }

  #watch(room: Room, { kind, mediaTrack }: RemoteTrack): void {
    if (kind !== "video") return;
    const trackAtMs = performance.now();
    const sink = new wrtc.nonstandard.RTCVideoSink(mediaTrack);
    sink.onframe = () => {
      this.#frames.push({ atMs: performance.now(), trackAtMs });
      this.#wake();
    };
    room.once("disconnected", () => sink.stop());
  }
}

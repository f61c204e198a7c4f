import type { EpochClock } from "../protocol/epochClock.js";

/** Longest wait before the clock is read again: a timer does not notice that the clock was set. */
const LONGEST_WAIT_MS = 30_000;

/** Calls back as each epoch begins, but not for the one that is running. Returns how to stop that. */
export function announceEpochs(clock: EpochClock, announce: (epoch: number) => void): () => void {
  let announced = clock.currentEpoch(Date.now());
  let timer: NodeJS.Timeout;
  const wait = () => {
    const untilNextMs = clock.startOf(announced + 1) * 1_000 - Date.now();
    timer = setTimeout(check, Math.min(LONGEST_WAIT_MS, Math.max(1, untilNextMs)));
  };
  const check = () => {
    const epoch = clock.currentEpoch(Date.now());
    if (epoch > announced) {
      announced = epoch;
      announce(epoch);
    }
    wait();
  };
  wait();
  return () => clearTimeout(timer);
}

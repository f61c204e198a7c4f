/**
 * How set-up speaks: one plain line per thing it does, and errors that say what happened and what to do.
 */

/** @param {string} line */
export function say(line) {
  console.log(`setup: ${line}`);
}

/** Something that the person running set-up can mend. Shown as its message alone, without a stack. */
export class SetupError extends Error {}

/** The work was stopped by a signal, which the process then ends with, as its caller expects. */
export class Interrupted extends Error {
  /** @param {NodeJS.Signals} signal */
  constructor(signal) {
    super(`stopped by ${signal}`);
    this.signal = signal;
  }
}

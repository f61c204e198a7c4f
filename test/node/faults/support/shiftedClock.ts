// For `--import`: this process's clock runs apart from the machine's, by what its parent says.
// The parent sends `{ clockOffsetMs: number }` over IPC; `CLOCK_OFFSET_MS` in the environment is the offset at start.

const RealDate = Date;
let offsetMs = Number(process.env.CLOCK_OFFSET_MS ?? "0");

class ShiftedDate extends RealDate {
  constructor(...values: [] | [number | string | Date]) {
    if (values.length === 0) super(ShiftedDate.now());
    else super(values[0]);
  }

  static override now(): number {
    return Math.round(performance.timeOrigin + performance.now()) + offsetMs;
  }
}

Object.defineProperty(globalThis, "Date", { value: ShiftedDate, writable: true, configurable: true });
process.on("message", (message) => {
  if (typeof message !== "object" || message === null || !("clockOffsetMs" in message)) return;
  offsetMs = Number(message.clockOffsetMs);
});
// Whoever listens to its parent does not live on for that alone.
process.channel?.unref();

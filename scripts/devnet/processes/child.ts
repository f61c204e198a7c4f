/** The other end of a `ManagedProcess`: says when it is ready, stops when it is told to or when the supervisor is gone. */

/** Tells the supervisor that the process works, and what others need to reach it. */
export function ready(details: Readonly<Record<string, unknown>> = {}): void {
  process.send?.({ ready: true, ...details });
}

/** Runs `stop` once, at SIGTERM, SIGINT or the loss of the supervisor, then lets the process end. */
export function onStop(stop: () => Promise<unknown>): void {
  let stopping = false;
  const handle = () => {
    if (stopping) return;
    stopping = true;
    stop().then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  };
  process.once("SIGTERM", handle);
  process.once("SIGINT", handle);
  process.once("disconnect", handle);
}

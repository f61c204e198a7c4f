/**
 * Ends the devnet's processes when their supervisor is gone without having ended them itself: killed with SIGKILL,
 * or crashed. The kernel closes the channel to this process then, whatever the reason was.
 *
 * Runs on Node's own type stripping, without tsx, to cost next to nothing: no import of project files here.
 */
const GRACE_MS = 6_000;

const pids = new Set<number>();

/** Sends a signal, 0 to ask whether there is anybody left; false when there is not. */
function signal(target: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(target, name);
  } catch {
    return false;
  }
}

process.on("message", (message: { watch: number } | { forget: number }) => {
  if ("watch" in message) pids.add(message.watch);
  else pids.delete(message.forget);
});
process.on("disconnect", () => {
  for (const pid of pids) signal(pid, "SIGTERM");
  const deadline = Date.now() + GRACE_MS;
  const timer = setInterval(() => {
    // Negative: the process group that each one leads, with children of its own that might outlive it.
    const left = [...pids].filter((pid) => signal(-pid, 0));
    if (left.length > 0 && Date.now() < deadline) return;
    clearInterval(timer);
    for (const pid of left) signal(-pid, "SIGKILL");
  }, 100);
});
// Signals of the terminal and of service managers are the supervisor's business.
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => {});

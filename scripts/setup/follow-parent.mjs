/**
 * Preloaded into the programs that set-up starts: has them shut down when set-up is killed outright and so can
 * pass no signal on. They are in a session of their own (process.mjs says why), where nothing else would reach
 * them, and a network that nobody holds any more would go on running and keep its ports.
 *
 * Set-up keeps the other end of a pipe, which closes with it.
 */
import { Socket } from "node:net";
import { isMainThread } from "node:worker_threads";

const { DTEL_PARENT_PIPE: pipe } = process.env;
if (pipe && isMainThread) {
  // Programs that this one starts are its own to look after.
  delete process.env.DTEL_PARENT_PIPE;
  const parent = new Socket({ fd: Number(pipe), readable: true, writable: false });
  parent.on("close", () => process.kill(process.pid, "SIGTERM"));
  parent.resume();
  // Watching is no reason to keep running.
  parent.unref();
}

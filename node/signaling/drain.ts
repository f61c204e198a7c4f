import { setTimeout as sleep } from "node:timers/promises";
import type { Lobby } from "./Lobby.js";
import type { Participant } from "./Participant.js";

/**
 * Sends everybody to other nodes, room by room, spread evenly over a part of the time, so that no other node gets all at
 * once. Resolves when everybody is gone, or when the time is over.
 * @param deadlineMs From now.
 * @param farewellMs How long those who are sent away last may take.
 * @throws The signal's reason; who was sent away until then stays away.
 */
export async function drainLobby(
  lobby: Lobby,
  deadlineMs: number,
  farewellMs: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  signal?.throwIfAborted();
  const over = new AbortController();
  const timer = setTimeout(() => over.abort(), deadlineMs);
  const stop = AbortSignal.any([over.signal, ...(signal ? [signal] : [])]);
  const beganMs = performance.now();
  const spreadMs = Math.max(0, deadlineMs - 2 * farewellMs);
  const total = lobby.participants.length;
  const leaving: Promise<void>[] = [];
  try {
    // One who was about to be let in when it began comes after all the others.
    for (let next = nextRoom(lobby); next.length > 0; next = nextRoom(lobby)) {
      const dueMs = beganMs + spreadMs * Math.min(1, leaving.length / Math.max(1, total));
      await sleep(Math.max(0, dueMs - performance.now()), undefined, { signal: stop });
      for (const one of next)
        leaving.push(one.sendAway("node_draining", "this node is going down; join another one"));
    }
    await Promise.race([Promise.all(leaving), aborted(stop)]);
  } catch (error) {
    if (!stop.aborted) throw error;
  } finally {
    clearTimeout(timer);
  }
  signal?.throwIfAborted();
}

/** Those of one room who are still to be sent away. */
function nextRoom(lobby: Lobby): Participant[] {
  for (const { members } of lobby.rooms) if (members.length > 0) return [...members];
  return [];
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

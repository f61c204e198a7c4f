/** Starts the participants of a room: one process a room, several WebRTC clients in it. */
import { z } from "zod";
import type { ManagedProcess } from "./process.js";
import type { ProcessGroup } from "./processGroup.js";
import type { Room } from "./rooms.js";

/** Sent when all have joined and publish. */
export const participantsReady = z.object({ ready: z.literal(true) });
/** How long joining may take on a busy machine. */
export const PARTICIPANTS_START_MS = 60_000;

export interface ParticipantsOptions {
  readonly directory: string;
  readonly room: Room;
  readonly appUrl: string;
}

/** Starts them; they say when they have joined, and tell of each receipt that a node acknowledged. */
export function startParticipants(
  group: ProcessGroup,
  { directory, room, appUrl }: ParticipantsOptions,
): ManagedProcess {
  return group.start({
    name: `participants of ${room.name}`,
    script: "scripts/devnet/processes/participants.ts",
    env: { DEVNET_PARTICIPANTS: JSON.stringify({ appUrl, room }) },
    logFile: `${directory}/participants-${room.name}.log`,
  });
}

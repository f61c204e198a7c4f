import type { RoomEvent } from "../../signaling/roomObserver.js";
import type { PresentParticipant } from "./presenceStore.js";

/** Why participants left who were in rooms of a node that ended without a goodbye: killed, or its machine was. */
export const INTERRUPTED_REASON = "node_interrupted";

/** An event, and who is told. */
export interface AddressedEvent {
  readonly event: RoomEvent;
  readonly url: string;
}

/**
 * What apps have not heard of the last run: that everybody left, and that the rooms are over. As in a run, a room's end
 * goes to the endpoint of its last participant.
 * @param present In the order in which they joined.
 * @param atMs When the node was seen alive last; Unix time in milliseconds.
 */
export function endsOf(present: readonly PresentParticipant[], atMs: number): AddressedEvent[] {
  const rooms = new Map<string, PresentParticipant[]>();
  for (const participant of present) {
    const key = `${participant.app} ${participant.room}`;
    rooms.set(key, [...(rooms.get(key) ?? []), participant]);
  }
  return [...rooms.values()].flatMap((participants) => {
    const left = participants.map(({ nodeId, app, room, sessionKey, identity, url }): AddressedEvent => {
      const participant = { sessionKey, identity };
      const reason = INTERRUPTED_REASON;
      return { url, event: { event: "participant_left", nodeId, app, room, atMs, participant, reason } };
    });
    const last = participants.at(-1);
    if (last === undefined) return left;
    const { nodeId, app, room, url } = last;
    return [...left, { url, event: { event: "room_finished", nodeId, app, room, atMs } }];
  });
}

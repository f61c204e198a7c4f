import wrtc from "@roamhq/wrtc";
import type { Room, RoomEvents } from "../../../node/client/Room.js";
import type { RemoteTrack } from "../../../node/client/tracks.js";

/** The next time that a room says something. */
export function next<E extends keyof RoomEvents>(room: Room, event: E): Promise<RoomEvents[E]> {
  return new Promise((resolve) => room.once(event, (...args: RoomEvents[E]) => resolve(args)));
}

/** Counts the frames that a room's video tracks show, and how large they are. */
export function watchFrames(room: Room): { readonly count: number; readonly width: number } {
  const seen = { count: 0, width: 0 };
  const watch = ({ kind, mediaTrack }: RemoteTrack) => {
    if (kind !== "video") return;
    const sink = new wrtc.nonstandard.RTCVideoSink(mediaTrack);
    sink.onframe = ({ frame }: { frame: { width: number } }) => {
      seen.count += 1;
      seen.width = frame.width;
    };
    room.once("disconnected", () => sink.stop());
  };
  for (const track of room.tracks) watch(track);
  room.on("track", watch);
  return seen;
}

/** What an action fails with; undefined where it does not. */
export async function failure(action: Promise<unknown>): Promise<unknown> {
  return action.then(
    () => undefined,
    (error: unknown) => error,
  );
}

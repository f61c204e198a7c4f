/** One participant of a room: asks the app for a token, joins, publishes, and comes back when it loses the node. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Disconnected } from "../../node/client/errors.js";
import type { RtcOptions } from "../../node/client/rtc.js";
import { Room } from "../../node/client/Room.js";
import { createSessionKey } from "../../node/client/sessionKey.js";
import { testPattern, testTone } from "../../node/client/testMedia.js";
import { parseAddress } from "../../node/protocol/hex.js";
import type { SignedReceipt } from "../../node/protocol/typedData.js";
import { requestToken } from "./app/tokenExchange.js";
import { VIDEO } from "./rooms.js";
import type { Room as RoomPlan } from "./rooms.js";

const RETRY_MS = 1_000;

export interface ParticipantOptions {
  readonly appUrl: string;
  readonly room: string;
  readonly member: RoomPlan["members"][number];
  readonly rtc: RtcOptions;
  readonly onJoined: () => void;
  /** A node acknowledged a receipt of this participant. */
  readonly onReceipt: (sessionKey: string, receipt: SignedReceipt) => void;
  readonly log: (text: string) => void;
  /** Ends the participation, with a last receipt. */
  readonly signal: AbortSignal;
}

/**
 * Takes part until the signal is aborted. One session key for all that time: after a lost connection the receipts go
 * on from where they were.
 */
export async function participate(options: ParticipantOptions): Promise<void> {
  const { member, signal } = options;
  const media = member.sends.map((kind) => (kind === "audio" ? testTone() : testPattern(VIDEO)));
  const sessionKey = createSessionKey();
  try {
    while (!signal.aborted) {
      try {
        await stay(
          options,
          sessionKey,
          media.map(({ track }) => track),
        );
      } catch (error) {
        if (isAborted(signal)) return;
        options.log(
          `${member.identity} tries again: ${error instanceof Error ? error.message : String(error)}`,
        );
      }
      await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
  } finally {
    for (const one of media) one.stop();
  }
}

/** Joins and stays until the connection is over. */
async function stay(
  { appUrl, room: roomName, member, rtc, onJoined, onReceipt, log, signal }: ParticipantOptions,
  sessionKey: ReturnType<typeof createSessionKey>,
  tracks: readonly MediaStreamTrack[],
): Promise<void> {
  const address = parseAddress(sessionKey.address);
  const { nodes, domain, token } = await requestToken(
    appUrl,
    { sessionKey: address, room: roomName, identity: member.identity },
    signal,
  );
  const room = await Room.connect({
    // Its own node first; where that is gone, another one of the room's.
    url: [...nodes.slice(member.at), ...nodes.slice(0, member.at)].map(({ url }) => url),
    room: roomName,
    token,
    sessionKey,
    expect: { domain },
    rtc,
    signal,
  });
  room.on("receipt", (receipt) => onReceipt(address, receipt));
  room.on("warning", (error) => log(`${member.identity}: ${error.message}`));
  const over = new Promise<Disconnected>((resolve) => room.on("disconnected", resolve));
  try {
    for (const track of tracks) await room.publish(track);
  } catch (error) {
    await room.leave();
    throw error;
  }
  onJoined();
  const reason = room.disconnected ?? (await over);
  if (!signal.aborted) throw reason;
}

/** Asked anew each time: what the compiler knows of a signal from before an `await` may have changed. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

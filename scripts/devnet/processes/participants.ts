/** The participants of one room: real WebRTC clients, all in this process. */
import { z } from "zod";
import { useNodeWebrtc } from "../../../node/client/nodeWebrtc.js";
import { toWire } from "../../../node/protocol/schemas.js";
import { participate } from "../participant.js";
import { roomSchema } from "../rooms.js";
import { onStop, ready } from "./child.js";

const settingsSchema = z.strictObject({ appUrl: z.url(), room: roomSchema });

const { appUrl, room } = settingsSchema.parse(JSON.parse(process.env.DEVNET_PARTICIPANTS ?? "null"));
const stop = new AbortController();
const rtc = useNodeWebrtc();
let waiting = room.members.length;

const participants = room.members.map((member) => {
  let joined = false;
  return participate({
    appUrl,
    room: room.name,
    member,
    rtc,
    onJoined: () => {
      console.log(`${member.identity} joined ${room.name}`);
      if (joined) return;
      joined = true;
      waiting -= 1;
      if (waiting === 0) ready();
    },
    onReceipt: (sessionKey, { receipt }) => {
      if (process.connected) process.send?.({ acknowledged: toWire({ sessionKey, ...receipt }) });
    },
    log: (text) => console.log(text),
    signal: stop.signal,
  });
});

onStop(async () => {
  stop.abort(new Error("the devnet stops"));
  await Promise.all(participants);
});

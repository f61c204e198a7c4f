// What a web page needs to take part: no Node, no keys of an app.

export type { ConnectOptions, ExpectedNode } from "./connectOptions.js";
export { Disconnected, RequestRefused } from "./errors.js";
export { EpochRefused } from "./ReceiptKeeper.js";
export { Room } from "./Room.js";
export type { RoomEvents } from "./Room.js";
export { parseRoomToken } from "./roomToken.js";
export type { RoomToken } from "./roomToken.js";
export type { RtcOptions } from "./rtc.js";
export { createSessionKey } from "./sessionKey.js";
export type { SessionKey } from "./sessionKey.js";
export { LocalTrack, RemoteTrack } from "./tracks.js";
export { JoinRefused, ReceiptRefused } from "../protocol/refusals.js";
export type { PeerInfo } from "../protocol/signaling.js";
export type { AccessGrant, Address, Hex, SignedReceipt, TypedDataDomain } from "../protocol/typedData.js";

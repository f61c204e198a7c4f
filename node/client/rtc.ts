import { Device } from "mediasoup-client";
import type { types } from "mediasoup-client";

/** How WebRTC is used; in browsers all of it may be left out. */
export interface RtcOptions {
  /** mediasoup-client's handler; found out by the browser's name where it is left out. */
  readonly handlerName?: types.BuiltinHandlerName | undefined;
  readonly iceServers?: RTCIceServer[] | undefined;
  readonly iceTransportPolicy?: RTCIceTransportPolicy | undefined;
}

/** @throws UnsupportedError where this is no browser that mediasoup-client knows. */
export function createDevice({ handlerName }: RtcOptions): Promise<types.Device> {
  return Device.factory(handlerName === undefined ? {} : { handlerName });
}

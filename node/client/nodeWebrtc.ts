import wrtc from "@roamhq/wrtc";
import type { RtcOptions } from "./rtc.js";

/** What mediasoup-client's handler for Chromium looks for in the global scope. */
const GLOBALS = [
  "MediaStream",
  "MediaStreamTrack",
  "RTCIceCandidate",
  "RTCPeerConnection",
  "RTCRtpReceiver",
  "RTCRtpSender",
  "RTCRtpTransceiver",
  "RTCSessionDescription",
] as const;

/**
 * libwebrtc's objects that are still in memory crash a process that frees them as it ends (node-webrtc issue 636), so a
 * process that has nothing left to do, and only such a one, is ended without that, with the exit code it has.
 */
let exitGuarded = false;

/**
 * Makes this Node process a WebRTC endpoint: sets the classes of `@roamhq/wrtc` (libwebrtc) as globals, where a browser
 * has its own. Idempotent.
 * @returns what to pass to `Room.connect` as `rtc`.
 */
export function useNodeWebrtc(): RtcOptions {
  if (!exitGuarded) {
    exitGuarded = true;
    process.once("beforeExit", () => process.exit());
  }
  for (const name of GLOBALS) {
    Object.defineProperty(globalThis, name, { value: wrtc[name], configurable: true, writable: true });
  }
  // libwebrtc behaves like the Chromium that it is part of.
  return { handlerName: "Chrome111" };
}

import type { MediaKind, RtpParameters } from "../../../node/protocol/mediaParameters.js";

let nextSsrc = 1_000;

/** An Opus track as a client offers it; nothing is ever sent on it. */
export function opusTrack(): {
  kind: MediaKind;
  rtpParameters: RtpParameters;
  source: string;
  paused: boolean;
} {
  return {
    kind: "audio",
    rtpParameters: {
      codecs: [{ mimeType: "audio/opus", payloadType: 111, clockRate: 48_000, channels: 2 }],
      encodings: [{ ssrc: nextSsrc++ }],
    },
    source: "microphone",
    paused: false,
  };
}

import type { RtpCapabilities, RtpParameters } from "../../../../node/protocol/mediaParameters.js";
import type { StreamParameters } from "../load/MediaSource.js";

const FEEDBACK = {
  audio: [],
  video: [{ type: "nack" }, { type: "nack", parameter: "pli" }, { type: "ccm", parameter: "fir" }],
};

/** What a light endpoint receives: no bandwidth estimation, since it sends no feedback for one. */
export const RECEIVE_CAPABILITIES: RtpCapabilities = {
  codecs: [
    {
      kind: "audio",
      mimeType: "audio/opus",
      preferredPayloadType: 111,
      clockRate: 48_000,
      channels: 2,
      rtcpFeedback: FEEDBACK.audio,
    },
    {
      kind: "video",
      mimeType: "video/VP8",
      preferredPayloadType: 96,
      clockRate: 90_000,
      rtcpFeedback: FEEDBACK.video,
    },
  ],
  headerExtensions: [
    { kind: "audio", uri: "urn:ietf:params:rtp-hdrext:sdes:mid", preferredId: 1 },
    { kind: "video", uri: "urn:ietf:params:rtp-hdrext:sdes:mid", preferredId: 1 },
  ],
};

/** What a source sends, as signaling says it. */
export function rtpParametersOf({ kind, ssrc, payloadType }: StreamParameters): RtpParameters {
  const codec =
    kind === "audio"
      ? { mimeType: "audio/opus", clockRate: 48_000, channels: 2, rtcpFeedback: FEEDBACK.audio }
      : { mimeType: "video/VP8", clockRate: 90_000, rtcpFeedback: FEEDBACK.video };
  return {
    mid: kind,
    codecs: [{ ...codec, payloadType }],
    headerExtensions: [],
    encodings: [{ ssrc }],
    rtcp: { cname: "bench" },
  };
}

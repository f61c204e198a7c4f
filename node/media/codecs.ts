import type { RouterRtpCodecCapability } from "mediasoup/types";

/**
 * What a room carries, in order of preference. Opus and VP8 are what every WebRTC endpoint must have (RFC 7874,
 * RFC 7742); VP9 profile 0 and H.264 constrained baseline are for those that prefer them, as cameras with a
 * hardware encoder do.
 */
export const ROOM_CODECS: RouterRtpCodecCapability[] = [
  { kind: "audio", mimeType: "audio/opus", clockRate: 48_000, channels: 2 },
  { kind: "video", mimeType: "video/VP8", clockRate: 90_000 },
  { kind: "video", mimeType: "video/VP9", clockRate: 90_000, parameters: { "profile-id": 0 } },
  {
    kind: "video",
    mimeType: "video/H264",
    clockRate: 90_000,
    parameters: {
      "packetization-mode": 1,
      "profile-level-id": "42e01f",
      "level-asymmetry-allowed": 1,
    },
  },
];

import type { types } from "mediasoup-client";

/** Codecs of rooms, as RTP names them: without case. */
export type VideoCodec = "VP8" | "VP9" | "H264";

/** One of the versions in which a track is sent at once. */
export interface Encoding {
  readonly maxBitrate?: number | undefined;
  readonly scaleResolutionDownBy?: number | undefined;
  readonly maxFramerate?: number | undefined;
  /** https://www.w3.org/TR/webrtc-svc/, as "L1T3". */
  readonly scalabilityMode?: string | undefined;
}

export interface VideoOptions {
  /** Several versions of the picture, lowest first, so that each receiver gets what suits it; `true`: a usual choice. */
  readonly simulcast?: boolean | readonly Encoding[] | undefined;
  /** What to send it in; the room's and browser's first common choice (VP8) where left out. */
  readonly codec?: VideoCodec | undefined;
  /** Most that is sent, all versions together, in bits per second. */
  readonly maxBitrate?: number | undefined;
}

/** What the full picture is given where nobody says otherwise, in bits per second, by its height. */
const BITRATES: readonly [height: number, bitsPerSecond: number][] = [
  [1080, 3_000_000],
  [720, 1_700_000],
  [540, 1_000_000],
  [360, 600_000],
  [0, 250_000],
];

/** A version needs so much less than the next higher one, whose picture has four times the area. */
const BITRATE_STEP = 3.5;

/**
 * The encodings of a video track for WebRTC; undefined: the browser's own single one.
 *
 * VP8 and H.264 are sent several times in different sizes (simulcast), as many as make sense for the picture: libwebrtc
 * leaves out versions smaller than about 240 × 135 itself. VP9 is sent once in layers (SVC, `L3T3_KEY`: spatial layers that
 * depend on each other in key frames only, so that a node can leave out the higher ones).
 */
export function videoEncodings(
  options: VideoOptions,
  size: { width?: number | undefined; height?: number | undefined },
): types.RtpEncodingParameters[] | undefined {
  const { simulcast = false, codec = "VP8", maxBitrate } = options;
  if (maxBitrate !== undefined && !(maxBitrate > 0)) {
    throw new RangeError(`maxBitrate is ${maxBitrate}: expected bits per second above zero`);
  }
  if (typeof simulcast !== "boolean") {
    if (simulcast.length === 0 || simulcast.length > 3) {
      throw new RangeError(`simulcast has ${simulcast.length} encodings: expected one to three`);
    }
    return simulcast.map((encoding) => defined(encoding));
  }
  if (!simulcast) return maxBitrate === undefined ? undefined : [{ maxBitrate }];
  const { width = 1280, height = 720 } = size;
  const most = maxBitrate ?? usualBitrate(Math.min(width, height));
  if (codec === "VP9") return [{ scalabilityMode: "L3T3_KEY", maxBitrate: most }];
  const versions = Math.max(width, height) >= 960 ? 3 : Math.max(width, height) >= 480 ? 2 : 1;
  // Their shares of the whole: 1, 3.5 and 12.25 parts.
  const shares = Array.from({ length: versions }, (_, index) => BITRATE_STEP ** index);
  const whole = shares.reduce((sum, share) => sum + share, 0);
  return shares.map((share, index) => ({
    scaleResolutionDownBy: 2 ** (versions - 1 - index),
    maxBitrate: Math.round((most * share) / whole),
    scalabilityMode: "L1T3",
  }));
}

function usualBitrate(height: number): number {
  for (const [least, bitsPerSecond] of BITRATES) if (height >= least) return bitsPerSecond;
  return 250_000;
}

/** Without members that are undefined, which WebRTC does not take for absent. */
function defined({ maxBitrate, scaleResolutionDownBy, maxFramerate, scalabilityMode }: Encoding) {
  return {
    ...(maxBitrate !== undefined && { maxBitrate }),
    ...(scaleResolutionDownBy !== undefined && { scaleResolutionDownBy }),
    ...(maxFramerate !== undefined && { maxFramerate }),
    ...(scalabilityMode !== undefined && { scalabilityMode }),
  };
}

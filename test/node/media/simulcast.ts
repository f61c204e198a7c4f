/** Two qualities of one picture: 320 × 180 and 640 × 360. */
export const SIMULCAST = {
  encodings: [
    { rid: "q", scaleResolutionDownBy: 2, maxBitrate: 150_000, scalabilityMode: "L1T3" },
    { rid: "h", scaleResolutionDownBy: 1, maxBitrate: 600_000, scalabilityMode: "L1T3" },
  ],
};

/** The parameters file of a network: what is in it, and within which bounds. See README.md for what each means. */
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { amountBetween, amountWei, bps, DAY, probability, seconds } from "./fields.js";
import { contradictions } from "./rules.js";

/** Bounds are those that hold on every network; a network of production has narrower ones, see `rules.ts`. */
const shape = z.strictObject({
  /** Whether durations are those of a network that people rely on, or short ones to try things out with. */
  durations: z.enum(["production", "test"]),
  clock: z.strictObject({
    epochSeconds: z
      .int()
      .min(30)
      .max(7 * DAY)
      .multipleOf(2),
    epochBlocks: z.int().min(32),
  }),
  staking: z.strictObject({
    minBond: amountBetween(1_000, 250_000),
    delegationCap: z.int().min(5).max(20),
    unbondingSeconds: seconds(30 * DAY),
    commissionNoticeSeconds: seconds(365 * DAY),
  }),
  sampling: z.strictObject({
    samples: z.int().min(4).max(16),
    pickProbability: probability.refine(
      ({ numerator, denominator }) => numerator * 32n >= denominator,
      "expected at least 1/32",
    ),
    missingProofSlash: amountWei,
  }),
  payment: z.strictObject({
    burnBps: bps(500, 3_000),
    treasuryBps: bps(200, 1_500),
    thawEpochs: z.int().min(2).max(56),
  }),
  rewards: z.strictObject({
    kappaBps: bps(5_000, 9_500),
    workShareBps: bps(2_000, 8_000),
    neutralScore: bps(0, 9_000),
  }),
  audits: z.strictObject({
    auditors: z
      .int()
      .min(3)
      .max(7)
      .refine((count) => count % 2 === 1, "expected an odd number"),
    lowMark: bps(0, 7_000),
    outlierDistance: bps(2_000, 10_000),
    strikes: z.int().min(3).max(64),
    strikeWindowEpochs: z.int().min(3).max(64),
  }),
  penalties: z.strictObject({
    reportWindowEpochs: z.int().min(4).max(56),
    appealSeconds: seconds(60 * DAY),
    thirdJailBps: bps(0, 500),
    arbitratedBps: bps(0, 5_000),
    poolLimitBps: bps(0, 500),
    bountyBps: bps(0, 2_000),
  }),
  arbitration: z.strictObject({
    answerSeconds: seconds(7 * DAY),
    rulingSeconds: seconds(7 * DAY),
    /** Whole DTEL. */
    deposit: z.int().min(1).max(1_000_000),
  }),
  governance: z.strictObject({
    votingDelaySeconds: seconds(30 * DAY),
    votingPeriodSeconds: seconds(60 * DAY),
    lateQuorumSeconds: seconds(30 * DAY),
    timelockSeconds: seconds(30 * DAY),
    quorumBps: bps(200, 1_000),
    proposalThreshold: amountBetween(1, 5_000_000),
    guardianSeconds: seconds(731 * DAY),
  }),
  pause: z.strictObject({ pauseSeconds: seconds(7 * DAY), restSeconds: seconds(365 * DAY) }),
  treasury: z.strictObject({
    outflowWindowSeconds: seconds(90 * DAY),
    outflowLimitBps: bps(1, 10_000),
    minAuctionSeconds: z
      .int()
      .min(60)
      .max(30 * DAY),
  }),
});

/** Parameters as they stand in a file. */
export type ParametersInput = z.input<typeof shape>;
/** Checked parameters; amounts in wei. */
export type Parameters = z.output<typeof shape>;

export const parametersSchema = shape.superRefine((parameters, context) => {
  for (const { path, message } of contradictions(parameters)) {
    context.addIssue({ code: "custom", path: path.split("."), message });
  }
});

/**
 * Reads a parameters file.
 * @throws Error naming the file and every field that is missing, unknown, out of bounds or at odds with another.
 */
export async function loadParameters(path: string | URL): Promise<Parameters> {
  const parsed = parametersSchema.safeParse(JSON.parse(await readFile(path, "utf8")));
  if (!parsed.success) {
    throw new Error(`${String(path)} is not a valid parameters file:\n${z.prettifyError(parsed.error)}`);
  }
  return parsed.data;
}

export { alwaysProveAboveWei, constructorParameters, laneOddsFor } from "./derived.js";
export type { ConstructorParameters } from "./derived.js";

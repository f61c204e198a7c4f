/** The parameters file of a network: checked, and turned into what the contracts' constructors take. */
import { readFile } from "node:fs/promises";
import { parseEther } from "ethers";
import { z } from "zod";

const BPS = 10_000n;
const LANES = 8;
const LANE_RANGE = 2 ** 32;

const bps = z.int().min(0).max(10_000);
/** DTEL as a decimal string, to whole gwei: that is what the contracts store. */
const amountWei = z
  .string()
  .regex(/^\d{1,10}(\.\d{1,9})?$/, "expected DTEL as a decimal string with at most 9 decimals")
  .transform((text) => parseEther(text));
const probability = z
  .string()
  .regex(/^[1-9]\d{0,5}\/[1-9]\d{0,5}$/, 'expected a fraction such as "1/8"')
  .transform((text) => {
    const [numerator = "", denominator = ""] = text.split("/");
    return { numerator: BigInt(numerator), denominator: BigInt(denominator) };
  })
  .refine(({ numerator, denominator }) => numerator <= denominator, "a probability is at most 1");

/** See README.md for what each parameter means. */
export const parametersSchema = z.strictObject({
  clock: z.strictObject({
    epochSeconds: z.int().min(30).multipleOf(2),
    epochBlocks: z.int().min(32),
  }),
  staking: z.strictObject({
    minBond: amountWei,
    delegationCap: z.int().positive(),
    unbondingSeconds: z.int().positive(),
  }),
  sampling: z.strictObject({
    samples: z.int().min(1),
    pickProbability: probability,
    missingProofSlash: amountWei,
  }),
  payment: z.strictObject({ burnBps: bps, treasuryBps: bps, thawEpochs: z.int().positive() }),
  rewards: z.strictObject({ kappaBps: bps.min(1), workShareBps: bps, neutralScore: bps }),
});

/** Parameters as they stand in a file. */
export type ParametersInput = z.input<typeof parametersSchema>;
/** Checked parameters; amounts in wei. */
export type Parameters = z.output<typeof parametersSchema>;
type Probability = Parameters["sampling"]["pickProbability"];

/** Constructor arguments, named as the contracts' structs name them. Integers only. */
export interface ConstructorParameters {
  readonly epochSeconds: number;
  readonly epochBlocks: number;
  readonly staking: { minBondWei: bigint; delegationCap: number; unbondingSeconds: number };
  readonly sampling: { samples: number; laneOdds: number; alwaysProveAboveWei: bigint };
  readonly payment: { burnBps: number; treasuryBps: number; thawEpochs: number };
  readonly rewards: { kappaBps: number; workShareBps: number; neutralScore: number };
}

/**
 * Reads a parameters file.
 * @throws Error naming the file and every field that is missing, unknown or out of bounds.
 */
export async function loadParameters(path: string | URL): Promise<Parameters> {
  const parsed = parametersSchema.safeParse(JSON.parse(await readFile(path, "utf8")));
  if (!parsed.success) {
    throw new Error(`${String(path)} is not a valid parameters file:\n${z.prettifyError(parsed.error)}`);
  }
  return parsed.data;
}

/** What a lane's 32 bits must stay below, so that one of eight lanes picks a node with this probability. */
export function laneOddsFor({ numerator, denominator }: Probability): number {
  const missed = Number(denominator - numerator) / Number(denominator);
  return Math.min(Math.round(LANE_RANGE * (1 - missed ** (1 / LANES))), LANE_RANGE);
}

/** Burned fees above which a node must always prove: S·p / (2(1 − p)κ), in wei; 0 where p is 1. */
export function alwaysProveAboveWei(slashWei: bigint, pick: Probability, kappaBps: number): bigint {
  const missed = pick.denominator - pick.numerator;
  return missed === 0n ? 0n : (slashWei * pick.numerator * BPS) / (2n * missed * BigInt(kappaBps));
}

/** Derives the contracts' constructor parameters. */
export function constructorParameters(parameters: Parameters): ConstructorParameters {
  const { clock, staking, sampling, payment, rewards } = parameters;
  return {
    ...clock,
    staking: {
      minBondWei: staking.minBond,
      delegationCap: staking.delegationCap,
      unbondingSeconds: staking.unbondingSeconds,
    },
    sampling: {
      samples: sampling.samples,
      laneOdds: laneOddsFor(sampling.pickProbability),
      alwaysProveAboveWei: alwaysProveAboveWei(
        sampling.missingProofSlash,
        sampling.pickProbability,
        rewards.kappaBps,
      ),
    },
    payment,
    rewards,
  };
}

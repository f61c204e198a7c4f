/** Kinds of values in a parameters file. */
import { parseEther } from "ethers";
import { z } from "zod";

/** Parts of 10,000. */
export const bps = (min: number, max: number) => z.int().min(min).max(max);

/** A length of time, in seconds. */
export const seconds = (max: number) => z.int().min(1).max(max);

/** DTEL as a decimal string, to whole gwei: that is what the contracts store. */
export const amountWei = z
  .string()
  .regex(/^\d{1,10}(\.\d{1,9})?$/, "expected DTEL as a decimal string with at most 9 decimals")
  .transform((text) => parseEther(text));

/** DTEL as above, between two amounts of whole DTEL. */
export const amountBetween = (min: number, max: number) =>
  amountWei.refine(
    (wei) => wei >= parseEther(String(min)) && wei <= parseEther(String(max)),
    `expected ${min.toLocaleString("en")} to ${max.toLocaleString("en")} DTEL`,
  );

/** A fraction such as "1/8", at most 1. */
export const probability = z
  .string()
  .regex(/^[1-9]\d{0,5}\/[1-9]\d{0,5}$/, 'expected a fraction such as "1/8"')
  .transform((text) => {
    const [numerator = "", denominator = ""] = text.split("/");
    return { numerator: BigInt(numerator), denominator: BigInt(denominator) };
  })
  .refine(({ numerator, denominator }) => numerator <= denominator, "a probability is at most 1");

export type Probability = z.output<typeof probability>;

export const DAY = 86_400;

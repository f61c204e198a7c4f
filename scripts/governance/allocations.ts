/**
 * The allocations of the genesis supply, and the Merkle tree that `TokenVesting` knows them by. Pure, but for the
 * reading of a file.
 *
 * Leaves and tree are those of OpenZeppelin's `StandardMerkleTree`: leaves are hashed twice and sorted, pairs are sorted
 * before they are hashed.
 */
import { readFile } from "node:fs/promises";
import { AbiCoder, concat, getAddress, keccak256, parseEther } from "ethers";
import { z } from "zod";

/** The genesis supply, less the DTEL that the token leaves in `NodeStaking` to back rounding. */
export const ALLOCATED_WEI = parseEther("600000000") - parseEther("1");

const MAX_SECONDS = 20 * 365 * 86_400;
const seconds = z.int().min(0).max(MAX_SECONDS);

export const allocationListSchema = z.strictObject({
  allocations: z
    .array(
      z.strictObject({
        /** What people call it. */
        name: z.string().min(1),
        /** An address, or a name that is given one at deployment. */
        beneficiary: z
          .string()
          .regex(/^(0x[0-9a-fA-F]{40}|[a-z][a-zA-Z0-9]*)$/, "expected an address or a name"),
        /** DTEL as a decimal string. */
        amount: z
          .string()
          .regex(/^\d{1,9}(\.\d{1,18})?$/, "expected DTEL as a decimal string")
          .transform((text) => parseEther(text))
          .refine((amountWei) => amountWei > 0n, "an allocation of nothing"),
        /** When the cliff begins, after the genesis of the epochs. */
        startAfterSeconds: seconds.default(0),
        /** Nothing vests for so long, and nothing is made up for afterwards. */
        cliffSeconds: seconds,
        /** Vests evenly over this time after the cliff; 0: all at once. */
        durationSeconds: seconds,
        /** Whether governance may take back what has not vested. */
        revocable: z.boolean(),
      }),
    )
    .min(1)
    .refine(
      (list) => list.reduce((sum, { amount }) => sum + amount, 0n) === ALLOCATED_WEI,
      "the allocations do not add up to 599,999,999 DTEL: the genesis supply less the token's rounding reserve",
    ),
});

export type AllocationList = z.output<typeof allocationListSchema>;

/** An allocation as `TokenVesting` takes it. */
export interface Allocation {
  readonly index: bigint;
  readonly beneficiary: string;
  readonly amountWei: bigint;
  /** Unix time in seconds. */
  readonly start: bigint;
  readonly cliffSeconds: bigint;
  readonly durationSeconds: bigint;
  readonly revocable: boolean;
}

export interface AllocationClaim {
  readonly allocation: Allocation;
  readonly leaf: string;
  readonly proof: readonly string[];
}

export interface AllocationTree {
  readonly root: string;
  /** In the order of the allocations. */
  readonly claims: readonly AllocationClaim[];
}

/**
 * Reads a list of allocations.
 * @throws Error naming the file and every field that is wrong.
 */
export async function loadAllocations(path: string | URL): Promise<AllocationList> {
  const parsed = allocationListSchema.safeParse(JSON.parse(await readFile(path, "utf8")));
  if (!parsed.success) {
    throw new Error(`${String(path)} is not a valid list of allocations:\n${z.prettifyError(parsed.error)}`);
  }
  return parsed.data;
}

/**
 * The allocations of a deployment.
 * @param genesisSeconds Start of epoch 0, Unix time.
 * @param beneficiaries Addresses of those that the list has by name.
 * @throws Error naming whoever has no address.
 */
export function resolveAllocations(
  list: AllocationList,
  genesisSeconds: number,
  beneficiaries: Readonly<Record<string, string>> = {},
): Allocation[] {
  return list.allocations.map((entry, index) => {
    const beneficiary = entry.beneficiary.startsWith("0x")
      ? entry.beneficiary
      : beneficiaries[entry.beneficiary];
    if (beneficiary === undefined) {
      throw new Error(`allocation ${index}, ${entry.name}: no address was given for "${entry.beneficiary}"`);
    }
    return {
      index: BigInt(index),
      beneficiary: getAddress(beneficiary),
      amountWei: entry.amount,
      start: BigInt(genesisSeconds + entry.startAfterSeconds),
      cliffSeconds: BigInt(entry.cliffSeconds),
      durationSeconds: BigInt(entry.durationSeconds),
      revocable: entry.revocable,
    };
  });
}

/** `TokenVesting.leafOf`. */
export function allocationLeaf(allocation: Allocation): string {
  const encoded = AbiCoder.defaultAbiCoder().encode(
    ["uint256", "address", "uint256", "uint256", "uint256", "uint256", "bool"],
    [
      allocation.index,
      allocation.beneficiary,
      allocation.amountWei,
      allocation.start,
      allocation.cliffSeconds,
      allocation.durationSeconds,
      allocation.revocable,
    ],
  );
  return keccak256(keccak256(encoded));
}

/**
 * The tree of allocations, with each one's proof.
 * @throws Error if there is none, or two are the same.
 */
export function allocationTree(allocations: readonly Allocation[]): AllocationTree {
  const leaves = allocations.map(allocationLeaf);
  const sorted = leaves.toSorted();
  if (sorted.length === 0) throw new Error("a tree of no allocations has no root");
  if (new Set(sorted).size !== sorted.length) throw new Error("two allocations are the same");

  // A complete binary tree in an array: the children of i are 2i + 1 and 2i + 2, the leaves stand at the end, backwards.
  const tree = new Array<string>(2 * sorted.length - 1);
  sorted.forEach((leaf, i) => (tree[tree.length - 1 - i] = leaf));
  const node = (i: number): string => tree[i] ?? "0x";
  for (let i = sorted.length - 2; i >= 0; i--) tree[i] = hashPair(node(2 * i + 1), node(2 * i + 2));

  const proofOf = (leaf: string): string[] => {
    const proof: string[] = [];
    for (let i = tree.indexOf(leaf); i > 0; i = (i - 1) >> 1) proof.push(node(i % 2 === 1 ? i + 1 : i - 1));
    return proof;
  };
  return {
    root: node(0),
    claims: allocations.map((allocation, i) => {
      const leaf = leaves[i] ?? "";
      return { allocation, leaf, proof: proofOf(leaf) };
    }),
  };
}

function hashPair(a: string, b: string): string {
  return keccak256(a < b ? concat([a, b]) : concat([b, a]));
}

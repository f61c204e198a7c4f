/** A small network in which everybody acts at random. */
import { AbiCoder, id, keccak256, toBeHex } from "ethers";
import type { ContractTransactionResponse } from "ethers";
import { WEI_PER_GWEI } from "../../../node/protocol/amounts.js";
import { parseHex } from "../../../node/protocol/hex.js";
import type { Hex } from "../../../node/protocol/hex.js";
import type { Attestation } from "../../../node/protocol/typedData.js";
import { randomFrom } from "../../node/support/random.js";
import type { Account } from "../support/account.js";
import { networkHelpers } from "../support/chain.js";
import { addApp, addBond, addNode, dtel } from "../support/people.js";
import type { App, Node } from "../support/people.js";
import { asAuthority } from "../support/penalties.js";
import type { Protocol } from "../support/protocol.js";
import type { Service } from "../support/service.js";
import { batchedViews } from "./batchedViews.js";
import { Books } from "./books.js";

/** A node's epoch from its attestation on. */
export interface ServedEpoch {
  readonly service: Service;
  readonly packedScores: bigint;
  readonly salt: Hex;
}

const LAST_ACTIONS = 40;
const NODES = 6;
const DELEGATORS = 4;

export class World {
  /** What was served and attested, by node and epoch. */
  readonly served = new Map<string, ServedEpoch>();
  /** What can be claimed or was, by node and epoch. */
  readonly attestations = new Map<string, Attestation>();
  /** The highest voucher of each app for each node. */
  readonly promised = new Map<string, { amount: bigint; score: bigint }>();
  /** Which nodes serve badly, so that all auditors say so. */
  readonly bad = new Set<bigint>();
  /** Stake of running epochs as it was first seen, by node and epoch. */
  readonly stakes = new Map<string, bigint>();
  readonly lastActions: string[] = [];
  /** How often what was done, or refused and why. */
  readonly outcomes = new Map<string, number>();

  private constructor(
    readonly seed: number,
    readonly random: ReturnType<typeof randomFrom>,
    readonly protocol: Protocol,
    /** The same contracts, for reading much at once. */
    readonly views: Protocol,
    readonly books: Books,
    readonly nodes: readonly Node[],
    readonly apps: readonly App[],
    readonly delegators: readonly Account[],
    readonly arbiters: readonly Account[],
  ) {}

  static async begin(seed: number, protocol: Protocol): Promise<World> {
    const views = await batchedViews(protocol);
    const books = await Books.open(protocol);
    const nodes: Node[] = [];
    for (let index = 0; index < NODES; index++) {
      const bond = dtel([1_000, "2500.000000001", 4_000, 12_345, 1_200, 1_000][index] ?? 1_000);
      const node = await addNode(protocol, { bond, commissionBps: 700 * index, active: true });
      nodes.push(node);
    }
    nodes.push(await secondNode(protocol, nodes[1]!));
    const apps = [
      await addApp(protocol, dtel(3_000)),
      await addApp(protocol, dtel(50)),
      await addApp(protocol, dtel(20_000)),
    ];
    const delegators: Account[] = [];
    for (let index = 0; index < DELEGATORS; index++) {
      delegators.push(await protocol.newAccount(dtel(50_000)));
    }
    const arbiters: Account[] = [];
    for (let index = 0; index < 5; index++) arbiters.push(await protocol.newAccount());
    arbiters.sort((a, b) => (BigInt(a.address) < BigInt(b.address) ? -1 : 1));
    const until = (await networkHelpers.time.latest()) + 300 * 86_400;
    await asAuthority(protocol, protocol.arbitration, "appointArbiters", [
      arbiters.map(({ id }) => id),
      until,
    ]);
    const world = new World(
      seed,
      randomFrom(seed),
      protocol,
      views,
      books,
      nodes,
      apps,
      delegators,
      arbiters,
    );
    await world.#prepareAccounts();
    return world;
  }

  /** Everybody who can hold DTEL or votes, apart from the holder of the genesis supply. */
  get people(): readonly Account[] {
    return [
      ...new Set([
        ...this.nodes.flatMap(({ owner, operator }) => [owner, operator]),
        ...this.apps.map(({ account }) => account),
        ...this.delegators,
        ...this.arbiters,
      ]),
    ];
  }

  /** To whom somebody's votes go: two of the delegators represent others. */
  representativeOf(account: Account): Account {
    const index = this.people.indexOf(account);
    return index % 3 === 0 ? this.delegators[index % 2 === 0 ? 0 : 1]! : account;
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.random.below(items.length)];
    if (item === undefined) throw new Error("nothing to pick from");
    return item;
  }

  /** True once in so many times. */
  oneIn(count: number): boolean {
    return this.random.below(count) === 0;
  }

  /** An amount in wei, whole gwei: from dust to five thousand DTEL. */
  amount(): bigint {
    const sizeGwei = this.pick([1n, 1_003n, 1_000_003n, 5_000_007n]);
    return BigInt(1 + this.random.below(1_000_000)) * sizeGwei * WEI_PER_GWEI;
  }

  /** A thing that somebody tries; the contracts may refuse it. */
  async attempt(action: string, transaction: () => Promise<ContractTransactionResponse>): Promise<boolean> {
    const refusal = await this.#try(action, transaction);
    const outcome = `${action.replaceAll(/[\d,]+/g, "#")}: ${refusal ?? "done"}`;
    this.outcomes.set(outcome, (this.outcomes.get(outcome) ?? 0) + 1);
    return refusal === undefined;
  }

  /** A thing that nothing may ever stop. */
  async must(action: string, transaction: () => Promise<ContractTransactionResponse>): Promise<void> {
    if (!(await this.attempt(action, transaction))) throw new Error(`${this.lastActions.at(-1)}: must work`);
  }

  note(what: string): void {
    this.lastActions.push(what);
    if (this.lastActions.length > LAST_ACTIONS) this.lastActions.shift();
  }

  /** @returns The name of the refusal, if it was refused. */
  async #try(
    action: string,
    transaction: () => Promise<ContractTransactionResponse>,
  ): Promise<string | undefined> {
    const epoch = await this.protocol.clock.now();
    try {
      await transaction();
      this.note(`epoch ${epoch}: ${action}`);
      return undefined;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const refusal = /reverted with custom error '(\w+)/.exec(message)?.[1];
      this.note(`epoch ${epoch}: ${action}: ${message.slice(0, 200)}`);
      // A refusal has a name. Anything else, an overflow for one, is an error of the contract or of this test.
      if (refusal === undefined) throw error;
      return refusal;
    }
  }

  /** Approvals for good, and votes, so that later steps are one transaction each. */
  async #prepareAccounts(): Promise<void> {
    const { token, staking, escrow, arbitration } = this.protocol;
    for (const account of this.people) {
      await token.connect(account).delegate(this.representativeOf(account));
      for (const spender of [staking, escrow, arbitration]) {
        await token.connect(account).approve(spender, (1n << 256n) - 1n);
      }
    }
  }
}

/** One more node of the same owner, whose votes are those of both. */
async function secondNode(protocol: Protocol, { owner, operator }: Node): Promise<Node> {
  const { registry, token } = protocol;
  await registry.connect(owner).register(operator, 2, 500, dtel(2), "wss://second.example");
  const nodeId = await registry.nodeCount();
  await token.transfer(owner, dtel(1_500));
  await addBond(protocol, { nodeId, owner }, dtel(1_500));
  await registry.connect(owner).activate(nodeId);
  return { nodeId, owner, operator };
}

const SEEDS = BigInt(
  keccak256(AbiCoder.defaultAbiCoder().encode(["uint256"], [BigInt(id("dtelecom.EpochSeeds")) - 1n])),
);
const RING_EPOCHS = 256;

/**
 * Replaces a drawn seed by one that follows from the run's own: so a run can be repeated, though hashes of blocks
 * differ. All that a draw decides reads this word.
 */
export async function fixSeed({ protocol, seed }: World, epoch: number): Promise<void> {
  const firstSeed = (SEEDS & ~0xffn) + BigInt(RING_EPOCHS);
  const word = parseHex(id(`seed ${seed} of epoch ${epoch}`), 32);
  const slot = toBeHex(firstSeed + BigInt(epoch % RING_EPOCHS), 32);
  await networkHelpers.setStorageAt(await protocol.attestations.getAddress(), slot, word);
  if ((await protocol.attestations.seedOf(epoch)) !== word) throw new Error("the seed lies elsewhere");
}

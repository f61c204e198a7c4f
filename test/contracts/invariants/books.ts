/** The protocol's books as somebody keeps them who only reads its events, with what must hold of the events alone. */
import { expect } from "chai";
import type { Interface, LogDescription, Result } from "ethers";
import type { IPenaltyManager } from "../../../types/contracts/penalties/PenaltyManager.js";
import { ethers } from "../support/chain.js";
import type { Protocol } from "../support/protocol.js";

type Slash = IPenaltyManager.SlashStructOutput;

/** What a collection or an epoch was split into, in wei. */
export interface Revenue {
  burned: bigint;
  treasury: bigint;
  stakers: bigint;
  flushed: boolean;
}

/** Claims of epochs older than this many are refused: the seed of the epoch before the last may be gone. */
const CLAIMABLE_EPOCHS = 256 - 2;
const NEXT_BLOCK = 1;

export const nodeEpoch = (nodeId: bigint, epoch: bigint | number): string => `${nodeId}/${epoch}`;
export const sum = (values: Iterable<bigint>): bigint =>
  [...values].reduce((total, value) => total + value, 0n);

/** Parts of a slash that were the owner's, in gwei. */
export const ofOwner = ({ taken }: Slash): bigint =>
  taken.bond + taken.bondExitPrevious + taken.bondExitCurrent;
/** Parts of a slash that were the delegators', in gwei. */
export const ofPool = ({ taken }: Slash): bigint => taken.pool + taken.exitPrevious + taken.exitCurrent;

export class Books {
  /** By epoch. */
  readonly revenues = new Map<number, Revenue>();
  /** Stakers' part of what apps paid, by node and epoch. */
  readonly fees = new Map<string, bigint>();
  /** Burned for a node in an epoch. */
  readonly burnedFor = new Map<string, bigint>();
  readonly claimed = new Set<string>();
  /** Work and availability, by epoch. */
  readonly credited = new Map<number, bigint>();
  /** Work, by node and epoch. */
  readonly work = new Map<string, bigint>();
  /** Collected of an app for a node. */
  readonly collected = new Map<string, bigint>();
  /** What delegators asked for: gwei by node, delegator and period. */
  readonly requested = new Map<string, bigint>();
  /** Nodes, delegators and periods of exits that were paid less than what was asked for. */
  readonly paidWithLoss = new Map<string, bigint | undefined>();
  readonly openSlashes = new Map<string, Slash>();
  readonly proven = new Set<string>();
  readonly faulted = new Set<string>();
  /** Deposits of open cases, in wei. */
  readonly deposits = new Map<bigint, bigint>();
  readonly attested = new Map<string, bigint>();
  readonly #poolSlashes = new Set<string>();
  readonly #counts = new Map<string, number>();
  burned = 0n;
  toTreasury = 0n;
  everCredited = 0n;
  /** Shares, losses and requests that were rounded: each leaves a gwei to nobody at most. */
  roundings = 0n;
  #nextBlock: number;

  private constructor(
    readonly protocol: Protocol,
    readonly interfaces: ReadonlyMap<string, Interface>,
    fromBlock: number,
  ) {
    this.#nextBlock = fromBlock;
  }

  static async open(protocol: Protocol): Promise<Books> {
    const { token, registry, staking, attestations, escrow, distributor, penalties, strikes, arbitration } =
      protocol;
    const contracts = [
      token,
      registry,
      staking,
      attestations,
      escrow,
      distributor,
      penalties,
      strikes,
      arbitration,
    ];
    const interfaces = await Promise.all(
      contracts.map(async (contract) => [await contract.getAddress(), contract.interface] as const),
    );
    return new Books(protocol, new Map(interfaces), (await ethers.provider.getBlockNumber()) + NEXT_BLOCK);
  }

  /** Writes down everything that happened since the last time. */
  async bringUpToDate(): Promise<void> {
    const toBlock = await ethers.provider.getBlockNumber();
    if (toBlock < this.#nextBlock) return;
    const logs = await ethers.provider.getLogs({ fromBlock: this.#nextBlock, toBlock });
    this.#nextBlock = toBlock + NEXT_BLOCK;
    for (const log of logs) {
      const event = this.interfaces.get(log.address)?.parseLog(log);
      if (event !== undefined && event !== null) this.#record(event);
    }
    await this.#noteLosses();
  }

  /** How often an event was seen. */
  count(event: string): number {
    return this.#counts.get(event) ?? 0;
  }

  /** Stakers' part of what was paid for epochs that can still be claimed and were not; and for those that cannot. */
  unclaimedFees(currentEpoch: number): { claimable: bigint; expired: bigint } {
    let [claimable, expired] = [0n, 0n];
    for (const [key, fees] of this.fees) {
      if (this.claimed.has(key)) continue;
      const epoch = Number(key.split("/")[1]);
      if (this.revenues.get(epoch)?.flushed !== true) continue;
      if (currentEpoch >= epoch + CLAIMABLE_EPOCHS) expired += fees;
      else claimable += fees;
    }
    return { claimable, expired };
  }

  #record(event: LogDescription): void {
    this.#counts.set(event.name, (this.#counts.get(event.name) ?? 0) + 1);
    switch (event.name) {
      case "VoucherCollected":
        return this.#collected(event);
      case "EpochFlushed":
        return this.#flushed(event);
      case "Claimed":
        return this.#claimed(event);
      case "Attested":
        this.#once(this.attested, "attested", nodeEpoch(id(event, "nodeId"), id(event, "epoch")));
        return;
      case "ServiceProven":
        this.proven.add(nodeEpoch(id(event, "nodeId"), id(event, "epoch")));
        return;
      case "ProofMissing":
        return this.#proofMissing(event);
      case "Delegated":
        this.roundings += 1n;
        return;
      case "UndelegateRequested":
        return this.#undelegated(event);
      case "ExitSlashed":
        this.paidWithLoss.set(exitKey(event), undefined);
        this.roundings += 1n;
        return;
      case "ExitRestored":
        this.paidWithLoss.set(exitKey(event), undefined);
        this.roundings += 1n;
        return;
      case "StakeSlashed":
        return this.#slashed(event);
      case "SlashOpened":
        this.openSlashes.set(String(event.args.getValue("slashId")), slashIn(event));
        return;
      case "SlashVetoed":
      case "SlashOverturned":
      case "SlashExecuted":
        expect(
          this.openSlashes.delete(String(event.args.getValue("slashId"))),
          "an open slash ends",
        ).to.equal(true);
        return;
      case "SlashesFlushed":
        this.burned += id(event, "amount");
        return;
      case "CaseOpened":
        this.deposits.set(id(event, "caseId"), id(event, "depositWei"));
        return;
      case "CaseClosed":
        expect(this.deposits.delete(id(event, "caseId")), "an open case is closed").to.equal(true);
        return;
    }
  }

  #collected(event: LogDescription): void {
    const [nodeId, epoch, amount] = [id(event, "nodeId"), Number(id(event, "epoch")), id(event, "amount")];
    const [burned, treasury] = [id(event, "burned"), id(event, "treasury")];
    const stakers = amount - burned - treasury;
    const revenue = this.revenues.get(epoch) ?? { burned: 0n, treasury: 0n, stakers: 0n, flushed: false };
    expect(revenue.flushed, `nothing is collected for epoch ${epoch} after it was flushed`).to.equal(false);
    revenue.burned += burned;
    revenue.treasury += treasury;
    revenue.stakers += stakers;
    this.revenues.set(epoch, revenue);
    add(this.fees, nodeEpoch(nodeId, epoch), stakers);
    add(this.burnedFor, nodeEpoch(nodeId, epoch), burned);
    add(this.collected, `${String(event.args.getValue("app"))}/${nodeId}`, amount);
    expect(id(event, "scoredBurn") <= burned, "scored is at most burned").to.equal(true);
  }

  #flushed(event: LogDescription): void {
    const revenue = this.revenues.get(Number(id(event, "epoch")));
    expect(revenue?.flushed, "an epoch is flushed once").to.equal(false);
    if (revenue === undefined) return;
    expect([revenue.burned, revenue.treasury, revenue.stakers], "all of an epoch is flushed").to.deep.equal([
      id(event, "burned"),
      id(event, "treasury"),
      id(event, "stakers"),
    ]);
    revenue.flushed = true;
    this.burned += revenue.burned;
    this.toTreasury += revenue.treasury;
  }

  #claimed(event: LogDescription): void {
    const [nodeId, epoch] = [id(event, "nodeId"), Number(id(event, "epoch"))];
    const key = nodeEpoch(nodeId, epoch);
    expect(this.claimed.has(key), `${key} is claimed once`).to.equal(false);
    this.claimed.add(key);
    const [work, availability] = [id(event, "work"), id(event, "availability")];
    expect(id(event, "fees"), `fees of ${key}`).to.equal(this.fees.get(key) ?? 0n);
    if (work > 0n) {
      expect(work < (this.burnedFor.get(key) ?? 0n), `work of ${key} is less than what it burned`).to.equal(
        true,
      );
      expect(
        this.attested.has(key) && !this.faulted.has(key),
        `${key} was attested and not faulted`,
      ).to.equal(true);
    }
    if (availability > 0n) expect(this.attested.has(key), `${key} was attested`).to.equal(true);
    this.work.set(key, work);
    this.credited.set(epoch, (this.credited.get(epoch) ?? 0n) + work + availability);
    this.everCredited += work + availability;
    this.roundings += 1n;
  }

  #proofMissing(event: LogDescription): void {
    const key = nodeEpoch(id(event, "nodeId"), id(event, "epoch"));
    expect(this.faulted.has(key), `${key} is faulted once`).to.equal(false);
    expect(this.proven.has(key), `${key} was proven`).to.equal(false);
    expect(this.work.get(key) ?? 0n, `${key} earned no work`).to.equal(0n);
    this.faulted.add(key);
  }

  #undelegated(event: LogDescription): void {
    add(this.requested, exitKey(event), id(event, "amount") / 1_000_000_000n);
    this.roundings += 1n;
  }

  #slashed(event: LogDescription): void {
    const taken = event.args.getValue("taken") as Slash["taken"];
    this.roundings += 10n;
    if (taken.pool + taken.exitPrevious + taken.exitCurrent === 0n) return;
    const key = nodeEpoch(id(event, "nodeId"), taken.period);
    expect(this.#poolSlashes.has(key), `the pool of ${key} is slashed once in a period`).to.equal(false);
    this.#poolSlashes.add(key);
  }

  #once(seen: Map<string, bigint>, what: string, key: string): void {
    expect(seen.has(key), `${key} is ${what} once`).to.equal(false);
    seen.set(key, 1n);
  }

  /** Reads the loss with which an exit was just paid: no event says it to the last digit. */
  async #noteLosses(): Promise<void> {
    for (const [key, loss] of this.paidWithLoss) {
      if (loss !== undefined) continue;
      const [nodeId, , period] = key.split("/");
      this.paidWithLoss.set(key, await this.protocol.staking.exitLossOf(BigInt(nodeId!), BigInt(period!)));
    }
  }
}

const id = (event: LogDescription, name: string): bigint => event.args.getValue(name) as bigint;
/** With its fields by name, as the contract takes it again. */
function slashIn(event: LogDescription): Slash {
  const slash = event.args.getValue("slash") as Result & { readonly taken: Result };
  return Object.assign(slash.toObject(), { taken: slash.taken.toObject() }) as unknown as Slash;
}

const exitKey = (event: LogDescription): string =>
  `${id(event, "nodeId")}/${String(event.args.getValue("delegator"))}/${id(event, "period")}`;

function add(book: Map<string, bigint>, key: string, amount: bigint): void {
  book.set(key, (book.get(key) ?? 0n) + amount);
}

/** A network that lives through epochs in which everybody is honest unless a scenario says otherwise. */
import { AbiCoder, id, keccak256, toBeHex } from "ethers";
import { auditCommitment, auditedSeats, auditorSeats, packScores } from "../../../node/protocol/audits.js";
import { WEI_PER_GWEI } from "../../../node/protocol/amounts.js";
import { parseHex } from "../../../node/protocol/hex.js";
import type { Attestation } from "../../../node/protocol/typedData.js";
import type { Account } from "../support/account.js";
import { networkHelpers } from "../support/chain.js";
import { addApp, addDelegator, addNode, signVoucher } from "../support/people.js";
import type { App, Node } from "../support/people.js";
import { asAuthority, openedSlash } from "../support/penalties.js";
import type { OpenSlash } from "../support/penalties.js";
import type { Protocol } from "../support/protocol.js";
import { Service, newSession } from "../support/service.js";
import type { Session } from "../support/service.js";

/** Good service, as auditors score it. */
const GOOD = 10_000;
const SALT = parseHex(id("salt"), 32);
const RING_EPOCHS = 256;

/** What is not honest about somebody's epoch; everything left out is. */
export interface Behaviour {
  /** Sessions of a node; none unless given. Undefined: the node attests nothing. */
  readonly sessions?: (node: Node, epoch: number) => Promise<readonly Session[] | undefined>;
  /** What an auditor says of a target. Undefined: it has nothing to say, and reveals nothing. */
  readonly score?: (auditor: Node, target: Node, epoch: number) => number | undefined;
  readonly proves?: (node: Node, epoch: number) => boolean;
  /** In the second half of the epoch, when what is collected counts for it. */
  readonly pay?: (epoch: number) => Promise<void>;
  /** In the first half of the epoch, after claims. */
  readonly act?: (epoch: number) => Promise<void>;
  /** At the beginning of the epoch, before claims. */
  readonly beforeClaims?: (epoch: number) => Promise<void>;
  readonly draws?: (epoch: number) => boolean;
  /** Arms every seed before anybody else can, and does not draw it. */
  readonly armsFirst?: Account;
  /** Whose commitment a node puts in place of its own. */
  readonly copies?: (node: Node) => Node | undefined;
  readonly claims?: (node: Node, epoch: number) => boolean;
  /** The seed to put in place of the drawn one. */
  readonly seed?: (epoch: number) => Promise<string | undefined>;
}

/** Who belongs together: what they have is counted as one. */
export interface Party {
  readonly accounts?: readonly Account[];
  readonly nodes?: readonly Node[];
  /** Delegators, with the nodes on which they are. */
  readonly delegations?: readonly (readonly [node: Node, delegator: Account])[];
  readonly apps?: readonly App[];
  /** What part of the treasury is theirs, in 1/10,000. */
  readonly treasuryBps?: bigint;
}

interface EpochOfNode {
  readonly node: Node;
  readonly service: Service;
  readonly packedScores: bigint | undefined;
}

export class Network {
  readonly nodes: Node[] = [];
  readonly slashes: OpenSlash[] = [];
  /** The first epoch in which everybody has a seat. */
  firstEpoch = 0;
  readonly #paid = new Map<string, bigint>();
  readonly #epochs = new Map<number, EpochOfNode[]>();

  constructor(readonly protocol: Protocol) {}

  async addNode(bond: bigint, commissionBps = 0): Promise<Node> {
    const node = await addNode(this.protocol, { bond, commissionBps, active: true });
    this.nodes.push(node);
    return node;
  }

  async addNodes(count: number, bond: bigint): Promise<Node[]> {
    const added: Node[] = [];
    for (let index = 0; index < count; index++) added.push(await this.addNode(bond));
    return added;
  }

  addApp(deposit: bigint): Promise<App> {
    return addApp(this.protocol, deposit);
  }

  addDelegator(node: Node, amount: bigint): Promise<Account> {
    return addDelegator(this.protocol, node.nodeId, amount);
  }

  /** An app pays a node so much more, with a score of `scoreBps` of it. */
  async pay(app: App, node: Node, amount: bigint, scoreBps = 10_000n): Promise<void> {
    await this.protocol.escrow.collectBatch([await this.voucher(app, node, amount, scoreBps)]);
  }

  /** The next voucher of an app for a node. */
  async voucher(app: App, node: Node, amount: bigint, scoreBps = 10_000n) {
    const key = `${app.account.id}/${node.nodeId}`;
    const total = (this.#paid.get(key) ?? 0n) + amount;
    this.#paid.set(key, total);
    const score = (total * scoreBps) / 10_000n;
    return signVoucher(this.protocol, app, node.nodeId, total, score - (score % WEI_PER_GWEI));
  }

  /** Goes to the beginning of the epoch in which seats taken now count, with all seeds before it drawn. */
  async begin(): Promise<void> {
    const { clock } = this.protocol;
    const epoch = await clock.now();
    for (const next of [epoch + 1, epoch + 2]) {
      await clock.goTo(next, clock.half);
      await this.#draw(next - 1, {});
    }
    await clock.goTo(epoch + 3, 1);
    this.firstEpoch = epoch + 3;
  }

  /** Lives through so many epochs, from the beginning of the running one, and settles all of them. */
  async live(count: number, behaviour: Behaviour = {}): Promise<void> {
    const { clock } = this.protocol;
    const first = await clock.now();
    for (let epoch = first; epoch < first + count + 2; epoch++) {
      if ((await clock.now()) < epoch) await clock.goTo(epoch, 1);
      const isServed = (each: number) => each >= first && each < first + count;
      if (isServed(epoch - 1)) await this.#attest(epoch - 1, behaviour);
      await behaviour.beforeClaims?.(epoch);
      if (isServed(epoch - 2)) await this.#settle(epoch - 2, behaviour);
      await behaviour.act?.(epoch);
      await clock.goTo(epoch, clock.half);
      if (isServed(epoch)) await behaviour.pay?.(epoch);
      await this.#draw(epoch - 1, epoch > first ? behaviour : {});
      if (isServed(epoch - 1)) await this.#proveAndReveal(epoch - 1, behaviour);
      await this.#passDeadline(epoch - 1);
    }
    await clock.goTo(first + count + 2, 1);
  }

  /** Income that arrived has streamed out two epochs later. */
  async letIncomeVest(): Promise<void> {
    const { clock } = this.protocol;
    await clock.goTo((await clock.now()) + 2, 1);
  }

  /** Ends all open slashes, upheld, once their appeals are over. */
  async executeSlashes(): Promise<void> {
    const { penalties } = this.protocol;
    for (const { slash, appealUntil } of this.slashes.splice(0)) {
      if ((await networkHelpers.time.latest()) < appealUntil)
        await networkHelpers.time.increaseTo(appealUntil);
      await penalties.execute(slash);
    }
  }

  /** All that a party has, wherever it is, in wei. */
  async wealthOf({ accounts = [], nodes = [], delegations = [], apps = [], treasuryBps = 0n }: Party) {
    const { token, staking, escrow, treasury } = this.protocol;
    let wealth = ((await token.balanceOf(treasury)) * treasuryBps) / 10_000n;
    const people = new Set([...accounts, ...nodes.flatMap(({ owner, operator }) => [owner, operator])]);
    for (const [, delegator] of delegations) people.add(delegator);
    for (const { account } of apps) people.add(account);
    for (const person of people) wealth += await token.balanceOf(person);
    for (const { nodeId } of nodes) {
      const [payableNow, waiting] = await staking.bondExitOf(nodeId);
      wealth += (await staking.bondOf(nodeId)) + (await staking.ownerIncomeOf(nodeId)) + payableNow + waiting;
    }
    for (const [{ nodeId }, delegator] of delegations) {
      const [payableNow, waiting] = await staking.exitOf(nodeId, delegator);
      wealth += (await staking.delegationOf(nodeId, delegator)) + payableNow + waiting;
    }
    for (const { account } of apps) {
      wealth += await escrow.balanceOf(account);
      for (const { nodeId } of this.nodes) {
        wealth += (await escrow.accountOf(account, nodeId)).reserved * WEI_PER_GWEI;
      }
    }
    return wealth;
  }

  /** Sessions of these bytes. One that is not `granted` was made up by the node. */
  sessionsOf(
    node: Node,
    epoch: number,
    sessions: readonly { readonly bytes: bigint; readonly app: App; readonly granted?: boolean }[],
  ): Promise<Session[]> {
    return Promise.all(
      sessions.map(({ bytes, app, granted = true }, index) =>
        newSession(this.protocol, app, node, epoch, `${node.nodeId}-${epoch}-${index}`, {
          bytesDelivered: bytes,
          ...(granted ? {} : { grantSigner: node.operator }),
        }),
      ),
    );
  }

  /** The attestation of a node's epoch. */
  attestationOf(node: Node, epoch: number): Attestation {
    const found = this.#epochs.get(epoch)?.find((each) => each.node === node);
    if (found === undefined) throw new Error(`node ${node.nodeId} did not attest ${epoch}`);
    return found.service.attestation;
  }

  async #attest(epoch: number, { sessions, score, copies }: Behaviour): Promise<void> {
    const served: EpochOfNode[] = [];
    const seating = await this.#seating(epoch);
    for (const node of this.nodes) {
      const packedScores = scoresOf(seating, node, (target) =>
        score === undefined ? GOOD : score(node, target, epoch),
      );
      const list = sessions === undefined ? [] : await sessions(node, epoch);
      if (list === undefined) continue;
      const commitment = {
        ...(packedScores !== undefined && {
          // Who copies knows what is hidden in it, at best.
          auditCommitment: auditCommitment((copies?.(node) ?? node).nodeId, epoch, packedScores, SALT),
        }),
      };
      const service = new Service(this.protocol, node, epoch, list, commitment);
      served.push({ node, service, packedScores });
    }
    this.#epochs.set(epoch, served);
    await this.protocol.attestations.attestBatch(
      await Promise.all(served.map(({ service }) => service.signed())),
    );
  }

  /** Who audits whom in an epoch; nobody where it is not audited. */
  async #seating(epoch: number): Promise<Seating> {
    const { attestations } = this.protocol;
    const offsets = (await attestations.auditOffsets(epoch)).map(Number);
    const size = Number(await attestations.ringSizeAt(epoch));
    const seats = new Map<Node, number>();
    const nodes = new Map<number, Node>();
    for (const node of this.nodes) {
      const { seated, seat } = await attestations.seatOf(node.nodeId, epoch);
      if (!seated) continue;
      seats.set(node, Number(seat));
      nodes.set(Number(seat), node);
    }
    return { offsets, size, seats, nodes };
  }

  async #draw(epoch: number, { draws, seed, armsFirst }: Behaviour): Promise<void> {
    const { attestations } = this.protocol;
    if (draws?.(epoch) === false) return;
    await (armsFirst === undefined ? attestations : attestations.connect(armsFirst)).arm(epoch);
    await networkHelpers.mine(15);
    await attestations.draw(epoch);
    const wanted = await seed?.(epoch);
    if (wanted !== undefined) await this.setSeed(epoch, wanted);
  }

  /** Draws a seed long after its time, and settles the epoch. */
  async drawLate(epoch: number): Promise<void> {
    await this.#draw(epoch, {});
    await this.settleLate(epoch);
  }

  /** Settles an epoch that is drawn, once its deadline is over. */
  async settleLate(epoch: number): Promise<void> {
    const { timestamp } = await this.protocol.attestations.proofDeadline(epoch);
    await networkHelpers.time.increaseTo(timestamp);
    await this.#passDeadline(epoch);
    await this.#settle(epoch, {});
  }

  /** Puts another seed in place of the drawn one: luck, as a scenario needs it. */
  async setSeed(epoch: number, seed: string): Promise<void> {
    const slot = toBeHex(SEEDS + BigInt(epoch % RING_EPOCHS), 32);
    await networkHelpers.setStorageAt(await this.protocol.attestations.getAddress(), slot, seed);
  }

  /** A seed by which a node must prove an epoch, or need not. The epoch's own seed is drawn. */
  async seedThat(node: Node, epoch: number, picks: boolean): Promise<string> {
    const { attestations, escrow } = this.protocol;
    const [burned] = await escrow.nodeRevenueOf(node.nodeId, epoch);
    for (let attempt = 0; attempt < 1_000; attempt++) {
      const seed = id(`seed ${attempt}`);
      await this.setSeed(epoch, seed);
      if ((await attestations.mustProve(node.nodeId, epoch, burned)) === picks) return seed;
    }
    throw new Error("no seed does that");
  }

  async #proveAndReveal(epoch: number, { proves, copies }: Behaviour): Promise<void> {
    const { attestations, escrow } = this.protocol;
    for (const { node, service, packedScores } of this.#epochs.get(epoch) ?? []) {
      const { attestation } = service;
      const { drawn } = await attestations.proofDeadline(epoch);
      if (drawn && attestation.bytesDelivered > 0n && proves?.(node, epoch) !== false) {
        const [burned] = await escrow.nodeRevenueOf(node.nodeId, epoch);
        if (await attestations.mustProve(node.nodeId, epoch, burned)) await service.prove();
      }
      const seat = await attestations.seatOf(node.nodeId, epoch);
      if (packedScores === undefined || !seat.seated) continue;
      const reveal = () => attestations.reveal(attestation, packedScores, SALT);
      if (copies?.(node) === undefined) await reveal();
      else if (!(await isRefused(reveal, "CommitmentMismatch"))) throw new Error("a copy was revealed");
    }
  }

  async #passDeadline(epoch: number): Promise<void> {
    const { drawn, blockNumber } = await this.protocol.attestations.proofDeadline(epoch);
    const missing = Number(blockNumber) - (await networkHelpers.time.latestBlock());
    if (drawn && missing > 0) await networkHelpers.mine(missing);
  }

  async #settle(epoch: number, { claims }: Behaviour): Promise<void> {
    const { distributor, attestations } = this.protocol;
    const { drawn, timestamp } = await attestations.proofDeadline(epoch);
    if (!drawn) return;
    if ((await networkHelpers.time.latest()) < timestamp) await networkHelpers.time.increaseTo(timestamp);
    const due = (this.#epochs.get(epoch) ?? []).filter(({ node }) => claims?.(node, epoch) !== false);
    await distributor.claimBatch(due.map(({ service }) => service.attestation));
  }

  /** Posts every strike that an epoch gives. */
  async postStrikes(epoch: number, poster = this.protocol.holder): Promise<void> {
    if (epoch < this.firstEpoch) return;
    const strikes = this.protocol.strikes.connect(poster);
    const { offsets, size, seats, nodes } = await this.#seating(epoch);
    for (const [target, seat] of seats) {
      await isRefused(() => strikes.strikeTarget(target.nodeId, epoch));
      for (const auditorSeat of auditorSeats(seat, size, offsets)) {
        const auditor = nodes.get(auditorSeat);
        if (auditor === undefined) continue;
        await isRefused(() => strikes.strikeAuditor(auditor.nodeId, target.nodeId, epoch));
      }
    }
  }

  /** Reports a missing proof; false where none is missing. */
  async report(reporter: Account, node: Node, epoch: number): Promise<boolean> {
    const { penalties } = this.protocol;
    const attestation = this.attestationOf(node, epoch);
    try {
      this.slashes.push(await openedSlash(await penalties.connect(reporter).reportMissingProof(attestation)));
      return true;
    } catch (error) {
      if (error instanceof Error && error.message.includes("NoProofMissing")) return false;
      throw error;
    }
  }

  /** Sets parameters of a contract as the administrator does. */
  govern(contract: Parameters<typeof asAuthority>[1], name: string, values: readonly unknown[]) {
    return asAuthority(this.protocol, contract, name, values);
  }
}

interface Seating {
  readonly offsets: readonly number[];
  readonly size: number;
  readonly seats: ReadonlyMap<Node, number>;
  readonly nodes: ReadonlyMap<number, Node>;
}

/** One word of scores; undefined for who has nothing to say about one of its targets. */
function scoresOf(
  { offsets, size, seats, nodes }: Seating,
  auditor: Node,
  score: (target: Node) => number | undefined,
): bigint | undefined {
  const own = seats.get(auditor);
  if (offsets.length === 0 || own === undefined) return packScores([GOOD]);
  const scores = auditedSeats(own, size, offsets).map((seat) => {
    const target = nodes.get(seat);
    return target === undefined ? GOOD : score(target);
  });
  const given = scores.filter((each) => each !== undefined);
  return given.length === scores.length ? packScores(given) : undefined;
}

/** Whether the contracts refuse a call, by this name if one is given. */
async function isRefused(
  call: () => Promise<unknown>,
  name = "reverted with custom error",
): Promise<boolean> {
  try {
    await call();
    return false;
  } catch (error) {
    if (error instanceof Error && error.message.includes(name)) return true;
    throw error;
  }
}

const NAMESPACE = BigInt(id("dtelecom.EpochSeeds")) - 1n;
const SEEDS =
  (BigInt(keccak256(AbiCoder.defaultAbiCoder().encode(["uint256"], [NAMESPACE]))) & ~0xffn) +
  BigInt(RING_EPOCHS);

export { GOOD, SALT };

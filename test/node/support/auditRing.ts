import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { NonceManager, Wallet } from "ethers";
import { createEpochClock } from "../../../node/protocol/epochClock.js";
import type { EpochClock } from "../../../node/protocol/epochClock.js";
import { eventually } from "./eventually.js";
import { LocalChain, mined } from "./localChain.js";
import { startOperator } from "./testOperator.js";

export type Operator = Awaited<ReturnType<typeof startOperator>>;

export interface RingNode {
  /** The operator's. */
  readonly wallet: Wallet;
  readonly nodeId: bigint;
  readonly owner: NonceManager;
}

/** Nodes with seats in the audit ring of a chain of this process, and their operators, whose clock is the chain's. */
export class AuditRing {
  readonly chain: LocalChain;
  readonly clock: EpochClock;
  #directory = "";
  #running: Operator[] = [];
  #restore: () => Promise<void> = () => Promise.resolve();

  private constructor(chain: LocalChain, clock: EpochClock) {
    this.chain = chain;
    this.clock = clock;
  }

  /** Starts a chain and deploys the protocol, without any node. @param behindSeconds See `LocalChain.start`. */
  static async start(options: { behindSeconds?: number } = {}): Promise<AuditRing> {
    const chain = await LocalChain.start(options);
    return new AuditRing(chain, createEpochClock(await chain.deploy()));
  }

  async close(): Promise<void> {
    await this.chain.close();
  }

  /** Before a test: each has a ring of its own, and a directory. */
  async begin(): Promise<void> {
    this.#restore = await this.chain.snapshot();
    this.#directory = await mkdtemp(join(tmpdir(), "dtelecom-ring-"));
  }

  /** After a test: stops its operators and takes everything back. */
  async end(): Promise<void> {
    await this.stopAll();
    await this.#restore();
    await rm(this.#directory, { recursive: true });
  }

  /** Emptied after the test. */
  get directory(): string {
    return this.#directory;
  }

  pathOf({ nodeId }: Pick<RingNode, "nodeId">): string {
    return join(this.#directory, `${nodeId}.sqlite`);
  }

  /** A registered node without a seat. @param bond DTEL; "0" for none. */
  async newNode(bond?: string): Promise<RingNode> {
    const wallet = await this.chain.account();
    return { wallet, ...(await this.chain.ownedNode(wallet, { bond })) };
  }

  /** So many nodes with a seat each. @param bondOf DTEL by the node's place, from 0. */
  async seatedNodes(count: number, bondOf: (index: number) => number = () => 1_000): Promise<RingNode[]> {
    const nodes: RingNode[] = [];
    for (let index = 0; index < count; index++) {
      const node = await this.newNode(String(bondOf(index)));
      const { nodeRegistry } = this.chain.contracts(this.chain.senderOf(node.wallet));
      await mined(nodeRegistry.activate(node.nodeId));
      nodes.push(node);
    }
    return nodes;
  }

  /** A node's operator, on the node's database; stopped after the test. Its duties are not started. */
  async operatorOf(node: Pick<RingNode, "nodeId" | "wallet">): Promise<Operator> {
    const ask = () => Promise.reject(new Error("no app is served here"));
    const operator = await startOperator(this.chain, { ...node, path: this.pathOf(node), ask });
    this.#running.push(operator);
    return operator;
  }

  async stop(operator: Operator): Promise<void> {
    this.#running = this.#running.filter((other) => other !== operator);
    await operator.stop();
  }

  async stopAll(): Promise<void> {
    for (const operator of this.#running.splice(0)) await operator.stop();
  }

  async currentEpoch(): Promise<number> {
    return this.clock.currentEpoch((await this.#headSeconds()) * 1_000);
  }

  async drawSeed(epoch: number): Promise<void> {
    const { serviceAttestations } = this.chain.contracts();
    await this.chain.mineAt(this.clock.commitWindowOf(epoch).closesAt);
    await mined(serviceAttestations.arm(epoch));
    await this.chain.mine(16);
    await mined(serviceAttestations.draw(epoch));
  }

  /** Goes to the beginning of the next epoch that is audited by those who have a seat now. */
  async auditedEpoch(): Promise<number> {
    const epoch = (await this.currentEpoch()) + 3;
    await this.drawSeed(epoch - 2);
    await this.chain.mineAt(this.clock.startOf(epoch) + 1);
    return epoch;
  }

  /** Goes on after the end of an epoch, when it can be attested. */
  async passEndOf(epoch: number, operator: Operator): Promise<void> {
    const moment = this.clock.endOf(epoch) + 5;
    await this.chain.mineAt(moment);
    await eventually("the node sees the block", () => operator.watcher.head.timestamp >= moment);
  }

  async attested(operator: Operator, epoch: number): Promise<void> {
    await eventually(
      "attested",
      async () => (await operator.chain.attestationRecord(epoch)).status === "attested",
    );
  }

  async revealed({ ring }: Operator, epoch: number): Promise<void> {
    await this.mineUntil("revealed", () => ring.hasRevealed(epoch));
  }

  /** Waits until operators know the newest block. */
  async seen(operators: readonly Operator[]): Promise<void> {
    const number = await this.chain.provider.getBlockNumber();
    for (const operator of operators)
      await eventually("the node sees the block", () => operator.watcher.head.number >= number);
  }

  /** Lets the chain go on, a block a moment, until something holds. */
  async mineUntil(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
    await eventually(what, async () => {
      await this.chain.mine();
      await pause(100);
      return holds();
    });
  }

  /** Mines a block so many seconds after the newest one. */
  async passSeconds(seconds: number): Promise<void> {
    await this.chain.mineAt((await this.#headSeconds()) + seconds);
  }

  async #headSeconds(): Promise<number> {
    return (await this.chain.provider.getBlock("latest"))?.timestamp ?? 0;
  }
}

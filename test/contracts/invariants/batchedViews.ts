/** The protocol's views, many in one call. */
import { ContractFactory, Interface } from "ethers";
import type { ContractRunner, TransactionRequest } from "ethers";
import hre from "hardhat";
import { ethers } from "../support/chain.js";
import type { Protocol } from "../support/protocol.js";

interface WaitingCall {
  readonly to: string;
  readonly data: string;
  readonly resolve: (answer: string) => void;
  readonly reject: (error: unknown) => void;
}

const AGGREGATOR = new Interface([
  "function read(address[] targets, bytes[] calls) view returns (bytes[] answers)",
]);
/** Calldata and answers of so many views stay far below what one call may cost. */
const MOST_AT_ONCE = 400;

/** What contracts are connected to whose views are to be read together: all that are asked for in one turn. */
class BatchingRunner implements ContractRunner {
  readonly provider = null;
  #waiting: WaitingCall[] = [];

  constructor(readonly aggregator: string) {}

  call({ to, data }: TransactionRequest): Promise<string> {
    if (typeof to !== "string" || typeof data !== "string") throw new TypeError("not a call of a view");
    return new Promise((resolve, reject) => {
      if (this.#waiting.length === 0) setImmediate(() => void this.#flush());
      this.#waiting.push({ to, data, resolve, reject });
    });
  }

  async #flush(): Promise<void> {
    const calls = this.#waiting;
    this.#waiting = [];
    for (let first = 0; first < calls.length; first += MOST_AT_ONCE) {
      await this.#read(calls.slice(first, first + MOST_AT_ONCE));
    }
  }

  async #read(calls: readonly WaitingCall[]): Promise<void> {
    try {
      const answer = await ethers.provider.call({
        to: this.aggregator,
        data: AGGREGATOR.encodeFunctionData("read", [
          calls.map(({ to }) => to),
          calls.map(({ data }) => data),
        ]),
      });
      const [answers] = AGGREGATOR.decodeFunctionResult("read", answer) as unknown as [string[]];
      calls.forEach(({ resolve }, index) => resolve(answers[index] ?? "0x"));
    } catch (error) {
      for (const { reject } of calls) reject(error);
    }
  }
}

/** The same contracts, for reading only. */
export async function batchedViews(protocol: Protocol): Promise<Protocol> {
  const { abi, bytecode } = await hre.artifacts.readArtifact("Aggregator");
  const aggregator = await new ContractFactory(abi, bytecode, protocol.holder).deploy();
  await aggregator.waitForDeployment();
  const runner = new BatchingRunner(await aggregator.getAddress());
  return {
    ...protocol,
    token: protocol.token.connect(runner),
    registry: protocol.registry.connect(runner),
    staking: protocol.staking.connect(runner),
    attestations: protocol.attestations.connect(runner),
    escrow: protocol.escrow.connect(runner),
    distributor: protocol.distributor.connect(runner),
    ring: protocol.ring.connect(runner),
    penalties: protocol.penalties.connect(runner),
    strikes: protocol.strikes.connect(runner),
    arbitration: protocol.arbitration.connect(runner),
  };
}

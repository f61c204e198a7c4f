/** A chain in a process of its own, and its levers: blocks, time, snapshots. */
import { JsonRpcProvider, Network } from "ethers";
import { z } from "zod";
import { startProgram } from "./program.js";

/** Of network "hardhat" in hardhat.config.ts. */
const CHAIN_ID = 31_337;

export class TestChain {
  private constructor(
    readonly rpcUrl: string,
    readonly provider: JsonRpcProvider,
    private readonly end: () => Promise<unknown>,
  ) {}

  static async start(port = 0): Promise<TestChain> {
    const program = startProgram(["--import", "tsx", "test/indexer/support/chainServer.ts"], {
      CHAIN_PORT: String(port),
    });
    const ready = z.object({ port: z.int() }).parse(await program.ready);
    const rpcUrl = `http://127.0.0.1:${ready.port}`;
    const provider = new JsonRpcProvider(rpcUrl, Network.from(CHAIN_ID), {
      staticNetwork: true,
      cacheTimeout: -1,
      batchMaxCount: 1,
      pollingInterval: 50,
    });
    return new TestChain(rpcUrl, provider, () => program.stop());
  }

  async stop(): Promise<void> {
    this.provider.destroy();
    await this.end();
  }

  get port(): number {
    return Number(new URL(this.rpcUrl).port);
  }

  async height(): Promise<number> {
    return this.provider.getBlockNumber();
  }

  async now(): Promise<number> {
    const block = await this.provider.getBlock("latest");
    if (block === null) throw new Error("the chain has no block");
    return block.timestamp;
  }

  /** One by one: `hardhat_mine` makes up blocks in between whose successors have a parent hash of zero. */
  async mine(blocks = 1): Promise<void> {
    for (let mined = 0; mined < blocks; mined += 1) await this.provider.send("evm_mine", []);
  }

  /** Mines a block at a time, if the newest is older. */
  async goTo(timestampSeconds: number): Promise<void> {
    if ((await this.now()) >= timestampSeconds) return;
    await this.provider.send("evm_setNextBlockTimestamp", [timestampSeconds]);
    await this.mine();
  }

  async snapshot(): Promise<string> {
    return z.string().parse(await this.provider.send("evm_snapshot", []));
  }

  /** Takes the chain back to a snapshot. */
  async revert(snapshot: string): Promise<void> {
    await this.provider.send("evm_revert", [snapshot]);
  }
}

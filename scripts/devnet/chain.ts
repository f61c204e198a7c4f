/** Starts the devnet's chain. */
import { JsonRpcProvider, Network } from "ethers";
import { z } from "zod";
import type { ManagedProcess } from "./process.js";
import type { ProcessGroup } from "./processGroup.js";

const readyMessage = z.object({ ready: z.literal(true), port: z.int() });

/** Must agree with network "node" in hardhat.config.ts. */
export const DEVNET_CHAIN_ID = 33_380;

export interface Chain {
  readonly process: ManagedProcess;
  readonly rpcUrl: string;
}

/** @param port 0 for any free one. */
export async function startChain(group: ProcessGroup, directory: string, port: number): Promise<Chain> {
  const process = group.start({
    name: "chain",
    script: "scripts/devnet/processes/chain.ts",
    env: { DEVNET_CHAIN_PORT: String(port) },
    logFile: `${directory}/chain.log`,
  });
  const message = await process.receive(readyMessage, 60_000);
  return { process, rpcUrl: `http://127.0.0.1:${message.port}` };
}

/** A provider for a chain with one-second blocks: nothing cached, nothing batched, polled often. */
export function devnetProvider(rpcUrl: string): JsonRpcProvider {
  return new JsonRpcProvider(rpcUrl, Network.from(DEVNET_CHAIN_ID), {
    staticNetwork: true,
    cacheTimeout: -1,
    pollingInterval: 500,
  });
}

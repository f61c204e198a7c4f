import type { Log } from "ethers";
import type { RpcProvider } from "../../../node/chain/rpcProvider.js";

/** Providers cap the range of one query. */
const BLOCKS = 5_000;

/** All logs of a contract since a block, in order. */
export async function logsOf(rpc: RpcProvider, address: string, fromBlock: number): Promise<Log[]> {
  const newest = await rpc.getBlockNumber();
  const logs: Log[] = [];
  for (let from = fromBlock; from <= newest; from += BLOCKS) {
    logs.push(
      ...(await rpc.getLogs({ address, fromBlock: from, toBlock: Math.min(from + BLOCKS - 1, newest) })),
    );
  }
  return logs;
}

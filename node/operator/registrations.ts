import { z } from "zod";
import { zeroPadValue } from "ethers";
import { INodeRegistry__factory } from "../../types/contracts/factories/staking/INodeRegistry__factory.js";
import type { ChainAccess } from "./chainAccess.js";

/** What the registry says of a node. */
export interface Registration {
  readonly nodeId: bigint;
  readonly owner: string;
  readonly operator: string;
  /** The last one announced. */
  readonly endpoint: string | undefined;
  readonly priceWei: bigint;
  readonly capacityMbps: number;
  /** 0 idle, 1 active, 2 retired. */
  readonly status: bigint;
}

const registry = INodeRegistry__factory.createInterface();
const REGISTERED = registry.getEvent("NodeRegistered").topicHash;
const ENDPOINT_CHANGED = registry.getEvent("EndpointChanged").topicHash;
const nodeSchema = z.object({ nodeId: z.bigint() });
const endpointSchema = z.object({ nodeId: z.bigint(), endpoint: z.string() });
const RETIRED = 2n;
/** Blocks asked for at once; halved where a provider refuses. */
const BLOCKS_AT_ONCE = 10_000;
const FEWEST_BLOCKS_AT_ONCE = 8;

/**
 * The node of this id; or, where none is named (0), the owner's newest one with this operator key that has not
 * retired. Asks the logs, so a registration that was sent before is found again.
 * @throws Error where the named node does not exist.
 */
export async function findRegistration(
  access: ChainAccess,
  { nodeId, owner, operator }: { nodeId: bigint; owner: string; operator: string },
): Promise<Registration | undefined> {
  if (nodeId !== 0n) return readRegistration(access, nodeId);
  const logs = await registryLogs(access, [REGISTERED], { owner });
  for (const log of logs.reverse()) {
    const event = registry.parseLog(log);
    if (event === null) continue;
    const found = await readRegistration(access, nodeSchema.parse(event.args.toObject()).nodeId);
    if (found.operator === operator && found.status !== RETIRED) return found;
  }
  return undefined;
}

export async function readRegistration(access: ChainAccess, nodeId: bigint): Promise<Registration> {
  const { nodeRegistry, serviceAttestations } = access.contracts;
  const [node, operator, logs] = await Promise.all([
    nodeRegistry.nodeOf(nodeId),
    serviceAttestations.operatorOf(nodeId),
    registryLogs(access, [REGISTERED, ENDPOINT_CHANGED], { nodeId }),
  ]);
  const last = logs.at(-1);
  const event = last === undefined ? null : registry.parseLog(last);
  return {
    ...{ nodeId, operator, owner: node.owner, priceWei: node.pricePerGBWei, status: node.status },
    capacityMbps: Number(node.capacityMbps),
    endpoint: event === null ? undefined : endpointSchema.parse(event.args.toObject()).endpoint,
  };
}

/** All nodes' endpoints, the last that each announced. */
export async function allEndpoints(access: ChainAccess): Promise<Map<bigint, string>> {
  const endpoints = new Map<bigint, string>();
  for (const log of await registryLogs(access, [REGISTERED, ENDPOINT_CHANGED], {})) {
    const event = registry.parseLog(log);
    if (event === null) continue;
    const { nodeId, endpoint } = endpointSchema.parse(event.args.toObject());
    endpoints.set(nodeId, endpoint);
  }
  return endpoints;
}

interface RegistryLog {
  readonly topics: readonly string[];
  readonly data: string;
}

async function registryLogs(
  { provider, deployment }: ChainAccess,
  events: string[],
  { nodeId, owner }: { nodeId?: bigint; owner?: string },
): Promise<RegistryLog[]> {
  const head = await provider.getBlockNumber();
  const topics = [
    events,
    nodeId === undefined ? null : zeroPadValue(`0x${nodeId.toString(16).padStart(64, "0")}`, 32),
    ...(owner === undefined ? [] : [zeroPadValue(owner, 32)]),
  ];
  const ask = async (fromBlock: number, toBlock: number): Promise<RegistryLog[]> => {
    try {
      return await provider.getLogs({
        address: deployment.addresses.nodeRegistry,
        topics,
        fromBlock,
        toBlock,
      });
    } catch (error) {
      if (toBlock - fromBlock < FEWEST_BLOCKS_AT_ONCE) throw error;
      const middle = Math.floor((fromBlock + toBlock) / 2);
      return [...(await ask(fromBlock, middle)), ...(await ask(middle + 1, toBlock))];
    }
  };
  const logs: RegistryLog[] = [];
  for (let from = deployment.startBlock; from <= head; from += BLOCKS_AT_ONCE) {
    logs.push(...(await ask(from, Math.min(from + BLOCKS_AT_ONCE - 1, head))));
  }
  return logs;
}

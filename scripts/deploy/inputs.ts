/** What a deployment is made from: the network's files and what the command line adds to them. */
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { parseAddress } from "../../node/protocol/hex.js";
import type { Address } from "../../node/protocol/hex.js";
import { addressSchema, hexSchema } from "../../node/protocol/schemas.js";
import type { RpcProvider } from "../../node/chain/rpcProvider.js";
import { allocationListSchema } from "../governance/allocations.js";
import type { GenesisPlan } from "../ignition/genesis.js";
import type { DeploymentDecisions } from "../ignition/plan.js";
import { parametersSchema } from "../parameters/schema.js";
import type { Parameters } from "../parameters/schema.js";
import type { NetworkConfig, NetworkName } from "./networks.js";
import type { CommandLine } from "./options.js";
import type { DeploymentRecord } from "./record.js";

/** A network's files as they are written. */
export async function networkFiles(
  network: NetworkName,
): Promise<{ parameters: unknown; allocations: unknown }> {
  const read = async (path: string): Promise<unknown> =>
    JSON.parse(await readFile(new URL(`../parameters/${path}`, import.meta.url), "utf8"));
  return {
    parameters: await read(`${network}.json`),
    allocations: await read(`allocations/${network}.json`),
  };
}

export function parametersOf({ parameters }: Pick<DeploymentRecord, "parameters">): Parameters {
  const parsed = parametersSchema.safeParse(parameters);
  if (!parsed.success) throw new Error(`the parameters are not valid:\n${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

export function genesisOf(record: DeploymentRecord): GenesisPlan {
  const parsed = allocationListSchema.safeParse(record.allocations);
  if (!parsed.success) throw new Error(`the allocations are not valid:\n${z.prettifyError(parsed.error)}`);
  return { list: parsed.data, beneficiaries: record.beneficiaries, claimAtOnce: record.claimAtOnce };
}

export function decisionsOf(record: DeploymentRecord): Omit<DeploymentDecisions, "genesis"> {
  return {
    genesisSeconds: record.genesisSeconds,
    guardianEndSeconds: record.guardianEndSeconds,
    guardian: record.guardian,
    deployer: record.deployer,
    holder: record.deployer,
    arbiters: record.arbiters,
    handOver: true,
  };
}

/** A local chain that was started anew is another chain, whatever its id. */
export async function firstBlockHash(rpc: RpcProvider) {
  const block = await rpc.getBlock(0);
  return hexSchema(32).parse(block?.hash);
}

/**
 * Decides what is decided once for a deployment.
 * @throws Error saying what has to be given.
 */
export async function decide(
  options: CommandLine,
  network: NetworkConfig,
  rpc: RpcProvider,
  deployer: Address,
): Promise<DeploymentRecord> {
  const { guardian, arbiters, arbitersUntil } = options;
  const newest = await rpc.getBlock("latest");
  if (newest === null) throw new Error("the chain has no block");
  if (network.isPublic && guardian === undefined) throw new Error(`${options.network} needs --guardian`);
  const files = await networkFiles(options.network);
  const { governance } = parametersOf(files);
  const record: DeploymentRecord = {
    network: options.network,
    chainId: network.chainId,
    chainGenesis: await firstBlockHash(rpc),
    startBlock: newest.number,
    deployer,
    guardian: guardian ?? deployer,
    guardianEndSeconds: newest.timestamp + governance.guardianSeconds,
    genesisSeconds: newest.timestamp,
    allocations: files.allocations,
    beneficiaries: await beneficiariesOf(options, network, files.allocations, deployer),
    claimAtOnce: !network.isPublic,
    ...(arbiters &&
      arbitersUntil && {
        arbiters: {
          members: arbiters.toSorted((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1)),
          untilSeconds: Math.floor(arbitersUntil.getTime() / 1_000),
        },
      }),
    parameters: files.parameters,
  };
  genesisOf(record);
  return record;
}

/** Whom the list of allocations means by names. On a devnet that is the deployer, whoever they are. */
async function beneficiariesOf(
  { network: name, beneficiaries: file }: CommandLine,
  { isPublic }: NetworkConfig,
  allocations: unknown,
  deployer: Address,
): Promise<Record<string, Address>> {
  const list = allocationListSchema.parse(allocations).allocations;
  const names = list
    .map(({ beneficiary }) => beneficiary)
    .filter((beneficiary) => !beneficiary.startsWith("0x") && beneficiary !== "treasury");
  if (file === undefined) {
    if (isPublic && names.length > 0) throw new Error(`${name} needs --beneficiaries: ${names.join(", ")}`);
    return Object.fromEntries(names.map((one) => [one, deployer]));
  }
  const parsed = z
    .record(z.string(), addressSchema)
    .safeParse(JSON.parse(await readFile(file, "utf8")) as unknown);
  if (!parsed.success) throw new Error(`${file}:\n${z.prettifyError(parsed.error)}`);
  const missing = names.filter((one) => parsed.data[one] === undefined);
  if (missing.length > 0) throw new Error(`${file} gives no address for ${missing.join(", ")}`);
  return Object.fromEntries(names.map((one) => [one, parseAddress(parsed.data[one] ?? "")]));
}

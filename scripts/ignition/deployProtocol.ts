/** Deploys the whole protocol to a chain that lives as long as its deployment: a test's, or the devnet's. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deploy, DeploymentResultType } from "@nomicfoundation/ignition-core";
import type { Artifact, ArtifactResolver, DeployConfig } from "@nomicfoundation/ignition-core";
import hre from "hardhat";
import { z } from "zod";
import type { Parameters } from "../parameters/schema.js";
import { explain } from "./explain.js";
import { withGasRoom } from "./gasRoom.js";
import type { GenesisPlan } from "./genesis.js";
import { deploymentFile, deploymentPlan } from "./plan.js";
import type { DeploymentDecisions, IgnitionPlan, ProtocolDeployment } from "./plan.js";
import { deployInSteps } from "./steps.js";
import type { DeployedContracts } from "./steps.js";

/** What this needs of an EIP-1193 provider: Hardhat's connections and ethers' JSON-RPC providers can be made one. */
export interface DeploymentProvider {
  request(call: { method: string; params?: readonly unknown[] | object }): Promise<unknown>;
}

export interface DeployOptions {
  /** Of a chain that signs for its accounts. */
  readonly provider: DeploymentProvider;
  readonly parameters: Parameters;
  /** Signs, pays and becomes the administrator; the chain's first account unless given. */
  readonly deployer?: string;
  /** Receives the genesis supply; the deployer unless given. */
  readonly holder?: string;
  /** The deployer unless given. */
  readonly guardian?: string;
  /** Start of epoch 0, not after the chain's newest block; that block's time unless given. */
  readonly genesisSeconds?: number;
  /** Who gets the genesis supply, through the vesting contract. It stays with the holder unless given. */
  readonly genesis?: GenesisPlan;
  readonly arbiters?: DeploymentDecisions["arbiters"];
  /** Gives all power to the timelock at the end. Unless true, the deployer remains the administrator. */
  readonly handOver?: boolean;
}

const accountsSchema = z.array(z.string()).min(1, "the chain has no account that could deploy");
const quantitySchema = z.string().transform((hex) => Number(BigInt(hex)));
const blockSchema = z.object({ number: quantitySchema, timestamp: quantitySchema });

/** Nothing to resume, nobody to compete with for a block. */
const CONFIG: Partial<DeployConfig> = {
  requiredConfirmations: 1,
  blockPollingInterval: 10,
  retryInterval: 10,
  maxRetries: 1_000,
  disableFeeBumping: true,
};

/** Read once: Ignition asks for each several times. */
const artifacts = new Map<string, Promise<Artifact>>();

export const artifactResolver: ArtifactResolver = {
  loadArtifact: (name) => {
    const artifact = artifacts.get(name) ?? hre.artifacts.readArtifact(name);
    artifacts.set(name, artifact);
    return artifact;
  },
  // Only wanted for verification with a block explorer.
  getBuildInfo: async () => undefined,
};

/**
 * Deploys and wires all contracts.
 * @throws Error naming each step that failed and why.
 */
export async function deployProtocol(options: DeployOptions): Promise<ProtocolDeployment> {
  const { provider, parameters } = options;
  const accounts = accountsSchema.parse(await provider.request({ method: "eth_accounts" }));
  const chainId = quantitySchema.parse(await provider.request({ method: "eth_chainId" }));
  const block = blockSchema.parse(
    await provider.request({ method: "eth_getBlockByNumber", params: ["latest", false] }),
  );
  const deployer = options.deployer ?? accounts[0];
  const genesisSeconds = options.genesisSeconds ?? block.timestamp;
  if (deployer === undefined) throw new Error("the chain has no account that could deploy");
  if (genesisSeconds > block.timestamp) {
    throw new Error(
      `genesis ${genesisSeconds} lies ahead of the chain's newest block, which is of ${block.timestamp}`,
    );
  }

  const decisions: Omit<DeploymentDecisions, "genesis"> = {
    genesisSeconds,
    guardianEndSeconds: block.timestamp + parameters.governance.guardianSeconds,
    guardian: options.guardian ?? deployer,
    deployer,
    holder: options.holder ?? deployer,
    arbiters: options.arbiters,
    handOver: options.handOver ?? false,
  };
  const steps = (directory: string | undefined) => (plan: IgnitionPlan) =>
    runIgnition({ provider, deployer, accounts, directory, ...plan });
  const { genesis } = options;
  const contracts =
    genesis === undefined
      ? await steps(undefined)(await deploymentPlan(parameters, { ...decisions, genesis }))
      : await withJournal((directory) => deployInSteps(parameters, decisions, genesis, steps(directory)));
  return deploymentFile(
    parameters,
    { chainId, startBlock: block.number, genesisSeconds },
    (futureId) => contracts[futureId]?.address,
  );
}

/** One run of Ignition. @throws Error naming each step that failed and why. */
async function runIgnition(options: {
  provider: DeploymentProvider;
  deployer: string;
  accounts: readonly string[];
  directory: string | undefined;
  ignitionModule: IgnitionPlan["ignitionModule"];
  deploymentParameters: IgnitionPlan["deploymentParameters"];
}): Promise<DeployedContracts> {
  const { provider, deployer, accounts, directory, ignitionModule, deploymentParameters } = options;
  const result = await deploy({
    config: CONFIG,
    provider: withGasRoom(provider),
    artifactResolver,
    ignitionModule,
    deploymentParameters,
    accounts: [deployer, ...accounts.filter((account) => account !== deployer)],
    defaultSender: deployer,
    ...(directory !== undefined && { deploymentDir: directory }),
  });
  if (result.type !== DeploymentResultType.SUCCESSFUL_DEPLOYMENT) throw new Error(explain(result));
  return result.contracts;
}

/** Ignition goes on from one step to the next by its journal; here it is of no use afterwards. */
async function withJournal<T>(use: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), "dtelecom-deployment-"));
  try {
    return await use(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

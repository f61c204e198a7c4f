/** Deploys the whole protocol by Hardhat Ignition, to any chain that signs for its accounts. */
import { deploy, DeploymentResultType } from "@nomicfoundation/ignition-core";
import type { ArtifactResolver, DeployConfig, DeploymentResult } from "@nomicfoundation/ignition-core";
import hre from "hardhat";
import { z } from "zod";
import type { Deployment } from "../../node/chain/deployment.js";
import { parseAddress } from "../../node/protocol/hex.js";
import type { Address } from "../../node/protocol/hex.js";
import { constructorParameters } from "../parameters/schema.js";
import type { Parameters } from "../parameters/schema.js";
import Protocol from "./modules/Protocol.js";

/** What this needs of an EIP-1193 provider: Hardhat's connections and ethers' JSON-RPC providers can be made one. */
export interface DeploymentProvider {
  request(call: { method: string; params?: readonly unknown[] | object }): Promise<unknown>;
}

export interface DeployOptions {
  readonly provider: DeploymentProvider;
  readonly parameters: Parameters;
  /** Signs, pays and becomes the administrator; the chain's first account unless given. */
  readonly deployer?: string;
  /** Receives the genesis supply; the deployer unless given. */
  readonly holder?: string;
  readonly treasury: string;
  /** Start of epoch 0, not after the chain's newest block; that block's time unless given. */
  readonly genesisSeconds?: number;
}

const accountsSchema = z.array(z.string()).min(1, "the chain has no account that could deploy");
const quantitySchema = z.string().transform((hex) => Number(BigInt(hex)));
const blockSchema = z.object({ number: quantitySchema, timestamp: quantitySchema });

/** For chains that live as long as their deployment: nothing to resume, nobody to compete with for a block. */
const CONFIG: Partial<DeployConfig> = {
  requiredConfirmations: 1,
  blockPollingInterval: 100,
  retryInterval: 100,
  maxRetries: 100,
  disableFeeBumping: true,
};

const artifactResolver: ArtifactResolver = {
  loadArtifact: (name) => hre.artifacts.readArtifact(name),
  // Only wanted for verification with a block explorer.
  getBuildInfo: async () => undefined,
};

/**
 * Deploys and wires all contracts.
 * @throws Error naming each step that failed and why.
 */
export async function deployProtocol(options: DeployOptions): Promise<Deployment> {
  const { provider, parameters, treasury } = options;
  const accounts = accountsSchema.parse(await provider.request({ method: "eth_accounts" }));
  const chainId = quantitySchema.parse(await provider.request({ method: "eth_chainId" }));
  const block = blockSchema.parse(
    await provider.request({ method: "eth_getBlockByNumber", params: ["latest", false] }),
  );
  const deployer = options.deployer ?? accounts[0];
  const genesis = options.genesisSeconds ?? block.timestamp;
  if (deployer === undefined) throw new Error("the chain has no account that could deploy");
  if (genesis > block.timestamp) {
    throw new Error(
      `genesis ${genesis} lies ahead of the chain's newest block, which is of ${block.timestamp}`,
    );
  }

  const derived = constructorParameters(parameters);
  const result = await deploy({
    config: CONFIG,
    provider,
    artifactResolver,
    ignitionModule: Protocol,
    deploymentParameters: {
      $global: { ...derived, genesis, treasury, holder: options.holder ?? deployer },
    },
    accounts: [deployer, ...accounts.filter((account) => account !== deployer)],
    defaultSender: deployer,
  });
  if (result.type !== DeploymentResultType.SUCCESSFUL_DEPLOYMENT) throw new Error(explain(result));

  const addressOf = (id: string): Address => {
    const contract = result.contracts[id];
    if (contract === undefined) throw new Error(`the deployment did not report ${id}`);
    return parseAddress(contract.address);
  };
  return {
    chainId,
    addresses: {
      token: addressOf("Token#DTelToken"),
      nodeRegistry: addressOf("Protocol#NodeRegistryInstalled"),
      nodeStaking: addressOf("Protocol#NodeStakingInstalled"),
      paymentEscrow: addressOf("Protocol#PaymentEscrowInstalled"),
      serviceAttestations: addressOf("Protocol#ServiceAttestationsInstalled"),
      rewardDistributor: addressOf("Protocol#RewardDistributorInstalled"),
      accessManager: addressOf("Foundation#ProtocolAccessManager"),
      treasury: parseAddress(treasury),
    },
    genesisSeconds: genesis,
    epochSeconds: derived.epochSeconds,
    epochBlocks: derived.epochBlocks,
    startBlock: block.number,
  };
}

function explain(
  result: Exclude<DeploymentResult, { type: DeploymentResultType.SUCCESSFUL_DEPLOYMENT }>,
): string {
  const lines =
    result.type === DeploymentResultType.EXECUTION_ERROR
      ? [
          ...result.failed.map(({ futureId, error }) => `${futureId}: ${error}`),
          ...result.timedOut.map(({ futureId }) => `${futureId}: timed out`),
        ]
      : Object.entries(result.errors).map(([futureId, errors]) => `${futureId}: ${errors.join("; ")}`);
  return `the deployment failed:\n${lines.map((line) => `  ${line}`).join("\n")}`;
}

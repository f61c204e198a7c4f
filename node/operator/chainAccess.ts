import { loadDeployment } from "../chain/deployment.js";
import type { Deployment } from "../chain/deployment.js";
import { connectContracts } from "../chain/contracts.js";
import type { Contracts } from "../chain/contracts.js";
import { RpcProvider } from "../chain/rpcProvider.js";
import type { NodeConfig } from "../config/schema.js";

/** The chain for a command that runs without a node. */
export interface ChainAccess {
  readonly deployment: Deployment;
  readonly provider: RpcProvider;
  readonly contracts: Contracts;
}

/**
 * Runs an action with access to the chain that the configuration names.
 * @throws Error where the deployment file is missing or wrong, or no endpoint answers.
 */
export async function withChain<T>(
  config: Pick<NodeConfig, "chain" | "deploymentFile">,
  action: (access: ChainAccess) => Promise<T>,
): Promise<T> {
  const deployment = await loadDeployment(config.deploymentFile);
  const provider = new RpcProvider({
    urls: config.chain.rpcUrls,
    chainId: deployment.chainId,
    timeoutMs: config.chain.timeoutSeconds,
  });
  try {
    return await action({ deployment, provider, contracts: connectContracts(deployment, provider) });
  } finally {
    provider.destroy();
  }
}

/** The networks that the protocol is deployed to. */
import { fileURLToPath } from "node:url";
import type { GasPriceRule } from "../../node/chain/gasPrice.js";
import { DEVNET_CHAIN_ID } from "../devnet/chain.js";

const GWEI = 10n ** 9n;

export interface NetworkConfig {
  readonly chainId: number;
  /** JSON-RPC endpoints unless DTEL_RPC_URL names others. Public ones come and go: none is written down here. */
  readonly rpcUrls: readonly string[];
  /** peaq's `eth_feeHistory` predicts wrong base fees: prices go by `eth_gasPrice`, with room for it to rise. */
  readonly gasPrice: GasPriceRule;
  /** Blocks after which a transaction counts as final. */
  readonly confirmations: number;
  readonly pollMs: number;
  /** Whether the guardian and the allocations have to be named. */
  readonly isPublic: boolean;
}

/** About 100 gwei is the floor on peaq; ten times that is a mistake, or a day to wait for another one. */
const PEAQ_GAS_PRICE: GasPriceRule = { factor: 1.5, maxFeePerGas: 1_000n * GWEI };

export const NETWORKS = {
  devnet: {
    chainId: DEVNET_CHAIN_ID,
    rpcUrls: ["http://127.0.0.1:8545"],
    gasPrice: { factor: 2, maxFeePerGas: 1_000n * GWEI },
    confirmations: 1,
    pollMs: 100,
    isPublic: false,
  },
  agung: {
    chainId: 9_990,
    rpcUrls: [],
    gasPrice: PEAQ_GAS_PRICE,
    confirmations: 3,
    pollMs: 1_000,
    isPublic: true,
  },
  peaq: {
    chainId: 3_338,
    rpcUrls: [],
    gasPrice: PEAQ_GAS_PRICE,
    confirmations: 5,
    pollMs: 1_000,
    isPublic: true,
  },
} as const satisfies Record<string, NetworkConfig>;

export type NetworkName = keyof typeof NETWORKS;

/**
 * Endpoints of a network.
 * @throws Error where there are none.
 */
export function rpcUrlsOf(name: NetworkName, environment: NodeJS.ProcessEnv): readonly string[] {
  const given = (environment.DTEL_RPC_URL ?? "").split(",").map((url) => url.trim());
  const urls = given.filter((url) => url !== "");
  if (urls.length > 0) return urls;
  const { rpcUrls } = NETWORKS[name];
  if (rpcUrls.length === 0) {
    throw new Error(`set DTEL_RPC_URL to one or more JSON-RPC endpoints of ${name}, separated by commas`);
  }
  return rpcUrls;
}

/** Where a network's deployment is written down, unless another place is given. */
export function directoryOf(network: NetworkName, given: string | undefined): string {
  return given ?? fileURLToPath(new URL(`../../deployments/${network}`, import.meta.url));
}

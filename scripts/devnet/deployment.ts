/** The devnet's contracts, and the file that says where they are: everything off chain starts from it. */
import { writeFile } from "node:fs/promises";
import type { JsonRpcProvider } from "ethers";
import type { Deployment } from "../../node/chain/deployment.js";
import { loadAllocations } from "../governance/allocations.js";
import { deployProtocol } from "../ignition/deployProtocol.js";
import { installPeaqStandIns } from "../ignition/peaqStandIns.js";
import type { ProtocolDeployment } from "../ignition/plan.js";
import type { Parameters } from "../parameters/schema.js";

const ALLOCATIONS = new URL("../parameters/allocations/devnet.json", import.meta.url);
/** Who the devnet's accounts are; the first one deploys and gets what is allocated to people. */
const GUARDIAN = 1;
const ARBITERS = { from: 2, to: 7 };

export interface DevnetDeployment {
  /** Of a chain that signs for its accounts. */
  readonly provider: JsonRpcProvider;
  readonly parameters: Parameters;
  /** Start of epoch 0, Unix time in seconds. */
  readonly genesisSeconds: number;
}

/**
 * Deploys everything as on a public network: the genesis supply under the allocations' root, all power with the
 * timelock. The chain's second account is the guardian, the five after it are the arbiters.
 */
export async function deployDevnet(options: DevnetDeployment): Promise<ProtocolDeployment> {
  const { provider, parameters, genesisSeconds } = options;
  await installPeaqStandIns(provider);
  const accounts = (await provider.listAccounts()).map(({ address }) => address);
  const [deployer, guardian] = [accounts[0], accounts[GUARDIAN]];
  const arbiters = accounts.slice(ARBITERS.from, ARBITERS.to);
  if (deployer === undefined || guardian === undefined || arbiters.length < 5) {
    throw new Error("the chain has fewer accounts than the devnet has people");
  }
  const list = await loadAllocations(ALLOCATIONS);
  const names = list.allocations.map(({ beneficiary }) => beneficiary);
  return miningAtOnce(provider, () =>
    deployProtocol({
      provider: { request: ({ method, params }) => provider.send(method, asList(params)) },
      parameters,
      genesisSeconds,
      guardian,
      genesis: {
        list,
        beneficiaries: Object.fromEntries(names.map((name) => [name, deployer])),
        claimAtOnce: true,
      },
      arbiters: {
        members: arbiters.toSorted((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1)),
        untilSeconds: genesisSeconds + parameters.governance.guardianSeconds,
      },
      handOver: true,
    }),
  );
}

/** Each transaction gets a block of its own meanwhile: dozens of them one after another would take a second each. */
export async function miningAtOnce<T>(provider: JsonRpcProvider, act: () => Promise<T>): Promise<T> {
  await provider.send("evm_setAutomine", [true]);
  try {
    return await act();
  } finally {
    await provider.send("evm_setAutomine", [false]);
  }
}

export async function saveDeployment(path: string, deployment: Deployment): Promise<void> {
  await writeFile(path, `${JSON.stringify(deployment, undefined, 2)}\n`);
}

/** JSON-RPC parameters by position, as every method used here takes them. */
function asList(parameters: readonly unknown[] | object | undefined): unknown[] {
  return Array.isArray(parameters) ? parameters : [];
}

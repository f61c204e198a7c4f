/** Compares a chain with the journal of a deployment on it. */
import { RpcProvider } from "../../../node/chain/rpcProvider.js";
import { genesisTree } from "../../ignition/genesis.js";
import { deploymentFile, deploymentPlan, FUTURES } from "../../ignition/plan.js";
import { TREASURY_PROXY } from "../../ignition/steps.js";
import { decisionsOf, firstBlockHash, genesisOf, parametersOf } from "../inputs.js";
import { deployedAddresses, journaledContracts } from "../journal.js";
import { NETWORKS } from "../networks.js";
import type { NetworkName } from "../networks.js";
import { readRecord } from "../record.js";
import { checkArguments } from "./arguments.js";
import { checkCode } from "./code.js";
import type { CheckContext } from "./context.js";
import { checkPower } from "./power.js";
import { CheckReport } from "./report.js";
import { checkParameters, checkSupply } from "./values.js";

export interface CheckOptions {
  readonly network: NetworkName;
  /** Of the journal. */
  readonly directory: string;
  readonly rpcUrls: readonly string[];
}

/** @throws Error where there is nothing to compare with: no journal, one of another chain, one that is not complete. */
export async function checkDeployment({ network, directory, rpcUrls }: CheckOptions): Promise<CheckReport> {
  const record = await readRecord(directory);
  const addresses = deployedAddresses(directory);
  if (record === undefined) throw new Error(`there is no deployment in ${directory}`);
  if (record.network !== network) throw new Error(`${directory} is a deployment of ${record.network}`);
  const { chainId } = NETWORKS[network];
  const rpc = new RpcProvider({ urls: rpcUrls, chainId });
  try {
    if ((await firstBlockHash(rpc)) !== record.chainGenesis) {
      throw new Error(`${directory} is a deployment on another chain`);
    }
    const missing = Object.values(FUTURES).filter((futureId) => addresses[futureId] === undefined);
    if (missing.length > 0) {
      throw new Error(`the deployment is not complete: ${missing.join(", ")}. Run npm run deploy again`);
    }
    const addressOf = (futureId: string) => addresses[futureId] ?? "nothing";
    const parameters = parametersOf(record);
    const tree = genesisTree(genesisOf(record), record.genesisSeconds, addressOf(TREASURY_PROXY));
    const context: CheckContext = {
      report: new CheckReport(),
      rpc,
      directory,
      record,
      parameters,
      deployment: deploymentFile(parameters, record, addressOf),
      tree,
      contracts: await journaledContracts(directory),
      addressOf,
    };
    checkArguments(context, await deploymentPlan(parameters, { ...decisionsOf(record), genesis: tree }));
    await checkCode(context);
    await checkPower(context);
    await checkParameters(context);
    await checkSupply(context);
    return context.report;
  } finally {
    rpc.destroy();
  }
}

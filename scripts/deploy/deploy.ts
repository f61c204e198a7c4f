/** `npm run deploy`: the whole protocol on a public network or a running devnet, journaled and resumable. */
import { isDeepStrictEqual } from "node:util";
import { join } from "node:path";
import { formatEther, formatUnits } from "ethers";
import { currentGasPrice } from "../../node/chain/gasPrice.js";
import { RpcProvider } from "../../node/chain/rpcProvider.js";
import { parseAddress } from "../../node/protocol/hex.js";
import type { Address } from "../../node/protocol/hex.js";
import { deploymentFile } from "../ignition/plan.js";
import { deployInSteps, TREASURY_PROXY } from "../ignition/steps.js";
import { loadDeployer } from "./account.js";
import { decide, decisionsOf, firstBlockHash, genesisOf, networkFiles, parametersOf } from "./inputs.js";
import { deployedAddresses } from "./journal.js";
import { journaledIgnition } from "./journaled.js";
import { lockDirectory } from "./lock.js";
import { directoryOf, NETWORKS, rpcUrlsOf } from "./networks.js";
import type { NetworkConfig } from "./networks.js";
import { DEPLOY_USAGE, parseDeployOptions } from "./options.js";
import type { CommandLine } from "./options.js";
import { readRecord, writeDurably, writeRecord } from "./record.js";
import type { DeploymentRecord } from "./record.js";

/** Upper estimate of what the whole deployment uses, to see early whether it can be paid. */
const DEPLOYMENT_GAS = 70_000_000n;

const say = (text: string) => console.log(text);

/** That a journal is gone on with as it was begun. */
async function checkResumable(
  record: DeploymentRecord,
  options: CommandLine,
  rpc: RpcProvider,
  deployer: Address,
): Promise<void> {
  const refuse = (why: string): never => {
    throw new Error(`this deployment was begun otherwise: ${why}. Choose another --directory to begin anew`);
  };
  if (record.network !== options.network) refuse(`it is one of ${record.network}`);
  if (record.chainGenesis !== (await firstBlockHash(rpc))) refuse("it is of another chain");
  if (record.deployer !== deployer) refuse(`its deployer is ${record.deployer}`);
  if (options.guardian !== undefined && options.guardian !== record.guardian) {
    refuse(`its guardian is ${record.guardian}`);
  }
  const { parameters, allocations } = await networkFiles(options.network);
  if (!isDeepStrictEqual(record.parameters, parameters)) refuse("the parameters file has changed since");
  if (!isDeepStrictEqual(record.allocations, allocations)) refuse("the allocations have changed since");
}

async function checkFunds(rpc: RpcProvider, network: NetworkConfig, deployer: string): Promise<void> {
  const { maxFeePerGas } = await currentGasPrice(rpc, network.gasPrice);
  const balance = await rpc.getBalance(deployer);
  const needed = DEPLOYMENT_GAS * maxFeePerGas;
  if (balance >= needed) return;
  throw new Error(
    `${deployer} has ${formatEther(balance)} of the native coin; at ${formatUnits(maxFeePerGas, "gwei")} gwei ` +
      `a whole deployment may need ${formatEther(needed)}`,
  );
}

/** What was decided when this deployment began, or is decided now. */
async function beginOrResume(
  directory: string,
  options: CommandLine,
  rpc: RpcProvider,
  deployer: Address,
): Promise<DeploymentRecord> {
  const network = NETWORKS[options.network];
  const known = await readRecord(directory);
  if (known !== undefined) {
    await checkResumable(known, options, rpc, deployer);
    say(`going on with the deployment in ${directory}`);
    return known;
  }
  const record = await decide(options, network, rpc, deployer);
  await checkFunds(rpc, network, deployer);
  await writeRecord(directory, record);
  say(`deploying to ${options.network} (chain ${network.chainId}) as ${deployer}`);
  return record;
}

async function run(options: CommandLine): Promise<void> {
  const network = NETWORKS[options.network];
  const directory = directoryOf(options.network, options.directory);
  const wallet = await loadDeployer(options.network, process.env);
  const rpc = new RpcProvider({
    urls: rpcUrlsOf(options.network, process.env),
    chainId: network.chainId,
    onFailure: (endpoint, reason) => console.error(`${endpoint}: ${reason}`),
  });
  const unlock = lockDirectory(directory);
  try {
    const record = await beginOrResume(directory, options, rpc, parseAddress(wallet.address));
    const parameters = parametersOf(record);
    const known = deployedAddresses(directory);
    const contracts = await deployInSteps(
      parameters,
      decisionsOf(record),
      genesisOf(record),
      await journaledIgnition({ directory, network, rpc, wallet, say }),
      known[TREASURY_PROXY],
    );
    const deployment = deploymentFile(parameters, record, (futureId) => contracts[futureId]?.address);
    const file = join(directory, "deployment.json");
    await writeDurably(file, `${JSON.stringify(deployment, undefined, 2)}\n`);
    for (const [name, address] of Object.entries(deployment.addresses)) say(`${name.padEnd(20)} ${address}`);
    say(`deployed, and in the hands of the timelock. For nodes and the indexer: ${file}`);
  } finally {
    unlock();
    rpc.destroy();
  }
}

try {
  const options = parseDeployOptions(process.argv.slice(2));
  if (options === undefined) say(DEPLOY_USAGE);
  else await run(options);
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}

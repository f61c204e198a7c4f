import { readFile, rename, writeFile } from "node:fs/promises";
import { Interface, parseEther } from "ethers";
import { z } from "zod";
import { INodeRegistry__factory } from "../../../types/contracts/factories/staking/INodeRegistry__factory.js";
import { loadConfig } from "../../config/load.js";
import { loadOperatorKey } from "../../config/operatorKey.js";
import type { NodeConfig } from "../../config/schema.js";
import type { ChainAccess } from "../chainAccess.js";
import { withChain } from "../chainAccess.js";
import { findRegistration } from "../registrations.js";
import type { Registration } from "../registrations.js";
import {
  OWNER_OPTIONS,
  OWNER_USAGE,
  OwnerAccount,
  confirmed,
  inUnits,
  loadOwnerKey,
} from "../ownerAccount.js";
import type { OwnerTransaction } from "../ownerAccount.js";
import {
  CONFIG_OPTION,
  CONFIG_USAGE,
  CommandFailed,
  UsageError,
  optionalText,
  textOption,
} from "./command.js";
import type { Command, CommandContext, OptionValues } from "./command.js";

const registry = new Interface(INodeRegistry__factory.abi);
const staking = new Interface(["function bond(uint256 nodeId, uint256 amount)"]);
const token = new Interface([
  "function approve(address spender, uint256 amount)",
  "function allowance(address owner, address spender) view returns (uint256)",
  "function balanceOf(address) view returns (uint256)",
]);
const ACTIVE = 1n;
const registeredSchema = z.object({ nodeId: z.bigint() });

export const registerCommand: Command = {
  summary: "registers the node with the owner's key: endpoint, price, bond; can be run again",
  usage: [
    CONFIG_USAGE,
    OWNER_USAGE,
    "  --endpoint <url>         where participants connect, wss://node.example.org/ for example",
    "  --price <DTEL>           for 10⁹ bytes delivered",
    "  --capacity <Mbit/s>      what the node can deliver at once",
    "  --region <number>        index into the network's list of regions; 0 unless given",
    "  --bond <DTEL>            what the owner's bond shall be at least; the minimum unless given",
    "  --fund <coins>           what the operator account shall have for gas at least, in the chain's native coin",
    "",
    "Asks the chain what is done already: run again, it does what is missing, and changes what you give differently.",
  ].join("\n"),
  options: {
    ...CONFIG_OPTION,
    ...OWNER_OPTIONS,
    endpoint: { type: "string" },
    price: { type: "string" },
    capacity: { type: "string" },
    region: { type: "string", default: "0" },
    bond: { type: "string" },
    fund: { type: "string" },
  },
  async run(values, context) {
    const path = textOption(values, "config");
    const config = await loadConfig(path, context.environment, { unregistered: true });
    const wanted = wantedOf(values);
    const ask = (question: string) => context.terminal.askSecret(question);
    const operator = await loadOperatorKey(
      config,
      context.environment,
      context.terminal.interactive ? ask : undefined,
    );
    const owner = await loadOwnerKey(values, context);
    if (owner.address === operator.address)
      throw new CommandFailed(
        "owner and operator key are the same: a machine on the internet must not hold the stake",
      );
    return withChain(config, async (access) => {
      const account = new OwnerAccount({
        wallet: owner,
        provider: access.provider,
        gasPrice: { factor: config.chain.gasPriceFactor, maxFeePerGas: config.chain.maxGasPriceGwei },
        confirmations: config.chain.confirmations,
        note: (line) => context.terminal.note(line),
      });
      const plan = await planOf(access, { config, wanted, owner: owner.address, operator: operator.address });
      await affordable(access, owner.address, plan);
      for (const { what } of plan.steps) context.terminal.note(`to do: ${what}`);
      if (plan.steps.length > 0)
        await confirmed(`send ${plan.steps.length} transactions from ${owner.address}?`, values, context);
      let nodeId = plan.registration?.nodeId;
      for (const step of plan.steps) {
        const receipt = await account.send(step.transaction(nodeId ?? 0n));
        if (!step.registers) continue;
        nodeId = registeredNode(receipt.logs, access.deployment.addresses.nodeRegistry);
        // Noted at once: what comes after may fail, and a second registration would be another node.
        await noteNodeId(path, config, nodeId, context);
      }
      if (nodeId === undefined) throw new CommandFailed("the node is not registered");
      if (plan.registration !== undefined) await noteNodeId(path, config, nodeId, context);
      return outcome(nodeId, account, plan, config);
    });
  },
};

interface Wanted {
  readonly endpoint: string | undefined;
  readonly priceWei: bigint | undefined;
  readonly capacityMbps: number | undefined;
  readonly region: number;
  readonly bondWei: bigint | undefined;
  readonly fundWei: bigint | undefined;
}

interface Step {
  readonly what: string;
  readonly registers?: boolean;
  /** DTEL that leaves the owner's balance, in wei. */
  readonly bondWei?: bigint;
  /** Native coin that leaves it, in wei, gas left out. */
  readonly coinWei?: bigint;
  transaction(nodeId: bigint): OwnerTransaction;
}

interface Plan {
  readonly registration: Registration | undefined;
  readonly bondWei: bigint;
  readonly steps: readonly Step[];
}

function outcome(nodeId: bigint, account: OwnerAccount, { bondWei }: Plan, config: NodeConfig) {
  const next =
    config.key.keystoreFile === undefined
      ? "start the node with DTEL_OPERATOR_KEY"
      : "start the node; it takes its seat in the audit ring, which counts two epochs later";
  return {
    exitCode: 0,
    data: {
      nodeId: nodeId.toString(),
      owner: account.address,
      bondWei: bondWei.toString(),
      transactions: account.sent,
      feesWei: account.feesWei.toString(),
    },
    lines: [
      `node id       ${nodeId}`,
      `bond          ${inUnits(bondWei)} DTEL`,
      `transactions  ${account.sent.length}, ${inUnits(account.feesWei)} of the native coin for gas`,
      ...account.sent.map(({ what, feeWei }) => `  ${what} (${inUnits(BigInt(feeWei))})`),
      `next          ${next}`,
    ],
  };
}

/** What is missing on chain, in order. */
async function planOf(
  access: ChainAccess,
  about: { config: NodeConfig; wanted: Wanted; owner: string; operator: string },
): Promise<Plan> {
  const { config, wanted, owner, operator } = about;
  const { contracts, provider, deployment } = access;
  const { addresses } = deployment;
  const registration = await findRegistration(access, { nodeId: config.nodeId, owner, operator });
  const steps: Step[] = [];
  const onRegistry = (what: string, method: string, values: (nodeId: bigint) => unknown[]): void => {
    steps.push({
      what,
      transaction: (nodeId) => ({
        what,
        to: addresses.nodeRegistry,
        data: registry.encodeFunctionData(method, values(nodeId)),
      }),
    });
  };
  if (registration === undefined) {
    const { endpoint, priceWei, capacityMbps, region } = complete(wanted);
    const what = `register ${endpoint} at ${inUnits(priceWei)} DTEL for 10⁹ bytes, ${capacityMbps} Mbit/s`;
    steps.push({
      what,
      registers: true,
      transaction: () => ({
        what,
        to: addresses.nodeRegistry,
        data: registry.encodeFunctionData("register", [operator, region, capacityMbps, priceWei, endpoint]),
      }),
    });
  } else {
    const { endpoint, priceWei, capacityMbps } = wanted;
    if (registration.operator !== operator)
      onRegistry(`make ${operator} the operator key`, "setOperator", (id) => [id, operator]);
    if (endpoint !== undefined && endpoint !== registration.endpoint)
      onRegistry(`announce the endpoint ${endpoint}`, "setEndpoint", (id) => [id, endpoint]);
    if (priceWei !== undefined && priceWei !== registration.priceWei)
      onRegistry(`announce the price ${inUnits(priceWei)} DTEL`, "setPricePerGB", (id) => [id, priceWei]);
    if (capacityMbps !== undefined && capacityMbps !== registration.capacityMbps)
      onRegistry(`announce ${capacityMbps} Mbit/s`, "setCapacity", (id) => [id, capacityMbps]);
  }
  const [minBond, bonded] = await Promise.all([
    contracts.nodeStaking.minBond(),
    registration === undefined ? 0n : contracts.nodeStaking.bondOf(registration.nodeId),
  ]);
  const bondWei = wanted.bondWei ?? (bonded > minBond ? bonded : minBond);
  if (bondWei < minBond) throw new UsageError(`--bond is below the minimum, ${inUnits(minBond)} DTEL`);
  if (bonded < bondWei) {
    const missing = bondWei - bonded;
    const allowed = await allowance(access, owner);
    if (allowed < missing) {
      const what = `let the staking contract take ${inUnits(missing)} DTEL`;
      const data = token.encodeFunctionData("approve", [addresses.nodeStaking, missing]);
      steps.push({ what, transaction: () => ({ what, to: addresses.token, data }) });
    }
    const what = `put down a bond of ${inUnits(missing)} DTEL`;
    steps.push({
      what,
      bondWei: missing,
      transaction: (nodeId) => ({
        what,
        to: addresses.nodeStaking,
        data: staking.encodeFunctionData("bond", [nodeId, missing]),
      }),
    });
  }
  if (registration?.status !== ACTIVE) onRegistry("take a seat in the audit ring", "activate", (id) => [id]);
  const balance = await provider.getBalance(operator);
  if (wanted.fundWei !== undefined && balance < wanted.fundWei) {
    const missing = wanted.fundWei - balance;
    const what = `send ${inUnits(missing)} of the native coin to the operator account for gas`;
    steps.push({ what, coinWei: missing, transaction: () => ({ what, to: operator, valueWei: missing }) });
  }
  return { registration, bondWei: bonded > bondWei ? bonded : bondWei, steps };
}

/** @throws CommandFailed before anything is sent that could not be finished. */
async function affordable(access: ChainAccess, owner: string, { steps }: Plan): Promise<void> {
  const { provider, deployment } = access;
  const needed = steps.reduce((sum, { bondWei = 0n }) => sum + bondWei, 0n);
  const coins = steps.reduce((sum, { coinWei = 0n }) => sum + coinWei, 0n);
  const data = token.encodeFunctionData("balanceOf", [owner]);
  const [held] = token.decodeFunctionResult(
    "balanceOf",
    await provider.call({ to: deployment.addresses.token, data }),
  );
  const heldWei = z.bigint().parse(held);
  if (heldWei < needed)
    throw new CommandFailed(
      `the owner ${owner} has ${inUnits(heldWei)} DTEL; the bond needs ${inUnits(needed)} more`,
    );
  const balance = await provider.getBalance(owner);
  if (steps.length > 0 && balance <= coins)
    throw new CommandFailed(
      `the owner ${owner} has ${inUnits(balance)} of the native coin, too little for gas`,
    );
}

async function allowance({ provider, deployment }: ChainAccess, owner: string): Promise<bigint> {
  const { addresses } = deployment;
  const data = token.encodeFunctionData("allowance", [owner, addresses.nodeStaking]);
  const [allowed] = token.decodeFunctionResult(
    "allowance",
    await provider.call({ to: addresses.token, data }),
  );
  return z.bigint().parse(allowed);
}

function registeredNode(
  logs: readonly { address: string; topics: readonly string[]; data: string }[],
  address: string,
): bigint {
  for (const log of logs) {
    const event = log.address === address ? registry.parseLog(log) : null;
    if (event?.name === "NodeRegistered") return registeredSchema.parse(event.args.toObject()).nodeId;
  }
  throw new CommandFailed("the registration left no NodeRegistered event");
}

/** Writes the id where the configuration says that there is none yet; what else it says stays as it is. */
async function noteNodeId(
  path: string,
  config: NodeConfig,
  nodeId: bigint,
  { terminal, environment }: CommandContext,
): Promise<void> {
  if (config.nodeId === nodeId) return;
  const text = await readFile(path, "utf8");
  const changed = text.replace(/^nodeId: *0(?=\s|$)[^\n]*$/m, `nodeId: ${nodeId}`);
  if (changed === text || environment["DTEL_NODE__NODE_ID"] !== undefined) {
    terminal.note(`set nodeId: ${nodeId} in ${path}, or DTEL_NODE__NODE_ID=${nodeId}`);
    return;
  }
  const draft = `${path}.new`;
  await writeFile(draft, changed, { mode: 0o600 });
  await rename(draft, path);
  terminal.note(`nodeId: ${nodeId} is in ${path} now`);
}

function complete(wanted: Wanted) {
  const { endpoint, priceWei, capacityMbps } = wanted;
  if (endpoint === undefined || priceWei === undefined || capacityMbps === undefined)
    throw new UsageError("the node is not registered yet: give --endpoint, --price and --capacity");
  return { ...wanted, endpoint, priceWei, capacityMbps };
}

function wantedOf(values: OptionValues): Wanted {
  const endpoint = optionalText(values, "endpoint");
  const protocol = endpoint === undefined ? "wss:" : URL.parse(endpoint)?.protocol;
  if (protocol !== "wss:" && protocol !== "ws:") throw new UsageError("--endpoint is no ws or wss URL");
  return {
    endpoint,
    priceWei: amount(values, "price"),
    capacityMbps: wholeNumber(values, "capacity", 1, 0xff_ffff),
    region: wholeNumber(values, "region", 0, 0xffff) ?? 0,
    bondWei: amount(values, "bond"),
    fundWei: amount(values, "fund"),
  };
}

/** In wei, whole gwei. */
function amount(values: OptionValues, name: string): bigint | undefined {
  const text = optionalText(values, name);
  if (text === undefined) return undefined;
  if (!/^\d{1,12}(\.\d{1,9})?$/.test(text)) throw new UsageError(`--${name} is no amount, 1.5 for example`);
  return parseEther(text);
}

function wholeNumber(values: OptionValues, name: string, least: number, most: number): number | undefined {
  const text = optionalText(values, name);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isInteger(value) || value < least || value > most)
    throw new UsageError(`--${name} is a whole number from ${least} to ${most}`);
  return value;
}

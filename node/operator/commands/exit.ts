import { Interface } from "ethers";
import { INodeRegistry__factory } from "../../../types/contracts/factories/staking/INodeRegistry__factory.js";
import { loadConfig } from "../../config/load.js";
import type { NodeConfig } from "../../config/schema.js";
import { withChain } from "../chainAccess.js";
import type { ChainAccess } from "../chainAccess.js";
import {
  OWNER_OPTIONS,
  OWNER_USAGE,
  OwnerAccount,
  confirmed,
  inUnits,
  loadOwnerKey,
} from "../ownerAccount.js";
import { CONFIG_OPTION, CONFIG_USAGE, CommandFailed, textOption } from "./command.js";
import type { Command } from "./command.js";

const registry = new Interface(INodeRegistry__factory.abi);
const staking = new Interface([
  "function requestUnbond(uint256 nodeId, uint256 amount)",
  "function withdrawBond(uint256 nodeId)",
  "function claimOwnerIncome(uint256 nodeId)",
]);
const RETIRED = 2n;

export const exitCommand: Command = {
  summary: "leaves for good, in steps: retires the node, asks for the bond, takes it out when it is due",
  usage: [
    CONFIG_USAGE,
    OWNER_USAGE,
    "",
    "Each run does what can be done now and says what comes next and when. Let the node run on until the epochs that it",
    "served in are claimed. Retiring cannot be undone: a new registration is a new node.",
  ].join("\n"),
  options: { ...CONFIG_OPTION, ...OWNER_OPTIONS },
  async run(values, context) {
    const config = await loadConfig(textOption(values, "config"), context.environment);
    const wallet = await loadOwnerKey(values, context);
    return withChain(config, async (access) => {
      const before = await standing(access, config.nodeId);
      if (before.owner !== wallet.address)
        throw new CommandFailed(
          `node ${config.nodeId} belongs to ${before.owner}, this is the key of ${wallet.address}`,
        );
      const steps = stepsNow(access, config, before);
      for (const { what } of steps) context.terminal.note(`to do: ${what}`);
      if (steps.length > 0)
        await confirmed(`send ${steps.length} transactions from ${wallet.address}?`, values, context);
      const account = new OwnerAccount({
        wallet,
        provider: access.provider,
        gasPrice: { factor: config.chain.gasPriceFactor, maxFeePerGas: config.chain.maxGasPriceGwei },
        confirmations: config.chain.confirmations,
        note: (line) => context.terminal.note(line),
      });
      for (const step of steps) await account.send(step);
      const after = await standing(access, config.nodeId);
      const next = nextStep(after);
      return {
        exitCode: 0,
        data: {
          nodeId: config.nodeId.toString(),
          retired: after.retired,
          bondWei: after.bondWei.toString(),
          waitingWei: after.waitingWei.toString(),
          payableAtSeconds: after.waitingWei > 0n ? after.payableAtSeconds : undefined,
          transactions: account.sent,
          next,
        },
        lines: [
          ...account.sent.map(({ what, feeWei }) => `done  ${what} (${inUnits(BigInt(feeWei))} for gas)`),
          `bond ${inUnits(after.bondWei)} DTEL, on its way out ${inUnits(after.waitingWei)} DTEL`,
          `next: ${next}`,
        ],
      };
    });
  },
};

interface Standing {
  readonly owner: string;
  readonly retired: boolean;
  readonly bondWei: bigint;
  readonly incomeWei: bigint;
  /** Of the bond's exits: payable now, and later. */
  readonly payableWei: bigint;
  readonly waitingWei: bigint;
  /** Unix time at which everything asked for by now is payable, in seconds. */
  readonly payableAtSeconds: number;
}

async function standing({ contracts, deployment }: ChainAccess, nodeId: bigint): Promise<Standing> {
  const { nodeRegistry, nodeStaking } = contracts;
  const [node, bondWei, incomeWei, exit, period, unbondingSeconds] = await Promise.all([
    nodeRegistry.nodeOf(nodeId),
    nodeStaking.bondOf(nodeId),
    nodeStaking.ownerIncomeOf(nodeId),
    nodeStaking.bondExitOf(nodeId),
    nodeStaking.currentPeriod(),
    nodeStaking.unbondingSeconds(),
  ]);
  return {
    ...{ owner: node.owner, retired: node.status === RETIRED, bondWei, incomeWei },
    payableWei: exit.payableNow,
    waitingWei: exit.waiting,
    // A request of period P is paid from the end of period P + 1 on.
    payableAtSeconds: deployment.genesisSeconds + Number((period + 2n) * unbondingSeconds),
  };
}

/** What can be done now, in order. */
function stepsNow({ deployment }: ChainAccess, { nodeId }: NodeConfig, now: Standing) {
  const { nodeRegistry, nodeStaking } = deployment.addresses;
  const encode = (method: string, ...values: unknown[]): string => staking.encodeFunctionData(method, values);
  return [
    now.retired
      ? []
      : [
          {
            what: "retire the node",
            to: nodeRegistry,
            data: registry.encodeFunctionData("retire", [nodeId]),
          },
        ],
    now.bondWei === 0n
      ? []
      : [
          {
            what: `ask for the bond of ${inUnits(now.bondWei)} DTEL`,
            to: nodeStaking,
            data: encode("requestUnbond", nodeId, now.bondWei),
          },
        ],
    now.payableWei === 0n
      ? []
      : [
          {
            what: `take out ${inUnits(now.payableWei)} DTEL of the bond`,
            to: nodeStaking,
            data: encode("withdrawBond", nodeId),
          },
        ],
    now.incomeWei === 0n
      ? []
      : [
          {
            what: `take out the income of ${inUnits(now.incomeWei)} DTEL`,
            to: nodeStaking,
            data: encode("claimOwnerIncome", nodeId),
          },
        ],
  ].flat();
}

function nextStep({ waitingWei, payableAtSeconds, bondWei }: Standing): string {
  if (waitingWei > 0n) {
    const at = new Date(payableAtSeconds * 1_000).toISOString();
    return `run this again from ${at} on: then ${inUnits(waitingWei)} DTEL can be taken out, less what slashes take`;
  }
  if (bondWei > 0n) return "run this again to ask for the bond";
  return "nothing: the bond is out. Income of epochs claimed later can be taken out the same way";
}

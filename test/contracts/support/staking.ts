/** Income and slashes as `NodeStaking` takes them from its peers, without the rest of the protocol. */
import type { INodeStakingTypes } from "../../../types/contracts/staking/NodeStaking.js";
import { networkHelpers } from "./chain.js";
import { actingAs } from "./impersonate.js";
import type { Protocol } from "./protocol.js";

/** An epoch's income that is nothing but fees. */
export function feesOf(feesWei: bigint): INodeStakingTypes.EpochIncomeStruct {
  return { fees: feesWei, work: 0n, availability: 0n, totalStake: 1n };
}

/** What a slash took, as `burnSlashed` and `returnSlashed` take it again. */
export type SlashTaken = INodeStakingTypes.SlashTakenStruct & {
  readonly [Part in keyof INodeStakingTypes.SlashTakenStruct]: bigint;
};

/** `NodeStaking` as its penalty manager sees it. */
export async function asPenalties({ staking, penalties }: Protocol): Promise<Protocol["staking"]> {
  return staking.connect(await actingAs(penalties));
}

/** Slashes a node for a fault of this moment unless told otherwise, and says what was taken. */
export async function slash(
  protocol: Protocol,
  nodeId: bigint,
  amountWei: bigint,
  { faultAt, poolLimitBps = 500n }: { faultAt?: number; poolLimitBps?: bigint } = {},
): Promise<SlashTaken> {
  const { staking } = protocol;
  const fault = faultAt ?? (await networkHelpers.time.latest());
  const penalties = await asPenalties(protocol);
  const receipt = await (await penalties.slash(nodeId, fault, amountWei, poolLimitBps)).wait();
  const log = receipt?.logs
    .filter(({ address }) => address === staking.target)
    .map((each) => staking.interface.parseLog(each))
    .find((each) => each?.name === "StakeSlashed");
  if (log === null || log === undefined) throw new Error("nothing was slashed");
  const [, taken] = log.args as unknown as [bigint, { toObject(): SlashTaken }];
  return taken.toObject();
}

/** Upholds a slash. */
export async function burnSlashed(
  protocol: Protocol,
  nodeId: bigint,
  taken: SlashTaken,
  reporter: string = protocol.holder.address,
  bountyWei = 0n,
): Promise<void> {
  await (await asPenalties(protocol)).burnSlashed(nodeId, taken, reporter, bountyWei);
}

/** Gives a slash back. */
export async function returnSlashed(protocol: Protocol, nodeId: bigint, taken: SlashTaken): Promise<void> {
  await (await asPenalties(protocol)).returnSlashed(nodeId, taken);
}

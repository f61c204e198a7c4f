/** A proposal by staked and unstaked votes changes a parameter, through the timelock. */
import { dtel, inDtel } from "./stage.js";
import type { Stage } from "./stage.js";
import type { Story } from "./story.js";
import { createVoters, decide } from "./vote.js";

const NEW_MIN_BOND = dtel(1_500);

export async function governance(stage: Stage, story: Story): Promise<void> {
  const { nodeStaking } = stage.contracts;
  const voters = await createVoters(stage, story);
  const before = await nodeStaking.minBond();
  const cap = await nodeStaking.delegationCap();
  const decision = await decide(stage, story, voters, {
    target: stage.deployment.addresses.nodeStaking,
    data: nodeStaking.interface.encodeFunctionData("setStakeLimits", [NEW_MIN_BOND, cap]),
    description: "# A node bonds 1,500 DTEL at least",
  });
  const after = await nodeStaking.minBond();
  story.expect("the minimum bond", after, NEW_MIN_BOND);
  story.expect("the delegation cap", await nodeStaking.delegationCap(), cap);
  story.expect(
    "the parameter in GraphQL",
    await stage.ask('parameterById(id: "nodeStaking.minBondWei") { value }'),
    { value: NEW_MIN_BOND },
  );
  story.tell({
    proposal: decision.proposalId,
    quorum: inDtel(decision.quorumWei),
    votesFor: inDtel(decision.forVotesWei),
    minBondBefore: inDtel(before),
    minBondAfter: inDtel(after),
  });
}

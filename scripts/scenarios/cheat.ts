/**
 * One node invents traffic, is picked, cannot prove it, is reported and slashed; the appeal passes and the slash burns.
 * Another one serves badly, fails its audits and is jailed.
 */
import { cheatUntilSlashed } from "./cheater.js";
import { connectAll } from "./contracts.js";
import { passProofDeadline, playEpoch, ScriptNode } from "./scriptNode.js";
import type { Judge } from "./scriptNode.js";
import { SLASH_STATUS } from "./slashes.js";
import { inDtel, sent } from "./stage.js";
import type { Stage } from "./stage.js";
import type { Story } from "./story.js";

/** More than the auditors of a node, so that there are audits at all. */
const NODES = 6;
const GOOD = 9_500;
const BAD = 1_200;

export async function cheat(stage: Stage, story: Story): Promise<void> {
  const { parameters, contracts } = stage;
  const reporter = await stage.person();
  const app = await stage.person();
  const somebody = connectAll(stage.deployment, reporter);
  const nodes: ScriptNode[] = [];
  for (let count = 0; count < NODES; count++) nodes.push(await ScriptNode.create(stage));
  const [cheater, careless] = nodes;
  if (cheater === undefined || careless === undefined) throw new Error("there are no nodes");
  story.say(`${NODES} nodes registered, bonded and in the audit ring`);

  const judge: Judge = (nodeId) => (nodeId === careless.nodeId ? BAD : GOOD);
  const struck: number[] = [];
  const strike = async (epoch: number) => {
    if (await contracts.strikes.isJailed(careless.nodeId)) return;
    const { audited, median, revealed } = await contracts.qualityAudits.auditOf(careless.nodeId, epoch);
    if (!audited) return;
    story.expect(`median of node ${careless.nodeId} in epoch ${epoch}`, median, BAD);
    await sent(somebody.strikes.strikeTarget(careless.nodeId, epoch));
    struck.push(epoch);
    story.say(
      `epoch ${epoch}: ${revealed} auditors scored node ${careless.nodeId} ${median}: strike ${struck.length}`,
    );
  };

  const bonded = await contracts.nodeStaking.bondOf(cheater.nodeId);
  const from = await stage.epoch();
  const slash = await cheatUntilSlashed(stage, story, {
    cheater,
    nodes,
    app: app.address,
    reporter,
    judge,
    from,
    after: strike,
  });
  const slashWei = parameters.sampling.missingProofSlash;
  story.expect("the slash", slash.takenWei, slashWei);
  story.expect("the bond", await contracts.nodeStaking.bondOf(cheater.nodeId), bonded - slashWei);
  story.say(`reported: ${inDtel(slash.takenWei)} DTEL of its bond are in escrow`);
  await story.refused("the execution of a slash that can be appealed", "AppealOpen", () =>
    somebody.penalties.execute(slash.slash),
  );
  await sent(somebody.rewardDistributor.claim(cheater.attestationOf(slash.epoch))).catch(() => undefined);

  await untilJailed(stage, story, { careless, nodes, judge, strike, from: slash.epoch + 1 });
  await story.refused("a jailed node's return to the ring", "NodeJailed", () =>
    connectAll(stage.deployment, careless.owner).nodeRegistry.activate(careless.nodeId),
  );

  await stage.goTo(slash.appealUntil);
  const supply = await contracts.token.totalSupply();
  await sent(somebody.penalties.execute(slash.slash));
  const bounty = await contracts.token.balanceOf(reporter.address);
  const burned = slash.takenWei - bounty;
  story.expect("the bounty", bounty, (slashWei * BigInt(parameters.penalties.bountyBps)) / 10_000n);
  story.expect("what is to burn", await contracts.nodeStaking.pendingBurn(), burned);
  await sent(somebody.nodeStaking.burnPending());
  story.expect("the supply after the burn", await contracts.token.totalSupply(), supply - burned);
  const { status } = await contracts.penalties.slashStateOf(slash.slashId);
  story.expect("the slash's status", status, SLASH_STATUS.executed);
  story.say(`the appeal passed: ${inDtel(burned)} DTEL burned, ${inDtel(bounty)} to the reporter`);

  await compareGraphql(stage, story, { slash, cheater, careless, struck, burned, bounty });
  story.tell({
    cheater: cheater.nodeId,
    epochsUnpicked: slash.epochsUnpicked,
    pickedEpoch: slash.epoch,
    slashed: inDtel(slash.takenWei),
    burned: inDtel(burned),
    bounty: inDtel(bounty),
    jailed: careless.nodeId,
    strikes: struck.length,
  });
}

/** Plays on until the careless node has its last strike. */
async function untilJailed(
  stage: Stage,
  story: Story,
  parts: {
    careless: ScriptNode;
    nodes: readonly ScriptNode[];
    judge: Judge;
    strike: (epoch: number) => Promise<void>;
    from: number;
  },
): Promise<void> {
  const { careless, nodes, judge, strike, from } = parts;
  const { strikes, qualityAudits } = stage.contracts;
  for (let epoch = from; !(await strikes.isJailed(careless.nodeId)); epoch++) {
    if (epoch > from + 2 * stage.parameters.audits.strikeWindowEpochs) {
      story.fault(`node ${careless.nodeId} was not jailed`);
      return;
    }
    await playEpoch(stage, epoch, nodes, judge);
    await passProofDeadline(stage, epoch);
    await strike(epoch);
  }
  const seat = await qualityAudits.latestSeatOf(careless.nodeId);
  story.expect("the jailed node's seat in the ring", seat.seated, false);
  story.say(`node ${careless.nodeId} is in jail`);
}

async function compareGraphql(
  stage: Stage,
  story: Story,
  parts: {
    slash: { slashId: string; epoch: number; takenWei: bigint };
    cheater: ScriptNode;
    careless: ScriptNode;
    struck: readonly number[];
    burned: bigint;
    bounty: bigint;
  },
): Promise<void> {
  const { slash, cheater, careless, struck, burned, bounty } = parts;
  story.expect(
    "the slash in GraphQL",
    await stage.ask(
      `slashById(id: "${slash.slashId}") { status kind amount fromBond bounty referenceId node { id } }`,
    ),
    {
      status: "EXECUTED",
      kind: "MISSING_PROOF",
      amount: slash.takenWei,
      fromBond: slash.takenWei,
      bounty,
      referenceId: BigInt(slash.epoch),
      node: { id: String(cheater.nodeId) },
    },
  );
  story.expect(
    "the faulted epoch in GraphQL",
    await stage.ask(`attestationById(id: "${cheater.nodeId}-${slash.epoch}") { status }`),
    { status: "FAULTED" },
  );
  story.expect("the burn in GraphQL", await stage.ask("slashBurns(limit: 10) { amount }"), [
    { amount: burned },
  ]);
  story.expect(
    "the strikes in GraphQL",
    await stage.ask(`strikes(orderBy: epochNumber_ASC, limit: 100) { id reason }`),
    struck.map((epoch) => ({ id: `${careless.nodeId}-${epoch}`, reason: "LOW_SCORES" })),
  );
  story.expect("the jail in GraphQL", await stage.ask(`jailings(limit: 10) { id releasedAt }`), [
    { id: `${careless.nodeId}-1`, releasedAt: null },
  ]);
}

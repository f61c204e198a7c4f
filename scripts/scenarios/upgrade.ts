/** A contract is upgraded by vote: the sampling odds, built into the code, change; all that is stored stays. */
import { ServiceAttestations__factory, InertImplementation__factory } from "../../types/contracts/index.js";
import { constructorParameters } from "../parameters/schema.js";
import { passProofDeadline, playEpoch } from "./scriptNode.js";
import type { ScriptNode } from "./scriptNode.js";
import type { Stage } from "./stage.js";
import type { Story } from "./story.js";
import { createVoters, decide } from "./vote.js";

/** Every lane picks every node: p = 1. */
const ALWAYS = 2n ** 32n;

export async function upgrade(stage: Stage, story: Story): Promise<void> {
  const { addresses } = stage.deployment;
  const voters = await createVoters(stage, story);
  const { node } = voters;
  const epoch = await stage.epoch();
  await playEpoch(stage, epoch, [node], () => 10_000);
  await passProofDeadline(stage, epoch);
  story.say(`epoch ${epoch}: node ${node.nodeId} attested, the seed is drawn`);

  const before = await stored(stage, node, epoch);
  const oddsBefore = await stage.contracts.attestations.LANE_ODDS();
  const implementation = await newImplementation(stage, node);
  await decide(stage, story, voters, {
    target: addresses.serviceAttestations,
    data: InertImplementation__factory.createInterface().encodeFunctionData("upgradeToAndCall", [
      implementation,
      "0x",
    ]),
    description: "# Every attestation is to be proven",
  });
  const oddsAfter = await stage.contracts.attestations.LANE_ODDS();
  story.expect("the odds of a lane", oddsAfter, ALWAYS);
  story.expect("what is stored", await stored(stage, node, epoch), before);
  story.say("the new code is in place, and all that was stored reads as before");

  const next = await stage.epoch();
  await playEpoch(
    stage,
    next,
    [node],
    () => 10_000,
    () => ({
      receiptRoot: `0x${"11".repeat(32)}`,
      bytesDelivered: 1n,
      sessions: 1,
    }),
  );
  story.expect(
    "whether the next attestation has to be proven",
    await stage.contracts.serviceAttestations.mustProve(node.nodeId, next, 0n),
    true,
  );
  story.expect(
    "the upgrade in GraphQL",
    await stage.ask(
      `contractUpgrades(where: { contract: { address_eq: "${addresses.serviceAttestations.toLowerCase()}" } }, orderBy: block_DESC, limit: 1) { implementation }`,
    ),
    [{ implementation }],
  );
  story.tell({
    contract: "ServiceAttestations",
    implementation,
    laneOddsBefore: oddsBefore,
    laneOddsAfter: oddsAfter,
    storedValuesCompared: Object.keys(before).length,
  });
}

async function newImplementation(stage: Stage, { owner }: ScriptNode): Promise<string> {
  const { addresses, genesisSeconds, epochSeconds, epochBlocks, auditors } = stage.deployment;
  const { sampling } = constructorParameters(stage.parameters);
  const contract = await new ServiceAttestations__factory(owner).deploy(
    addresses.accessManager,
    {
      registry: addresses.nodeRegistry,
      escrow: addresses.paymentEscrow,
      staking: addresses.nodeStaking,
      distributor: addresses.rewardDistributor,
      penalties: addresses.penaltyManager,
      ring: addresses.auditRing,
      proofs: addresses.serviceProofs,
    },
    { genesis: genesisSeconds, epochSeconds, epochBlocks },
    { ...sampling, laneOdds: ALWAYS },
    auditors,
  );
  await contract.waitForDeployment();
  return contract.getAddress();
}

/** What the contract holds of a node and an epoch. */
async function stored(stage: Stage, { nodeId }: ScriptNode, epoch: number): Promise<Record<string, unknown>> {
  const { serviceAttestations, qualityAudits } = stage.contracts;
  return {
    operator: await serviceAttestations.operatorOf(nodeId),
    attestation: [...(await serviceAttestations.attestationOf(nodeId, epoch))],
    record: [...(await serviceAttestations.epochRecordOf(epoch))],
    seed: await serviceAttestations.seedOf(epoch),
    deadline: [...(await serviceAttestations.proofDeadline(epoch))],
    seat: [...(await qualityAudits.latestSeatOf(nodeId))],
    ringSize: await qualityAudits.latestRingSize(),
  };
}

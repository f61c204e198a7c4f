/** A node that invents traffic until the seed wants proof, and the report of the proof that it cannot give. */
import type { Wallet } from "ethers";
import { connectAll } from "./contracts.js";
import { inventTraffic } from "./inventedTraffic.js";
import { NO_TRAFFIC, passProofDeadline, playEpoch } from "./scriptNode.js";
import type { Judge, ScriptNode } from "./scriptNode.js";
import { openedSlash } from "./slashes.js";
import type { OpenedSlash } from "./slashes.js";
import { sent } from "./stage.js";
import type { Stage } from "./stage.js";
import type { Story } from "./story.js";

/** With p = 1/2 a cheater gets away with 1 in a million of so many epochs. */
const MAX_EPOCHS = 20;

export interface CheatResult extends OpenedSlash {
  readonly epoch: number;
  readonly epochsUnpicked: number;
}

/**
 * Plays epochs, from one on, until the cheater is picked; then it fails and is reported.
 * @param after Called when the audits of an epoch are final.
 */
export async function cheatUntilSlashed(
  stage: Stage,
  story: Story,
  parts: {
    cheater: ScriptNode;
    nodes: readonly ScriptNode[];
    app: string;
    reporter: Wallet;
    judge: Judge;
    from: number;
    after?: (epoch: number) => Promise<void>;
  },
): Promise<CheatResult> {
  const { cheater, nodes, app, reporter, judge, from } = parts;
  const { serviceAttestations, penalties } = connectAll(stage.deployment, reporter);
  for (let epoch = from; epoch < from + MAX_EPOCHS; epoch++) {
    const { traffic, openings } = await inventTraffic(stage, cheater, epoch, app);
    await playEpoch(stage, epoch, nodes, judge, (node) => (node === cheater ? traffic : NO_TRAFFIC));
    const picked = await serviceAttestations.mustProve(cheater.nodeId, epoch, 0n);
    if (!picked) {
      story.say(
        `epoch ${epoch}: node ${cheater.nodeId} invented ${traffic.bytesDelivered} bytes and was not picked`,
      );
      await passProofDeadline(stage, epoch);
      await parts.after?.(epoch);
      continue;
    }
    story.say(
      `epoch ${epoch}: node ${cheater.nodeId} invented ${traffic.bytesDelivered} bytes and is picked`,
    );
    const attestation = cheater.attestationOf(epoch);
    const opened = await openings();
    await story.refused("a proof of invented traffic", "NotGrantSigner", () =>
      serviceAttestations.prove(attestation, opened),
    );
    await story.refused("a report before the deadline", "ProofDeadlineNotPassed", () =>
      penalties.reportMissingProof(attestation),
    );
    await passProofDeadline(stage, epoch);
    const slash = openedSlash(await sent(penalties.reportMissingProof(attestation)));
    await parts.after?.(epoch);
    return { ...slash, epoch, epochsUnpicked: epoch - from };
  }
  throw new Error(`the cheater was not picked in ${MAX_EPOCHS} epochs: the odds are one in a million`);
}

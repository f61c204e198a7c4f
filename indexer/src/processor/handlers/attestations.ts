import { concat, id as keccakOfText, keccak256, toBeHex } from "ethers";
import { events } from "../../abi/ServiceAttestations";
import * as model from "../../model";
import { on, toInt } from "../handler";
import { recordUpdate } from "./registry";

const ATTESTATION_TYPE = keccakOfText(
  "Attestation(uint256 nodeId,uint256 epoch,bytes32 receiptRoot,uint256 bytesDelivered,uint256 sessions,bytes32 auditCommitment)",
);

export const attestationHandlers = [
  on(events.OperatorChanged, async (event, at, batch) => {
    const node = await batch.node(event.nodeId);
    node.operator = event.operator;
    recordUpdate(node, model.NodeUpdateKind.OPERATOR, event.operator, at, batch);
  }),

  on(events.Attested, async (event, at, batch) => {
    const number = toInt(event.epoch);
    const node = await batch.node(event.nodeId);
    const epoch = await batch.epoch(number);
    const nodeEpoch = await batch.nodeEpoch(event.nodeId, number);
    const { receiptRoot, bytesDelivered, sessions, auditCommitment } = event;
    batch.entities.add(
      new model.Attestation({
        id: nodeEpoch.id,
        node,
        epoch,
        epochNumber: number,
        status: model.AttestationStatus.ATTESTED,
        receiptRoot,
        bytesDelivered,
        sessions,
        auditCommitment,
        attestationHash: hashAttestation(event),
        block: at.block,
        timestamp: at.timestamp,
        txHash: at.txHash,
      }),
    );
    nodeEpoch.status = model.AttestationStatus.ATTESTED;
    epoch.attestationCount += 1;
    node.epochsAttested += 1;
    node.lastAttestedEpoch = Math.max(node.lastAttestedEpoch ?? 0, number);
    const network = await batch.network();
    const day = await batch.day(at);
    network.attestations += 1;
    day.attestations += 1;
    for (const total of [nodeEpoch, epoch, node, network, day]) {
      total.bytesDelivered += bytesDelivered;
      total.sessions += sessions;
    }
  }),

  on(events.SeedArmed, async (event, _at, batch) => {
    const epoch = await batch.epoch(toInt(event.epoch));
    epoch.seedStatus = model.SeedStatus.ARMED;
    epoch.armedBlock = toInt(event.firstBlock);
  }),

  on(events.SeedDrawn, async (event, at, batch) => {
    const epoch = await batch.epoch(toInt(event.epoch));
    const { clock } = batch;
    epoch.seedStatus = model.SeedStatus.DRAWN;
    epoch.seed = event.seed;
    epoch.drawnBlock = at.block;
    epoch.drawnAt = at.timestamp;
    // Half an epoch after the draw, in time and in blocks.
    epoch.proofDeadlineAt = new Date((at.seconds + clock.epochSeconds / 2) * 1_000);
    epoch.proofDeadlineBlock = at.block + Math.floor(clock.epochBlocks / 2);
    epoch.settledBurned = event.burned;
    epoch.settledStake = event.activeStake;
    epoch.auditRingSize = toInt(event.ringSize);
  }),

  on(events.ProofMissing, async (event, _at, batch) => {
    const number = toInt(event.epoch);
    const nodeEpoch = await batch.nodeEpoch(event.nodeId, number);
    (await batch.entities.get(model.Attestation, nodeEpoch.id)).status = model.AttestationStatus.FAULTED;
    nodeEpoch.status = model.AttestationStatus.FAULTED;
    const faulted = [await batch.epoch(number), await batch.node(event.nodeId), await batch.network()];
    for (const total of faulted) total.proofsMissing += 1;
  }),

  on(events.ServiceProven, async (event, at, batch) => {
    const number = toInt(event.epoch);
    const node = await batch.node(event.nodeId);
    const epoch = await batch.epoch(number);
    const nodeEpoch = await batch.nodeEpoch(event.nodeId, number);
    const attestation = await batch.entities.get(model.Attestation, nodeEpoch.id);
    batch.entities.add(
      new model.ServiceProof({
        id: nodeEpoch.id,
        node,
        epoch,
        attestation,
        block: at.block,
        timestamp: at.timestamp,
        txHash: at.txHash,
      }),
    );
    attestation.status = model.AttestationStatus.PROVEN;
    nodeEpoch.status = model.AttestationStatus.PROVEN;
    epoch.proofCount += 1;
    node.epochsProven += 1;
    (await batch.network()).proofs += 1;
    (await batch.day(at)).proofs += 1;
  }),
];

interface AttestationFields {
  readonly nodeId: bigint;
  readonly epoch: bigint;
  readonly receiptRoot: string;
  readonly bytesDelivered: bigint;
  readonly sessions: bigint;
  readonly auditCommitment: string;
}

/** The EIP-712 struct hash, cut to the 224 bits that the contract stores. */
function hashAttestation(attestation: AttestationFields): string {
  const word = (value: bigint): string => toBeHex(value, 32);
  const hash = keccak256(
    concat([
      ATTESTATION_TYPE,
      word(attestation.nodeId),
      word(attestation.epoch),
      attestation.receiptRoot,
      word(attestation.bytesDelivered),
      word(attestation.sessions),
      attestation.auditCommitment,
    ]),
  );
  return `${hash.slice(0, -8)}00000000`;
}

/** What nodes and those who watch them do in an epoch, or leave out. */
import type { ContractTransactionResponse } from "ethers";
import { auditCommitment, auditedSeats, packScores } from "../../../../node/protocol/audits.js";
import { randomFrom } from "../../../node/support/random.js";
import { networkHelpers } from "../../support/chain.js";
import type { Node } from "../../support/people.js";
import { asAuthority } from "../../support/penalties.js";
import { Service, newSession, unattested } from "../../support/service.js";
import { nodeEpoch } from "../books.js";
import { fixSeed } from "../world.js";
import type { World } from "../world.js";

export type Step = () => Promise<unknown>;

const GOOD = 9_500;
const BAD = 1_000;

/** Attestations of the epoch before this one, with commitments to what the auditors think of each other. */
export async function attestSteps(world: World, epoch: number): Promise<Step[]> {
  const { attestations } = world.protocol;
  const services: Service[] = [];
  for (const node of world.nodes) {
    world.attestations.set(nodeEpoch(node.nodeId, epoch), unattested(node, epoch));
    if (world.oneIn(7)) continue;
    services.push(await newService(world, node, epoch));
  }
  const single = services.slice(0, 1);
  const batch = services.slice(1);
  return [
    ...single.map(
      (service) => () =>
        inCommitWindow(world, epoch, `attest ${service.attestation.nodeId} ${epoch}`, () => service.attest()),
    ),
    async () => {
      const signed = await Promise.all(batch.map((service) => service.signed()));
      await inCommitWindow(world, epoch, `attest a batch of ${batch.length}`, () =>
        attestations.attestBatch(signed),
      );
    },
  ];
}

/** Must work, unless time has passed meanwhile: somebody may have waited for a case. */
async function inCommitWindow(
  world: World,
  epoch: number,
  action: string,
  send: () => Promise<ContractTransactionResponse>,
): Promise<void> {
  const { clock } = world.protocol;
  const isOpen = (await networkHelpers.time.latest()) < clock.startOf(epoch + 1) + clock.half - 1;
  await (isOpen ? world.must(action, send) : world.attempt(action, send));
}

async function newService(world: World, node: Node, epoch: number): Promise<Service> {
  const { nodeId } = node;
  const sessions = await Promise.all(
    Array.from({ length: world.pick([0, 1, 1, 2, 3]) }, (_, index) =>
      newSession(
        world.protocol,
        world.pick(world.apps),
        node,
        epoch,
        `${world.seed}-${nodeId}-${epoch}-${index}`,
        {
          bytesDelivered: BigInt(1 + world.random.below(1_000_000_000)),
        },
      ),
    ),
  );
  const packedScores = packScores(await scoresOf(world, nodeId, epoch));
  const salt = randomFrom(epoch).hex(32);
  const service = new Service(world.protocol, node, epoch, sessions, {
    auditCommitment: auditCommitment(nodeId, epoch, packedScores, salt),
  });
  world.served.set(nodeEpoch(nodeId, epoch), { service, packedScores, salt });
  world.attestations.set(nodeEpoch(nodeId, epoch), service.attestation);
  return service;
}

/** Good nodes and bad ones are told apart, but now and then somebody contradicts all others. */
async function scoresOf(world: World, nodeId: bigint, epoch: number): Promise<number[]> {
  const { attestations } = world.views;
  const [offsets, size, seats] = await Promise.all([
    attestations.auditOffsets(epoch),
    attestations.ringSizeAt(epoch),
    Promise.all(world.nodes.map((node) => attestations.seatOf(node.nodeId, epoch))),
  ]);
  const own = seats[world.nodes.findIndex((node) => node.nodeId === nodeId)];
  if (own?.seated !== true || offsets.length === 0) return [GOOD];
  const isLiar = world.oneIn(8);
  return auditedSeats(Number(own.seat), Number(size), offsets.map(Number)).map((seat) => {
    const index = seats.findIndex((each) => each.seated && Number(each.seat) === seat);
    const target = world.nodes[index];
    const isBad = target !== undefined && world.bad.has(target.nodeId);
    return isBad === isLiar ? GOOD + world.random.below(500) : BAD + world.random.below(500);
  });
}

/** Seed, proofs and reveals of an epoch; some are left out. */
export function revealSteps(world: World, epoch: number): { first: Step[]; then: Step[] } {
  const { attestations } = world.protocol;
  const served = [...world.served.values()].filter(({ service }) => service.attestation.epoch === epoch);
  const first: Step[] = [
    () => world.attempt(`arm ${epoch}`, () => attestations.arm(epoch)),
    async () => {
      await networkHelpers.mine(16);
      if (await world.attempt(`draw ${epoch}`, () => attestations.draw(epoch))) await fixSeed(world, epoch);
    },
  ];
  const then: Step[] = [
    async () => {
      for (const { service } of served) await prove(world, service);
    },
    async () => {
      for (const { service, packedScores, salt } of served) {
        const { attestation } = service;
        if (world.oneIn(9)) continue;
        await world.attempt(`reveal ${attestation.nodeId} ${epoch}`, () =>
          attestations.reveal(attestation, packedScores, salt),
        );
      }
    },
  ];
  return { first, then };
}

/** Proves what must be proven, mostly; now and then what need not. */
async function prove(world: World, service: Service): Promise<void> {
  const { attestations, escrow } = world.protocol;
  const { nodeId, epoch, bytesDelivered } = service.attestation;
  const { drawn, timestamp } = await attestations.proofDeadline(epoch);
  const isOver = (await networkHelpers.time.latest()) >= Number(timestamp) - 1;
  if (!drawn || isOver || bytesDelivered === 0n || world.oneIn(4)) return;
  const [burned] = await escrow.nodeRevenueOf(nodeId, epoch);
  if (!(await attestations.mustProve(nodeId, epoch, burned)) && !world.oneIn(6)) return;
  await world.must(`prove ${nodeId} ${epoch}`, () => service.prove());
}

/** Claims, reports and strikes once an epoch is final. */
export function finalSteps(world: World, epoch: number): Step[] {
  const { distributor, penalties, strikes } = world.protocol;
  const of = [...world.attestations.values()].filter((attestation) => attestation.epoch === epoch);
  const later = [...world.attestations.values()].filter(() => world.oneIn(40));
  const targets = world.nodes.map(({ nodeId }) => nodeId);
  const served = [...world.served.values()].filter(({ service }) => service.attestation.epoch === epoch);
  return [
    ...of
      .filter(() => world.oneIn(5))
      .map(
        (attestation) => () =>
          world.attempt(`claim ${attestation.nodeId} ${epoch}`, () => distributor.claim(attestation)),
      ),
    () =>
      world.attempt(`claim a batch of ${of.length + later.length}`, () =>
        distributor.claimBatch([...of.filter(() => !world.oneIn(3)), ...later]),
      ),
    ...served.map(({ service }) => async () => {
      const { nodeId } = service.attestation;
      if (world.books.proven.has(nodeEpoch(nodeId, epoch)) || world.oneIn(3)) return;
      const reporter = world.pick(world.people);
      await world.attempt(`report ${nodeId} ${epoch}`, () =>
        penalties.connect(reporter).reportMissingProof(service.attestation),
      );
    }),
    ...targets
      .filter((target) => world.bad.has(target) || world.oneIn(12))
      .map(
        (target) => () =>
          world.attempt(`strike ${target} ${epoch}`, () => strikes.strikeTarget(target, epoch)),
      ),
    ...(world.oneIn(2)
      ? [() => world.attempt(`strike an auditor ${epoch}`, () => strikeAuditor(world, epoch))]
      : []),
  ];
}

function strikeAuditor(world: World, epoch: number) {
  const [auditor, target] = [world.pick(world.nodes), world.pick(world.nodes)];
  return world.protocol.strikes.strikeAuditor(auditor.nodeId, target.nodeId, epoch);
}

/** Slashes that can end do so: upheld, vetoed or overturned; what they took burns. */
export function slashSteps(world: World): Step[] {
  const { penalties, staking } = world.protocol;
  const ends = [...world.books.openSlashes].map(([slashId, slash]) => async () => {
    const { appealUntil } = await penalties.slashStateOf(slashId);
    const isOver = (await networkHelpers.time.latest()) >= Number(appealUntil);
    if (isOver && world.oneIn(3)) {
      return world.attempt(`execute slash of ${slash.nodeId}`, () => penalties.execute(slash));
    }
    if (world.oneIn(12)) {
      const how = isOver || world.oneIn(2) ? "overturn" : "veto";
      return world.must(`${how} slash of ${slash.nodeId}`, () =>
        asAuthority(world.protocol, penalties, how, [slash]),
      );
    }
    return undefined;
  });
  const burn = async () => {
    if ((await staking.pendingBurn()) === 0n || !world.oneIn(3)) return;
    await world.must("burn what slashes took", () => staking.burnPending());
  };
  return [...ends, burn];
}

/** What people do on a network, so that every event of every contract comes at least once. */
import { ZeroAddress } from "ethers";
import {
  addApp,
  addDelegator,
  addNode,
  collect,
  delegateMore,
  dtel,
} from "../../contracts/support/people.js";
import type { App, Node } from "../../contracts/support/people.js";
import type { Account } from "../../contracts/support/account.js";
import { honestService, unattested } from "../../contracts/support/service.js";
import type { Service } from "../../contracts/support/service.js";
import type { TestChain } from "./chain.js";
import type { TestProtocol } from "./protocol.js";

export interface People {
  readonly nodes: readonly [Node, Node];
  readonly delegators: readonly [Account, Account];
  readonly app: App;
}

/** Two nodes with stake, commission and delegators, and an app that has paid in and reserved. */
export async function settle(protocol: TestProtocol): Promise<People> {
  const { token, escrow } = protocol;
  const first = await addNode(protocol, { bond: dtel(5_000), commissionBps: 1_000 });
  const second = await addNode(protocol, { bond: dtel(2_000) });
  const delegators = [
    await addDelegator(protocol, first.nodeId, dtel(3_000)),
    await addDelegator(protocol, first.nodeId, dtel(1_500)),
  ] as const;
  await delegateMore(protocol, second.nodeId, delegators[0], dtel(700));
  for (const { nodeId, operator } of [first, second])
    await protocol.registry.connect(operator).activate(nodeId);
  // One votes for itself, one lets it vote, one changes its mind.
  await token.connect(delegators[0]).delegate(delegators[0]);
  await token.connect(delegators[1]).delegate(delegators[0]);
  await token.connect(first.owner).delegate(second.owner);
  await token.connect(first.owner).delegate(ZeroAddress);
  const app = await addApp(protocol, dtel(10_000));
  await escrow.connect(app.account).reserve(first.nodeId, dtel(400));
  return { nodes: [first, second], delegators, app };
}

/** Every change that a registration knows. */
export async function changeRegistrations(
  { registry, staking }: TestProtocol,
  { nodes }: People,
): Promise<void> {
  const [{ nodeId, owner, operator }] = nodes;
  await registry.connect(owner).setEndpoint(nodeId, "wss://other.example:4443");
  await registry.connect(owner).setPricePerGB(nodeId, dtel("0.5"));
  await registry.connect(owner).setCapacity(nodeId, 2_500);
  await registry.connect(owner).setOperator(nodeId, owner);
  await registry.connect(owner).setOperator(nodeId, operator);
  await staking.connect(owner).setCommission(nodeId, 500);
  await staking.connect(owner).announceCommission(nodeId, 900);
}

/**
 * An epoch's whole life: service and fees in it, attestations, seed, proofs, claims and mint after it. Drawing the seed pays
 * the fees out.
 * Begins with the epoch after the running one and ends when all of it is settled.
 */
export async function liveEpoch(chain: TestChain, protocol: TestProtocol, people: People): Promise<number> {
  const { clock, attestations, distributor, escrow } = protocol;
  const { nodes, app } = people;
  const epoch = Math.floor(((await chain.now()) - clock.genesisSeconds) / clock.epochSeconds) + 1;
  const services: Service[] = [];
  for (const node of nodes) services.push(await honestService(protocol, node, app, epoch, 3));
  // A collection counts for the epoch that ran half an epoch ago.
  await chain.goTo(clock.startOf(epoch) + clock.half + 10);
  const paid = async (node: Node): Promise<bigint> =>
    (await escrow.accountOf(app.account.id, node.nodeId)).paid * 1_000_000_000n;
  const score = async (node: Node): Promise<bigint> =>
    (await escrow.accountOf(app.account.id, node.nodeId)).score * 1_000_000_000n;
  for (const node of nodes) {
    await collect(
      protocol,
      app,
      node.nodeId,
      (await paid(node)) + dtel("25.5"),
      (await score(node)) + dtel("22.95"),
    );
  }
  await chain.goTo(clock.startOf(epoch + 1) + 5);
  for (const service of services) await service.attest();
  await drawSeed(chain, protocol, epoch);
  for (const service of services) await service.prove();
  await passProofDeadline(chain, protocol, epoch);
  for (const service of services) await service.claim();
  await distributor.mintPending();
  // What came for a number that nobody has registered yet belongs to whoever will.
  const unregistered = (await protocol.registry.nodeCount()) + 1n;
  await distributor.claim(unattested({ nodeId: unregistered }, epoch));
  if ((await attestations.epochRecordOf(epoch)).drawnAt === 0n) throw new Error("the seed was not drawn");
  return epoch;
}

async function drawSeed(
  chain: TestChain,
  { clock, attestations }: TestProtocol,
  epoch: number,
): Promise<void> {
  await chain.goTo(clock.startOf(epoch + 1) + clock.half);
  await attestations.arm(epoch);
  await chain.mine(15);
  await attestations.draw(epoch);
}

async function passProofDeadline(
  chain: TestChain,
  { attestations }: TestProtocol,
  epoch: number,
): Promise<void> {
  const { timestamp, blockNumber } = await attestations.proofDeadline(epoch);
  const missing = Number(blockNumber) - (await chain.height());
  if (missing > 0) await chain.mine(missing);
  await chain.goTo(Number(timestamp));
}

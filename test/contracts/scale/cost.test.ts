import { expect } from "chai";
import type { ContractTransactionResponse } from "ethers";
import { auditorSeats, packScores } from "../../../node/protocol/audits.js";
import type { Account } from "../support/account.js";
import { AuditedService, saltOf } from "../support/audits.js";
import { ethers, networkHelpers } from "../support/chain.js";
import { addApp, addDelegator, addNode, collect, delegateMore, dtel } from "../support/people.js";
import type { Node } from "../support/people.js";
import { openedSlash } from "../support/penalties.js";
import { freshProtocol, protocolFixture } from "../support/protocol.js";
import type { Protocol } from "../support/protocol.js";
import { drawSeed, newSession, passProofDeadline } from "../support/service.js";

const FEW = 10;
const MANY = 10_000;
/** What one node's registration, bond and seat cost leaves room for so many in a transaction. */
const PER_TRANSACTION = 60;
const FARM_GAS = 30_000_000n;
const EPOCH = 7;
const EVERYBODY_PROVES = { pickProbability: "1/1" } as const;
const strict = protocolFixture({ sampling: EVERYBODY_PROVES });

/** Gas by action. */
type Costs = Map<string, bigint>;

describe("cost does not grow with the network", function () {
  this.timeout(600_000);

  it(`between ${FEW} and ${MANY} nodes with seats in the ring`, async function () {
    const few = await costsAmong(FEW);
    const many = await costsAmong(MANY);
    expect([...many.keys()]).to.deep.equal([...few.keys()]);
    for (const [action, before] of few) {
      const after = many.get(action)!;
      const growth = Number(after - before) / Number(before);
      // Calldata and events differ by a few bytes: numbers are longer.
      expect(growth, `${action}: ${before} gas, then ${after}`).to.be.within(-0.02, 0.01);
    }
  });
});

/** What the main actions cost one node in a network of so many. */
async function costsAmong(count: number): Promise<Costs> {
  const protocol = await freshProtocol(strict);
  const { attestations, staking, registry, distributor, penalties, strikes, ring, clock, token } = protocol;
  await clock.goTo(2, 10);
  const operator = await plant(protocol, count);
  expect(await registry.nodeCount()).to.equal(BigInt(count));
  expect(await attestations.latestRingSize()).to.equal(BigInt(count));

  const costs: Costs = new Map();
  const measure = async (action: string, sent: Promise<ContractTransactionResponse>) => {
    const receipt = await (await sent).wait();
    costs.set(action, receipt!.gasUsed);
  };
  const farmed = (nodeId: bigint): Node => ({ nodeId, owner: operator, operator });
  const node = farmed(BigInt(FEW) / 2n);
  const app = await addApp(protocol);
  const session = (each: Node, label: string) => newSession(protocol, app, each, EPOCH, label);

  await clock.goTo(EPOCH - 1, clock.half);
  await drawSeed(protocol, EPOCH - 2);
  await clock.goTo(EPOCH, clock.half);
  await collect(protocol, app, node.nodeId, dtel(10));
  const { seat } = await attestations.seatOf(node.nodeId, EPOCH);
  const offsets = (await attestations.auditOffsets(EPOCH)).map(Number);
  expect(offsets.length).to.equal(3);
  const auditors = await Promise.all(
    auditorSeats(Number(seat), count, offsets).map(async (each) => farmed(await ring.occupantOf(each))),
  );

  await collect(protocol, app, auditors[0]!.nodeId, dtel(10));

  // They all give zeros: the node is to be struck, too.
  const audits = { packedScores: packScores([0, 0, 0]), salt: saltOf("scale") };
  const services = [];
  for (const each of [node, ...auditors]) {
    const sessions = [await session(each, `${each.nodeId}`)];
    services.push(new AuditedService(protocol, each, EPOCH, audits, sessions));
  }
  await clock.goTo(EPOCH + 1, 10);
  for (const service of services.slice(1)) await service.attest();
  await measure("attest", services[0]!.attest());
  await clock.nextBlockAt(EPOCH + 1, clock.half);
  await measure("arm", attestations.arm(EPOCH));
  await networkHelpers.mine(15);
  await measure("draw", attestations.draw(EPOCH));
  await services[1]!.prove();
  await measure("prove", services[2]!.prove());
  for (const service of services.slice(1)) await service.reveal();
  await measure("reveal", services[0]!.reveal());
  await passProofDeadline(protocol, EPOCH);

  await measure("claim", distributor.claim(services[0]!.attestation));
  // Its work is proven and paid for.
  await services[1]!.claim();
  await measure("mint", distributor.mintPending());
  await measure("strike", strikes.strikeTarget(node.nodeId, EPOCH));
  const report = await penalties.reportMissingProof(services[0]!.attestation);
  await measure("report a missing proof", Promise.resolve(report));
  const { slash, appealUntil } = await openedSlash(report);
  await networkHelpers.time.increaseTo(appealUntil);
  await measure("execute a slash", penalties.execute(slash));
  await measure("burn", staking.burnPending());

  const own = await addNode(protocol, { bond: dtel(2_000), active: true });
  const delegator = await addDelegator(protocol, own.nodeId, dtel(100));
  await measure("delegate", delegateMore(protocol, own.nodeId, delegator, dtel(100)));
  const { shares } = await staking.positionOf(own.nodeId, delegator);
  await measure("undelegate", staking.connect(delegator).requestUndelegate(own.nodeId, shares / 2n));
  const newcomer = await protocol.newAccount(dtel(1_000));
  const asNewcomer = registry.connect(newcomer);
  await measure("register", asNewcomer.register(operator, 1, 1_000, dtel(1), "wss://node.example"));
  const nodeId = await registry.nodeCount();
  await token.connect(newcomer).approve(staking, dtel(1_000));
  await measure("bond", staking.connect(newcomer).bond(nodeId, dtel(1_000)));
  await measure("take a seat", asNewcomer.activate(nodeId));
  await measure("leave a seat", registry.connect(operator).drain(3n));
  await measure("unbond", staking.connect(newcomer).requestUnbond(nodeId, dtel(1_000)));
  await measure("be evicted", ring.evict(nodeId));
  return costs;
}

/** Registers, bonds and seats nodes in the way of any owner; all have one operator key, which is returned. */
async function plant(protocol: Protocol, count: number): Promise<Account> {
  const { registry, staking, token, holder } = protocol;
  const operator = await protocol.newAccount();
  const farm = await ethers.deployContract("NodeFarmHarness", [
    registry.target,
    staking.target,
    token.target,
  ]);
  await token.connect(holder).transfer(farm, BigInt(count) * dtel(1_000));
  const connected = farm.connect(holder);
  for (let planted = 0; planted < count; planted += PER_TRANSACTION) {
    const part = Math.min(PER_TRANSACTION, count - planted);
    await connected.getFunction("plant").send(part, dtel(1_000), operator.address, { gasLimit: FARM_GAS });
  }
  return operator;
}

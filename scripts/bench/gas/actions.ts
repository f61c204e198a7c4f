/** The protocol's main actions, each measured in the state that its users usually meet. */
import type { LIMITS } from "./limits.js";
import { each, sent, sum } from "./meter.js";
import type { Figure } from "./meter.js";
import { measureGovernance } from "./governance.js";
import { measureSlashes } from "./slashes.js";
import { DTEL, deployBenchProtocol } from "./protocol.js";
import type { BenchProtocol } from "./protocol.js";

export type GasFigures = Record<keyof typeof LIMITS | "prove" | "vote" | "propose", Figure>;

/** Nodes 13 and 14 stay away from service: they are there for slashes. */
const NODES = 14;
const PROVE_PROBABILITY = 1 / 8;
const BATCH = [3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
const RING_EPOCHS = 256;

/** Runs every action on a fresh protocol of mainnet's parameters. Takes about a minute. */
export async function measure(): Promise<GasFigures> {
  const protocol = await deployBenchProtocol();
  await protocol.fund();
  const staking = await measureStaking(protocol);
  const deposit = await measureDeposit(protocol);
  const service = await measureService(protocol);
  const exits = await measureExits(protocol);
  const slashes = await measureSlashes(protocol);
  const governance = await measureGovernance(protocol);
  const share = Math.round(service.prove.gas * PROVE_PROBABILITY);
  return {
    ...staking,
    ...deposit,
    ...service,
    ...exits,
    ...slashes,
    ...governance,
    attestAndProveShare: {
      gas: service.attest.gas + share,
      charged: service.attest.charged + Math.round(service.prove.charged * PROVE_PROBABILITY),
    },
  };
}

async function measureStaking(protocol: BenchProtocol) {
  const { staking, registry, chain, register, accounts, figureOf } = protocol;
  const { owner, delegator, newcomer } = accounts;
  await sent(register());
  const registered = await figureOf(register());
  for (let i = 2; i < NODES; i++) await sent(register());
  await protocol.fundOperators();

  await chain.goTo((await chain.epoch()) + 1);
  // Another owner has bonded in this epoch already: the network's own history is touched once an epoch.
  await sent(staking.connect(owner).bond(1, 25_000n * DTEL));
  const bondFirst = await figureOf(staking.connect(owner).bond(2, 25_000n * DTEL));
  for (let nodeId = 3; nodeId <= NODES; nodeId++) {
    await sent(staking.connect(owner).bond(nodeId, 25_000n * DTEL));
  }
  for (let nodeId = 1; nodeId <= NODES; nodeId++) {
    await sent(staking.connect(delegator).delegate(nodeId, 20_000n * DTEL, 0));
    await sent(registry.connect(owner).activate(nodeId));
  }
  await chain.goTo((await chain.epoch()) + 1);
  await sent(staking.connect(delegator).delegate(1, DTEL, 0));
  const delegateFirst = await figureOf(staking.connect(newcomer).delegate(2, 1_000n * DTEL, 0));
  await chain.goTo((await chain.epoch()) + 1);
  await sent(staking.connect(delegator).delegate(1, DTEL, 0));
  const delegateAgain = await figureOf(staking.connect(newcomer).delegate(2, 1_000n * DTEL, 0));
  return { register: registered, bondFirst, delegateFirst, delegateAgain };
}

async function measureDeposit(protocol: BenchProtocol) {
  const { token, escrow, accounts, addresses, appSigner, figureOf } = protocol;
  const { app, owner } = accounts;
  await sent(token.connect(owner)["transferAndCall(address,uint256)"](addresses.paymentEscrow, DTEL));
  const send = () =>
    token.connect(app)["transferAndCall(address,uint256)"](addresses.paymentEscrow, 1_000_000n * DTEL);
  await sent(send());
  const deposit = await figureOf(send());
  await sent(escrow.connect(app).addSigner(appSigner));
  for (let nodeId = 1; nodeId <= NODES; nodeId++) {
    await sent(escrow.connect(app).reserve(nodeId, 50_000n * DTEL));
  }
  return { deposit };
}

async function measureService(protocol: BenchProtocol) {
  const first = await serviceEpoch(protocol, (await protocol.chain.epoch()) + 3);
  // Later: pairs and nodes are known, the rings' slots are new.
  const next = await serviceEpoch(protocol, first.epoch + 6);
  // A lap later: the slots are used again, as they will be for as long as the protocol runs.
  const { epoch, ...steady } = await serviceEpoch(protocol, next.epoch + RING_EPOCHS);
  return {
    ...steady,
    attestFirst: next.attest,
    attestBatchedFirst: next.attestBatched,
    collectFirst: next.collectFirst,
  };
}

/** One audited epoch from collection to claim; nodes 1 and 3 to 12 are measured, 2 goes before them. */
async function serviceEpoch(protocol: BenchProtocol, epoch: number) {
  const { chain, escrow, attestations, audits, distributor, staking, accounts, figureOf } = protocol;
  const { relayer, delegator } = accounts;
  const amount = 10n * DTEL;
  const collect = async (nodeId: number) => {
    const { voucher, signature } = await protocol.nextVoucher(nodeId, amount);
    return escrow.connect(relayer).collect(voucher, signature);
  };

  // The seed that says who audits whom.
  await chain.drawSeed(epoch - 2);
  await chain.goTo(epoch, 0.6);
  await sent(staking.connect(delegator).delegate(1, DTEL, 0));
  await sent(collect(2));
  const collectFirst = await figureOf(collect(1));
  const collectAgain = await figureOf(collect(1));
  const vouchers = [];
  for (const nodeId of BATCH) vouchers.push(await protocol.nextVoucher(nodeId, amount));
  const collectBatched = each(await figureOf(escrow.connect(relayer).collectBatch(vouchers)), BATCH.length);

  const tree = await protocol.traffic(1, epoch);
  await chain.goTo(epoch + 1, 0.1);
  const attestationOf = (nodeId: number) => protocol.attestationOf(nodeId, epoch, tree);
  const attest = (nodeId: number) =>
    attestations.connect(protocol.operatorOf(nodeId)).attest(attestationOf(nodeId));
  const attested = await figureOf(attest(1));
  const signed = [];
  for (const nodeId of BATCH) signed.push(await protocol.signedAttestation(attestationOf(nodeId)));
  const attestBatched = each(await figureOf(attestations.connect(relayer).attestBatch(signed)), BATCH.length);
  await sent(attest(2));

  await chain.goTo(epoch + 1, 0.6);
  const armed = await figureOf(attestations.connect(relayer).arm(epoch));
  await chain.mine(16);
  const drawn = await figureOf(attestations.connect(relayer).draw(epoch));
  const openings = await protocol.openings(attestationOf(1), tree);
  const prove = await figureOf(attestations.connect(relayer).prove(attestationOf(1), openings));
  const revealOf = (nodeId: number) => {
    const { packed, salt } = protocol.scoresOf(nodeId, epoch);
    return audits.connect(relayer).reveal(attestationOf(nodeId), packed, salt);
  };
  const reveal = await figureOf(revealOf(1));
  for (const nodeId of [2, ...BATCH]) await sent(revealOf(nodeId));

  await chain.mine(chain.epochBlocks);
  await chain.goTo(epoch + 3, 0.1);
  await sent(distributor.connect(relayer).claim(attestationOf(2)));
  const claim = await figureOf(distributor.connect(relayer).claim(attestationOf(1)));
  const claims = BATCH.map(attestationOf);
  const claimBatched = each(await figureOf(distributor.connect(relayer).claimBatch(claims)), BATCH.length);
  const minted = await figureOf(distributor.connect(relayer).mintPending());
  return {
    epoch,
    collectFirst,
    collect: collectAgain,
    collectBatched,
    attest: attested,
    attestBatched,
    prove,
    reveal,
    claim,
    claimBatched,
    epochUpkeep: sum(armed, drawn, minted),
  };
}

async function measureExits({ staking, chain, accounts, figureOf }: BenchProtocol) {
  const { delegator, newcomer } = accounts;
  await chain.goTo((await chain.epoch()) + 60);
  const { shares } = await staking.positionOf(2, newcomer.address);
  // Somebody has left this pool before, and the network's history is touched in this epoch.
  await sent(staking.connect(delegator).requestUndelegate(2, 1_000n * 10n ** 12n));
  await chain.goTo((await chain.epoch()) + 1);
  await sent(staking.connect(delegator).delegate(1, DTEL, 0));
  const undelegate = await figureOf(staking.connect(newcomer).requestUndelegate(2, shares / 2n));
  await chain.goTo((await chain.epoch()) + 120);
  const withdraw = await figureOf(staking.connect(newcomer).withdraw(2));
  return { undelegate, withdraw };
}

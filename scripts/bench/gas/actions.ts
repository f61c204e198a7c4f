/** The protocol's main actions, each measured in the state that its users usually meet. */
import { DTEL, deployBenchProtocol, gasOf, sent } from "./protocol.js";
import type { BenchProtocol } from "./protocol.js";

/** EVM gas at most, from the design's table; what gas figures are held against. */
export const LIMITS = {
  register: 115_000,
  bondFirst: 105_000,
  delegateFirst: 115_000,
  delegateAgain: 100_000,
  undelegate: 95_000,
  withdraw: 70_000,
  attestFirst: 58_000,
  attest: 42_000,
  attestBatchedFirst: 38_000,
  attestBatched: 22_000,
  attestAndProveShare: 85_000,
  claim: 100_000,
  claimBatched: 45_000,
  collectFirst: 82_000,
  collect: 65_000,
  collectBatched: 45_000,
  deposit: 60_000,
  epochUpkeep: 320_000,
} as const;

export type GasFigures = Record<keyof typeof LIMITS | "prove", number>;

const NODES = 14;
const PROVE_PROBABILITY = 1 / 8;
const BATCH = [3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
const RING_EPOCHS = 256;

/** Runs every action on a fresh protocol. Takes about half a minute. */
export async function measure(): Promise<GasFigures> {
  const protocol = await deployBenchProtocol();
  await protocol.fund();
  const staking = await measureStaking(protocol);
  const deposit = await measureDeposit(protocol);
  const service = await measureService(protocol);
  const exits = await measureExits(protocol);
  return {
    ...staking,
    ...deposit,
    ...service,
    ...exits,
    attestAndProveShare: service.attest + Math.round(service.prove * PROVE_PROBABILITY),
  };
}

async function measureStaking(protocol: BenchProtocol) {
  const { staking, chain, register, accounts } = protocol;
  const { owner, delegator, newcomer } = accounts;
  await sent(register());
  const registerGas = await gasOf(register());
  for (let i = 2; i < NODES; i++) await sent(register());
  await protocol.fundOperators();

  await chain.goTo((await chain.epoch()) + 1);
  // Another owner has bonded in this epoch already: the network's own history is touched once an epoch.
  await sent(staking.connect(owner).bond(1, 25_000n * DTEL));
  const bondFirst = await gasOf(staking.connect(owner).bond(2, 25_000n * DTEL));
  for (let nodeId = 3; nodeId <= NODES; nodeId++) {
    await sent(staking.connect(owner).bond(nodeId, 25_000n * DTEL));
  }
  for (let nodeId = 1; nodeId <= NODES; nodeId++) {
    await sent(staking.connect(delegator).delegate(nodeId, 20_000n * DTEL, 0));
  }
  await chain.goTo((await chain.epoch()) + 1);
  await sent(staking.connect(delegator).delegate(1, DTEL, 0));
  const delegateFirst = await gasOf(staking.connect(newcomer).delegate(2, 1_000n * DTEL, 0));
  await chain.goTo((await chain.epoch()) + 1);
  await sent(staking.connect(delegator).delegate(1, DTEL, 0));
  const delegateAgain = await gasOf(staking.connect(newcomer).delegate(2, 1_000n * DTEL, 0));
  return { register: registerGas, bondFirst, delegateFirst, delegateAgain };
}

async function measureDeposit({ token, escrow, accounts, addresses, appSigner }: BenchProtocol) {
  const { app, owner } = accounts;
  await sent(token.connect(owner)["transferAndCall(address,uint256)"](addresses.paymentEscrow, DTEL));
  const send = () =>
    token.connect(app)["transferAndCall(address,uint256)"](addresses.paymentEscrow, 1_000_000n * DTEL);
  await sent(send());
  const deposit = await gasOf(send());
  await sent(escrow.connect(app).addSigner(appSigner));
  for (let nodeId = 1; nodeId <= NODES; nodeId++) {
    await sent(escrow.connect(app).reserve(nodeId, 50_000n * DTEL));
  }
  return { deposit };
}

async function measureService(protocol: BenchProtocol) {
  const first = await serviceEpoch(protocol, (await protocol.chain.epoch()) + 1);
  // The following epoch: pairs and nodes are known, the rings' slots are new.
  const next = await serviceEpoch(protocol, first.epoch + 4);
  // A lap later: the slots are used again, as they will be for as long as the protocol runs.
  const steady = await serviceEpoch(protocol, next.epoch + RING_EPOCHS);
  return {
    attestFirst: next.attest,
    attest: steady.attest,
    attestBatchedFirst: next.attestBatched,
    attestBatched: steady.attestBatched,
    prove: steady.prove,
    claim: steady.claim,
    claimBatched: steady.claimBatched,
    collectFirst: next.collectFirst,
    collect: steady.collect,
    collectBatched: steady.collectBatched,
    epochUpkeep: steady.epochUpkeep,
  };
}

/** One epoch of service from collection to claim; nodes 1 and 3 to 12 are measured, 2, 13 and 14 go before them. */
async function serviceEpoch(protocol: BenchProtocol, epoch: number) {
  const { chain, escrow, attestations, distributor, staking, accounts } = protocol;
  const { relayer, delegator } = accounts;
  const amount = 10n * DTEL;
  const collect = async (nodeId: number) => {
    const { voucher, signature } = await protocol.nextVoucher(nodeId, amount);
    return escrow.connect(relayer).collect(voucher, signature);
  };

  await chain.goTo(epoch, 0.6);
  await sent(staking.connect(delegator).delegate(1, DTEL, 0));
  await sent(collect(2));
  const collectFirst = await gasOf(collect(1));
  const collectAgain = await gasOf(collect(1));
  const vouchers = [];
  for (const nodeId of BATCH) vouchers.push(await protocol.nextVoucher(nodeId, amount));
  const collectBatched = (await gasOf(escrow.connect(relayer).collectBatch(vouchers))) / BATCH.length;

  const tree = await protocol.traffic(1, epoch);
  await chain.goTo(epoch + 1, 0.1);
  const attestationOf = (nodeId: number) => protocol.attestationOf(nodeId, epoch, tree);
  const attest = (nodeId: number) =>
    attestations.connect(protocol.operatorOf(nodeId)).attest(attestationOf(nodeId));
  const attestGas = await gasOf(attest(1));
  const signed = [];
  for (const nodeId of BATCH) signed.push(await protocol.signedAttestation(attestationOf(nodeId)));
  const attestBatched = (await gasOf(attestations.connect(relayer).attestBatch(signed))) / BATCH.length;
  await sent(attest(2));

  await chain.goTo(epoch + 1, 0.6);
  let epochUpkeep = await gasOf(attestations.connect(relayer).arm(epoch));
  await chain.mine(16);
  epochUpkeep += await gasOf(attestations.connect(relayer).draw(epoch));
  const openings = await protocol.openings(attestationOf(1), tree);
  const prove = await gasOf(attestations.connect(relayer).prove(attestationOf(1), openings));

  await chain.mine(chain.epochBlocks);
  await chain.goTo(epoch + 3, 0.1);
  await sent(distributor.connect(relayer).claim(attestationOf(2)));
  const claim = await gasOf(distributor.connect(relayer).claim(attestationOf(1)));
  const claims = BATCH.map(attestationOf);
  const claimBatched = (await gasOf(distributor.connect(relayer).claimBatch(claims))) / BATCH.length;
  epochUpkeep += await gasOf(distributor.connect(relayer).mintPending());
  epochUpkeep += await gasOf(escrow.connect(relayer).flush(epoch));
  return {
    epoch,
    collectFirst,
    collect: collectAgain,
    collectBatched: Math.round(collectBatched),
    attest: attestGas,
    attestBatched: Math.round(attestBatched),
    prove,
    claim,
    claimBatched: Math.round(claimBatched),
    epochUpkeep,
  };
}

async function measureExits({ staking, chain, accounts }: BenchProtocol) {
  const { delegator, newcomer } = accounts;
  await chain.goTo((await chain.epoch()) + 60);
  const { shares } = await staking.positionOf(2, newcomer.address);
  // Somebody has left this pool before, and the network's history is touched in this epoch.
  await sent(staking.connect(delegator).requestUndelegate(2, 1_000n * 10n ** 12n));
  await chain.goTo((await chain.epoch()) + 1);
  await sent(staking.connect(delegator).delegate(1, DTEL, 0));
  const undelegate = await gasOf(staking.connect(newcomer).requestUndelegate(2, shares / 2n));
  await chain.goTo((await chain.epoch()) + 120);
  const withdraw = await gasOf(staking.connect(newcomer).withdraw(2));
  return { undelegate, withdraw };
}

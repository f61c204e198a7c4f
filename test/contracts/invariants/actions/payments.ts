/** What apps do, and who holds their vouchers. */
import { WEI_PER_GWEI } from "../../../../node/protocol/amounts.js";
import type { SignedVoucherStruct } from "../../../../types/contracts/service/PaymentEscrow.js";
import { signVoucher } from "../../support/people.js";
import type { App, Node } from "../../support/people.js";
import type { World } from "../world.js";
import type { Action } from "./staking.js";

async function deposit(world: World): Promise<unknown> {
  const { token, escrow } = world.protocol;
  const [{ account }, amount] = [world.pick(world.apps), world.amount()];
  await token.transfer(account, amount);
  return world.oneIn(2)
    ? world.attempt(`deposit ${amount}`, () => escrow.connect(account).deposit(account, amount))
    : world.attempt(`deposit ${amount} by transferAndCall`, () =>
        token.connect(account)["transferAndCall(address,uint256)"](escrow, amount),
      );
}

async function withdraw(world: World): Promise<unknown> {
  const { escrow } = world.protocol;
  const { account } = world.pick(world.apps);
  const free = await escrow.balanceOf(account);
  if (free === 0n) return;
  // All of the free part can be withdrawn at any time.
  const amount = world.oneIn(4) ? free : world.amount();
  const send = () => escrow.connect(account).withdraw(account, amount);
  return amount === free
    ? world.must(`app withdraws all`, send)
    : world.attempt(`app withdraws ${amount}`, send);
}

async function reserve(world: World): Promise<unknown> {
  const { escrow } = world.protocol;
  const [{ account }, { nodeId }] = [world.pick(world.apps), world.pick(world.nodes)];
  // Mostly a part of what there is, sometimes more.
  const free = await escrow.balanceOf(account);
  const part = free / world.pick([2n, 5n, 50n]);
  const amount = world.oneIn(4) ? world.amount() : part - (part % WEI_PER_GWEI);
  return world.attempt(`reserve ${amount} for ${nodeId}`, () =>
    escrow.connect(account).reserve(nodeId, amount),
  );
}

async function requestRelease(world: World): Promise<void> {
  const { escrow } = world.protocol;
  const { account } = world.pick(world.apps);
  for (const { nodeId } of world.nodes) {
    const { reserved } = await escrow.accountOf(account, nodeId);
    if (reserved === 0n) continue;
    await world.must(`ask for release of ${nodeId}`, () =>
      escrow.connect(account).requestRelease(nodeId, reserved * WEI_PER_GWEI),
    );
  }
}

async function release(world: World): Promise<unknown> {
  const [{ account }, { nodeId }] = [world.pick(world.apps), world.pick(world.nodes)];
  return world.attempt(`release of ${nodeId}`, () => world.protocol.escrow.connect(account).release(nodeId));
}

/** A voucher higher than the last, sometimes an old one, sometimes with a score that goes back. */
async function nextVoucher(world: World, app: App, { nodeId }: Node): Promise<SignedVoucherStruct> {
  const key = `${app.account.address}/${nodeId}`;
  const last = world.promised.get(key) ?? { amount: 0n, score: 0n };
  const more = world.oneIn(6) ? 0n : world.amount() / 10n;
  const amount = last.amount + more - (more % WEI_PER_GWEI);
  const score = (amount * BigInt(world.random.below(10_001))) / 10_000n;
  const whole = { amount, score: score - (score % WEI_PER_GWEI) };
  world.promised.set(key, whole);
  return signVoucher(world.protocol, app, nodeId, whole.amount, whole.score);
}

async function collect(world: World): Promise<unknown> {
  const [app, node] = [world.pick(world.apps), world.pick(world.nodes)];
  const { voucher, signature } = await nextVoucher(world, app, node);
  return world.attempt(`collect for ${node.nodeId}`, () => world.protocol.escrow.collect(voucher, signature));
}

export async function collectBatch(world: World): Promise<unknown> {
  const vouchers: SignedVoucherStruct[] = [];
  for (const node of world.nodes) {
    if (world.oneIn(3)) continue;
    vouchers.push(await nextVoucher(world, world.pick(world.apps), node));
  }
  return world.must(`collect a batch of ${vouchers.length}`, () =>
    world.protocol.escrow.collectBatch(vouchers),
  );
}

async function flush(world: World): Promise<unknown> {
  const epochs = [...world.books.revenues].filter(([, { flushed }]) => !flushed).map(([epoch]) => epoch);
  if (epochs.length === 0) return;
  const epoch = world.pick(epochs);
  return world.attempt(`flush ${epoch}`, () => world.protocol.escrow.flush(epoch));
}

async function mint(world: World): Promise<unknown> {
  const { distributor } = world.protocol;
  if ((await distributor.pendingMint()) === 0n) return;
  return world.must(`mint`, () => distributor.mintPending());
}

export const PAYMENT_ACTIONS: readonly Action[] = [
  deposit,
  withdraw,
  reserve,
  reserve,
  requestRelease,
  requestRelease,
  release,
  collect,
  collect,
  collect,
  collectBatch,
  flush,
  mint,
];

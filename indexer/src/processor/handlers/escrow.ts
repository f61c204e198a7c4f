import { events } from "../../abi/PaymentEscrow";
import * as model from "../../model";
import { on, toInt } from "../handler";
import { setParameters } from "./contracts";

export const escrowHandlers = [
  on(events.Deposited, async (event, at, batch) => {
    const app = await batch.app(event.app, at);
    app.balance += event.amount;
    app.deposited += event.amount;
    batch.entities.add(
      new model.AppDeposit({
        id: at.id,
        app,
        from: await batch.account(event.from),
        amount: event.amount,
        block: at.block,
        timestamp: at.timestamp,
        txHash: at.txHash,
      }),
    );
  }),

  on(events.Withdrawn, async (event, at, batch) => {
    const app = await batch.app(event.app, at);
    app.balance -= event.amount;
    app.withdrawn += event.amount;
    batch.entities.add(
      new model.AppWithdrawal({
        id: at.id,
        app,
        to: await batch.account(event.to),
        amount: event.amount,
        block: at.block,
        timestamp: at.timestamp,
        txHash: at.txHash,
      }),
    );
  }),

  on(events.Reserved, async (event, at, batch) => {
    const app = await batch.app(event.app, at);
    app.balance -= event.amount;
    app.reserved += event.amount;
    (await batch.appNodeAccount(app, event.nodeId)).reserved += event.amount;
  }),

  on(events.ReleaseRequested, async (event, at, batch) => {
    const account = await batch.appNodeAccount(await batch.app(event.app, at), event.nodeId);
    account.thawing = event.amount;
    account.releasableEpoch = toInt(event.releasableEpoch);
  }),

  on(events.Released, async (event, at, batch) => {
    const app = await batch.app(event.app, at);
    app.balance += event.amount;
    app.reserved -= event.amount;
    const account = await batch.appNodeAccount(app, event.nodeId);
    account.reserved -= event.amount;
    account.thawing = 0n;
    account.releasableEpoch = null;
  }),

  on(events.SignerAdded, async (event, at, batch) => {
    batch.entities.add(
      new model.AppSigner({
        id: `${event.app}-${event.signer}`,
        app: await batch.app(event.app, at),
        signer: event.signer,
        firstEpoch: toInt(event.firstEpoch),
        lastEpoch: null,
        addedAt: at.timestamp,
        revokedAt: null,
      }),
    );
  }),

  on(events.SignerRevoked, async (event, at, batch) => {
    const signer = await batch.entities.get(model.AppSigner, `${event.app}-${event.signer}`);
    signer.lastEpoch = toInt(event.lastEpoch);
    signer.revokedAt = at.timestamp;
  }),

  on(events.VoucherCollected, async (event, at, batch) => {
    const { nodeId, amount, score, fromReserve, burned, scoredBurn, treasury } = event;
    const stakers = amount - burned - treasury;
    const number = toInt(event.epoch);
    const app = await batch.app(event.app, at);
    const account = await batch.appNodeAccount(app, nodeId);
    const node = await batch.findNode(nodeId);
    const epoch = await batch.epoch(number);
    app.balance -= amount - fromReserve;
    for (const payer of [app, account]) {
      payer.paid += amount;
      payer.score += score;
      payer.reserved -= fromReserve;
    }
    batch.entities.add(
      new model.VoucherCollection({
        id: at.id,
        app,
        node: node ?? null,
        account,
        epoch,
        amount,
        score,
        fromReserve,
        burned,
        scoredBurn,
        treasury,
        stakers,
        block: at.block,
        timestamp: at.timestamp,
        txHash: at.txHash,
      }),
    );
    const nodeEpoch = await batch.nodeEpoch(nodeId, number);
    for (const total of [nodeEpoch, epoch]) total.feesScored += scoredBurn;
    const network = await batch.network();
    const day = await batch.day(at);
    day.collections += 1;
    for (const total of [nodeEpoch, epoch, network, day]) total.feesTreasury += treasury;
    for (const total of [nodeEpoch, epoch, network, day, ...(node === undefined ? [] : [node])]) {
      total.feesCollected += amount;
      total.feesBurned += burned;
      total.feesStakers += stakers;
    }
  }),

  on(events.EpochFlushed, async (event, at, batch) => {
    const epoch = await batch.epoch(toInt(event.epoch));
    epoch.flushed = true;
    epoch.flushedAt = at.timestamp;
    (await batch.network()).feesFlushed += event.burned + event.treasury + event.stakers;
  }),

  on(events.PaymentConfigChanged, (config, at, batch) => setParameters("paymentEscrow", config, at, batch)),
];

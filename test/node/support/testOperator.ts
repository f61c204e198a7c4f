import { openDatabase } from "../../../node/chain/sqlite.js";
import { TransactionQueue } from "../../../node/chain/transactionQueue.js";
import { TransactionStore } from "../../../node/chain/transactionStore.js";
import type { Wallet } from "ethers";
import { parseEther } from "ethers";
import { pino } from "pino";
import { feeWei, floorToGwei, scoreWei } from "../../../node/protocol/amounts.js";
import type { Address } from "../../../node/protocol/hex.js";
import { voucher } from "../../../node/protocol/typedData.js";
import type { TypedDataDomain } from "../../../node/protocol/typedData.js";
import { AccountStore } from "../../../node/service/accountStore.js";
import { AuditPlanner } from "../../../node/service/audits/auditPlanner.js";
import { storedScores } from "../../../node/service/audits/auditScores.js";
import { AuditStore } from "../../../node/service/audits/auditStore.js";
import { NodeDirectory } from "../../../node/service/audits/nodeDirectory.js";
import { attestDuty } from "../../../node/service/duties/attest.js";
import { claimDuty, flushDuty, mintDuty } from "../../../node/service/duties/claim.js";
import { collectDuty } from "../../../node/service/duties/collect.js";
import type { DutyContext } from "../../../node/service/duties/duty.js";
import { proveDuty } from "../../../node/service/duties/prove.js";
import { revealDuty } from "../../../node/service/duties/reveal.js";
import { seedDuty } from "../../../node/service/duties/seed.js";
import { EpochDuties } from "../../../node/service/epochDuties.js";
import { EpochStore } from "../../../node/service/epochStore.js";
import { ReceiptStore } from "../../../node/service/receiptStore.js";
import { SeatKeeper } from "../../../node/service/seatKeeper.js";
import { SeatStore } from "../../../node/service/seatStore.js";
import type { AskForVoucher } from "../../../node/service/voucherClient.js";
import { VoucherKeeper } from "../../../node/service/voucherKeeper.js";
import { nodeChainOn, ringChainOn, watch } from "./localChain.js";
import type { LocalChain } from "./localChain.js";
import { addressOf, grantFor, receiptBy } from "./participants.js";

/** Price at which nodes are registered on a `LocalChain`. */
export const PRICE_WEI_PER_GB = parseEther("100");

/** A node's duties on a database of its own, without media: the clock is the chain's. */
export async function startOperator(
  chain: LocalChain,
  options: { nodeId: bigint; wallet: Wallet; path: string; ask: AskForVoucher },
) {
  const { nodeId, wallet, path, ask } = options;
  const log = pino({ enabled: false });
  const database = openDatabase(path);
  const receipts = new ReceiptStore(database);
  const accounts = new AccountStore(database, nodeId);
  const epochs = new EpochStore(database, nodeId);
  const watcher = await watch(chain.provider);
  const nodeChain = nodeChainOn(chain, watcher, nodeId);
  const queue = new TransactionQueue({
    ...{ provider: chain.provider, watcher, wallet, log, replaceAfterBlocks: 50, confirmations: 1 },
    store: new TransactionStore(database),
    gasPrice: { factor: 1.5, maxFeePerGas: parseEther("0.001") },
  });
  const ring = ringChainOn(chain, nodeId, wallet.address);
  const directory = new NodeDirectory(database, ring);
  const planner = new AuditPlanner({ chain: nodeChain, ring, directory });
  const findings = new AuditStore(database);
  const context: DutyContext = {
    ...{ chain: nodeChain, ring, queue, receipts, epochs, accounts, planner, log, receiptGraceMs: 4_000 },
    scores: storedScores(findings),
    now: () => watcher.head.timestamp * 1_000,
  };
  const keeper = new VoucherKeeper({
    ...{ chain: nodeChain, receipts, accounts, ask, log, periodMs: 60_000, exposureOf: () => undefined },
  });
  const duties = new EpochDuties({
    ...{ clock: nodeChain.clock, watcher, epochs, log, onSettled: () => undefined },
    duties: [
      ...[attestDuty(context), collectDuty(context, keeper, () => undefined), seedDuty(context)],
      ...[revealDuty(context), proveDuty(context), flushDuty(context), claimDuty(context), mintDuty(context)],
    ],
  });
  const seat = new SeatKeeper({
    ...{ ring, queue, watcher, log, clock: nodeChain.clock, store: new SeatStore(database) },
  });
  return {
    ...{ ring, directory, planner, findings, seat },
    ...{ nodeId, chain: nodeChain, queue, receipts, accounts, epochs, watcher, duties, context, keeper },
    /** Stores a receipt that a participant signed, as a session would after checking it. */
    async receive(
      { app, signer, session }: { app: Address; signer: Wallet; session: Wallet },
      epoch: number,
      bytesDelivered: bigint,
      maxBytesPerEpoch = 1_000_000_000_000n,
    ): Promise<void> {
      const domain = nodeChain.serviceDomain;
      const { grant, grantSignature } = await grantFor({ app, signer, session, domain, maxBytesPerEpoch });
      accounts.open(app, "https://app.example/vouchers", 0n);
      await receipts.put({
        sessionKey: addressOf(session),
        grantId: receipts.putGrant({ grant, signature: grantSignature }, addressOf(signer)),
        app,
        receipt: await receiptBy(session, { nodeId, epoch, bytesDelivered }, domain),
        priceWeiPerGB: PRICE_WEI_PER_GB,
      });
    },
    /** Stops at once: what is under way is left as it is on disk. */
    async stop(): Promise<void> {
      await queue.close();
      await keeper.stop();
      await duties.stop();
      await seat.stop();
      watcher.stop();
      database.close();
    },
  };
}

/** An app's voucher endpoint: believes all receipts and signs for them. */
export function payingApp(signer: Wallet, domain: TypedDataDomain): AskForVoucher {
  const shown = new Map<string, { bytes: bigint; quality: number }>();
  return async (_, { nodeId, app, sessions }) => {
    for (const { receipt, grant } of sessions) {
      const { epoch, bytesDelivered, quality } = receipt.receipt;
      shown.set(`${nodeId}:${app}:${epoch}:${grant.grant.sessionKey}`, { bytes: bytesDelivered, quality });
    }
    let amount = 0n;
    let score = 0n;
    for (const [key, { bytes, quality }] of shown) {
      if (!key.startsWith(`${nodeId}:${app}:`)) continue;
      const fee = feeWei(bytes, PRICE_WEI_PER_GB);
      amount += fee;
      score += scoreWei(fee, quality);
    }
    const promise = {
      app,
      nodeId,
      cumulativeAmount: floorToGwei(amount),
      cumulativeScore: floorToGwei(score),
    };
    return {
      voucher: { voucher: promise, signature: await voucher.sign(signer, domain, promise) },
      refused: [],
    };
  };
}

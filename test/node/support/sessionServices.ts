import { parseEther } from "ethers";
import { pino } from "pino";
import type { AppAccount } from "../../../node/chain/nodeChain.js";
import { openDatabase } from "../../../node/chain/sqlite.js";
import { createEpochClock } from "../../../node/protocol/epochClock.js";
import { AccountStore } from "../../../node/service/accountStore.js";
import { AppAccounts } from "../../../node/service/appAccounts.js";
import { EpochStore } from "../../../node/service/epochStore.js";
import type { ServiceLimits } from "../../../node/service/limits.js";
import { ReceiptStore } from "../../../node/service/receiptStore.js";
import { SessionService } from "../../../node/service/sessionService.js";
import { SignerCache } from "../../../node/service/signerCache.js";
import { VoucherUrlPolicy } from "../../../node/service/voucherUrlPolicy.js";
import { addressOf, claimFor, receiptBy, testDomain, walletOf } from "./participants.js";
import type { GrantOptions } from "./participants.js";

export const NODE_ID = 3n;
const GENESIS_SECONDS = 1_000_000;
const EPOCH_SECONDS = 60;

export const TEST_LIMITS: ServiceLimits = {
  maxSessions: 4,
  maxUnsignedBytes: 1_000_000n,
  receiptTimeoutMs: 10_000,
  countTolerancePercent: 20,
  receiptGraceMs: 5_000,
  creditWei: parseEther("0.01"),
  maxUnbilledWei: parseEther("1"),
  forgivenLossBps: 100,
};

/** A session service on a database in memory, with a clock and an app account that the test sets. */
export function sessionServiceOn(options: { limits?: Partial<ServiceLimits>; path?: string } = {}) {
  const limits = { ...TEST_LIMITS, ...options.limits };
  const clock = createEpochClock({ genesisSeconds: GENESIS_SECONDS, epochSeconds: EPOCH_SECONDS });
  const database = openDatabase(options.path ?? ":memory:");
  const receipts = new ReceiptStore(database);
  const accounts = new AccountStore(database, NODE_ID);
  const epochs = new EpochStore(database, NODE_ID);
  const app = addressOf(walletOf("app"));
  const signer = walletOf("signer");
  const session = walletOf("session");
  const state = {
    /** In the middle of epoch 10. */
    nowMs: (clock.startOf(10) + 30) * 1_000,
    account: {
      paid: 0n,
      score: 0n,
      guaranteed: parseEther("0.05"),
      collectable: parseEther("0.05"),
    } as AppAccount,
    /** The signer of all apps counts up to this epoch. */
    lastSignerEpoch: Number.MAX_SAFE_INTEGER,
    chainIsDown: false,
    inMaintenance: false,
  };
  const ask = <T>(answer: T): Promise<T> =>
    state.chainIsDown ? Promise.reject(new Error("no RPC endpoint answered")) : Promise.resolve(answer);
  const now = () => state.nowMs;
  const service = new SessionService({
    ...{ nodeId: NODE_ID, domain: testDomain, clock, limits, receipts, accounts, now },
    appAccounts: new AppAccounts(() => ask(state.account), 1_000, now),
    signers: new SignerCache(
      (_, key, epoch) => ask(key === addressOf(signer) && epoch <= state.lastSignerEpoch),
      now,
    ),
    checkVoucherUrl: (url) => new VoucherUrlPolicy(false).check(url),
    // 0.01 DTEL per megabyte.
    priceWeiPerGB: () => parseEther("10"),
    takesJoins: () => !state.inMaintenance,
    log: pino({ enabled: false }),
  });
  return {
    ...{ service, state, clock, database, receipts, accounts, epochs, app, signer, session },
    claim: (changes: Partial<GrantOptions> & { nodeId?: bigint } = {}) =>
      claimFor({ app, signer, session, nodeId: NODE_ID, ...changes }),
    receipt: (bytesDelivered: bigint, changes: { epoch?: number; nodeId?: bigint; quality?: number } = {}) =>
      receiptBy(session, { nodeId: NODE_ID, epoch: 10, bytesDelivered, ...changes }),
    /** Lets time pass, with what the service does each second. */
    pass: (seconds: number) => {
      for (let second = 0; second < seconds; second++) {
        state.nowMs += 1_000;
        service.tick();
      }
    },
    close: () => {
      service.close();
      database.close();
    },
  };
}

import type { BlockWatcher } from "../chain/blockWatcher.js";
import type { GasLedger } from "../chain/gasLedger.js";
import type { NodeChain } from "../chain/nodeChain.js";
import type { RpcProvider } from "../chain/rpcProvider.js";
import type { TransactionQueue } from "../chain/transactionQueue.js";
import type { AccountStore } from "../service/accountStore.js";
import type { Alarm, Alarms } from "../service/alarms.js";
import type { EpochDuties } from "../service/epochDuties.js";
import type { EpochStore } from "../service/epochStore.js";
import type { ReceiptStore } from "../service/receiptStore.js";
import type { SeatKeeper, SeatStatus } from "../service/seatKeeper.js";
import type { SessionService } from "../service/sessionService.js";
import type { Webhooks, WebhookStatus } from "../service/webhooks/webhooks.js";
import type { AuditsSeen, AuditSummary } from "./auditSummary.js";
import { jailAdvice } from "./jail.js";
import type { Jail, JailStatus } from "./jail.js";

/** What an operator wants to see at a glance. Amounts are decimal text in wei. */
export interface NodeStatus {
  readonly nodeId: string;
  readonly operator: string;
  /** Nothing that an operator would have to look into. */
  readonly healthy: boolean;
  readonly problems: readonly string[];
  /** What to look into before it costs anything. */
  readonly alarms: readonly Alarm[];
  readonly epoch: number;
  readonly sessions: number;
  readonly receipts: { readonly storedInThisRun: number; readonly lastAgeSeconds: number | undefined };
  readonly attestation: { readonly lastEpoch: number | undefined; readonly openEpochs: readonly number[] };
  /** The audit ring: who has no seat gets no availability reward. */
  readonly seat: SeatStatus;
  readonly jail: JailStatus | undefined;
  readonly chain: {
    readonly block: number;
    readonly blockAgeSeconds: number;
    /** Native coin of the operator account. */
    readonly balance: string;
  };
  /** What the node spends, by what was mined in the last week; undefined before an epoch was seen. */
  readonly gas: { readonly weiPerEpoch: string | undefined; readonly runwayDays: number | undefined };
  /** How often each duty has failed in this run. */
  readonly dutyFailures: Readonly<Record<string, number>>;
  readonly audits: AuditsSeen;
  readonly webhooks: WebhookStatus;
  readonly queue: readonly { readonly intent: string; readonly nonce: number; readonly attempts: number }[];
  readonly earnings: {
    /** For receipts, promised by vouchers, and served without either. */
    readonly owed: string;
    readonly promised: string;
    readonly lost: string;
  };
}

export interface StatusSources {
  readonly chain: NodeChain;
  readonly watcher: BlockWatcher;
  readonly provider: RpcProvider;
  readonly queue: TransactionQueue;
  readonly receipts: ReceiptStore;
  readonly epochs: EpochStore;
  readonly duties: EpochDuties;
  readonly accounts: AccountStore;
  readonly admission: SessionService;
  readonly seat: SeatKeeper;
  readonly audits: AuditSummary;
  readonly webhooks: Webhooks;
  readonly jail: Jail;
  readonly alarms: Alarms;
  readonly gas: GasLedger;
}

/** Older than this many seconds, and many blocks' time, the newest block says that the chain is out of reach. */
const STALE_BLOCK_SECONDS = 30;
const STALE_BLOCKS = 10;

/** A clock that is off by more makes the node refuse good receipts. */
const CLOCK_SKEW_SECONDS = 60;

/** Puts the status together. Never rejects for a chain that cannot be reached: it says so. */
export async function statusOf(sources: StatusSources): Promise<NodeStatus> {
  const { chain, watcher, provider, queue, receipts, epochs, duties, accounts, admission, seat } = sources;
  const { audits, webhooks, jail, gas } = sources;
  const { epochSeconds } = chain.clock;
  const nowMs = Date.now();
  const { head } = watcher;
  const epoch = chain.clock.currentEpoch(nowMs);
  const blockAgeSeconds = Math.round(nowMs / 1_000 - head.timestamp);
  const problems: string[] = [];
  if (blockAgeSeconds > Math.max(STALE_BLOCK_SECONDS, STALE_BLOCKS * chain.blockSeconds)) {
    problems.push(`the newest block is ${blockAgeSeconds} s old: is the chain or its RPC endpoint down?`);
  }
  if (blockAgeSeconds < -CLOCK_SKEW_SECONDS) {
    problems.push(`the newest block is ${-blockAgeSeconds} s ahead of this machine's clock: set the clock`);
  }
  const balance = await provider.getBalance(queue.account).catch(() => undefined);
  if (balance === undefined) problems.push("the chain cannot be reached");
  const operator = await chain.operatorOf(chain.nodeId).catch(() => queue.account);
  if (operator !== queue.account) {
    problems.push(
      `the registry has the operator key ${operator}, this node uses ${queue.account}: start it with that key`,
    );
  }
  if (balance === 0n) problems.push(`the operator account ${queue.account} has no coins for gas`);
  const overdue = duties.open.filter((open) => open < epoch - OVERDUE_EPOCHS);
  if (overdue.length > 0) problems.push(`epochs are not settled: ${overdue.join(", ")}`);
  const refused = epochs.quarantinedReveals(epoch - REFUSED_REVEAL_EPOCHS).map((reveal) => reveal.epoch);
  if (refused.length > 0) problems.push(`the contracts refused the audits of epochs ${refused.join(", ")}`);
  if (seat.status.fault !== undefined)
    problems.push(`the node has no seat in the audit ring: ${seat.status.fault}`);
  const jailStatus = await jail.status().catch(() => undefined);
  if (jailStatus?.jailed === true) {
    const { found, change } = jailAdvice(jailStatus);
    problems.push(`${found}: ${change}`);
  }
  if (webhooks.status.failing.length > 0)
    problems.push(`${webhooks.status.failing.length} apps do not take their events (webhooks)`);
  const bills = accounts.all();
  const sum = (amounts: readonly bigint[]): string =>
    amounts.reduce((total, wei) => total + wei, 0n).toString();
  return {
    nodeId: chain.nodeId.toString(),
    operator: queue.account,
    healthy: problems.length === 0,
    problems,
    alarms: await sources.alarms.current(),
    epoch,
    sessions: admission.sessionCount,
    receipts: {
      storedInThisRun: receipts.storedCount,
      lastAgeSeconds:
        receipts.lastStoredAtMs === undefined
          ? undefined
          : Math.round((nowMs - receipts.lastStoredAtMs) / 1_000),
    },
    attestation: { lastEpoch: epochs.lastSealed(), openEpochs: duties.open },
    seat: seat.status,
    jail: jailStatus,
    dutyFailures: Object.fromEntries(duties.failures),
    audits: await audits.read(),
    webhooks: webhooks.status,
    chain: { block: head.number, blockAgeSeconds, balance: (balance ?? 0n).toString() },
    gas: {
      weiPerEpoch: gas.weiPerEpoch(head.timestamp, epochSeconds)?.toString(),
      runwayDays: balance === undefined ? undefined : gas.runwayDays(balance, head.timestamp, epochSeconds),
    },
    queue: queue.pending.map(({ key, nonce, attempts }) => ({
      intent: key,
      nonce,
      attempts: attempts.length,
    })),
    earnings: {
      owed: sum(bills.map(({ owed }) => owed)),
      promised: sum(bills.map(({ voucher }) => voucher?.voucher.cumulativeAmount ?? 0n)),
      lost: sum(bills.map(({ lost }) => lost)),
    },
  };
}

/** An epoch is attested, proven and claimed two epochs later; one more is slack. */
const OVERDUE_EPOCHS = 4;
/** How long refused audits are a problem. */
const REFUSED_REVEAL_EPOCHS = 8;

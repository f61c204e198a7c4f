import type { Address } from "../protocol/typedData.js";

/** What an app's voucher endpoint has accepted of one session on one node in one epoch. */
export interface SessionAccount {
  readonly nodeId: bigint;
  readonly epoch: number;
  readonly sessionKey: Address;
  /** Of the highest receipt that was shown. */
  readonly bytesDelivered: bigint;
  /** What of these the app pays: less than them where the grant's limit was reached. */
  readonly bytesPaid: bigint;
  /** For the bytes paid, each at the node's price when it was shown, in wei. */
  readonly amountWei: bigint;
  readonly scoreWei: bigint;
}

/** What an app owes a node since ever, in wei; it outlives the accounts that it came from. */
export interface NodeTotals {
  readonly amountWei: bigint;
  readonly scoreWei: bigint;
  /** What the highest voucher says: whole gwei. */
  readonly promisedAmountWei: bigint;
  readonly promisedScoreWei: bigint;
}

/** The accounts, as one request sees and changes them. */
export interface VoucherLedger {
  account(nodeId: bigint, epoch: number, sessionKey: Address): Promise<SessionAccount | undefined>;
  /** Σ `bytesPaid` of a session in an epoch over all nodes. */
  bytesPaid(epoch: number, sessionKey: Address): Promise<bigint>;
  putAccount(account: SessionAccount): Promise<void>;
  /** Zeros for a node that never showed anything. */
  totals(nodeId: bigint): Promise<NodeTotals>;
  putTotals(nodeId: bigint, totals: NodeTotals): Promise<void>;
  /** Forgets the accounts of epochs before this one; their receipts are no longer taken. */
  prune(epoch: number): Promise<void>;
}

/** Where a voucher endpoint keeps what it promised. It must not forget: a receipt counted twice is paid twice. */
export interface VoucherStore {
  /**
   * Runs an action on the ledger: alone, and stored durably as a whole before this resolves, or not at all where the
   * action throws.
   */
  atomically<T>(action: (ledger: VoucherLedger) => Promise<T>): Promise<T>;
}

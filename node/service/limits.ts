/** How far a node serves ahead of receipts, and an app ahead of payment. */
export interface ServiceLimits {
  /** Sessions at the same time. */
  readonly maxSessions: number;
  /** Bytes that one session may be sent without having signed for them. */
  readonly maxUnsignedBytes: bigint;
  /** How long a session may be sent bytes without a new receipt. */
  readonly receiptTimeoutMs: number;
  /** Part of the sent bytes, in percent, that a receipt may lack for good: lost packets and headers. */
  readonly countTolerancePercent: number;
  /** How long after its end receipts of an epoch are still taken. */
  readonly receiptGraceMs: number;
  /** Service that an app gets beyond what is guaranteed to the node, in wei. */
  readonly creditWei: bigint;
  /** Most that an app may owe without a voucher, however much is guaranteed, in wei. */
  readonly maxUnbilledWei: bigint;
  /** Part of what an app has promised, in 1/10,000, up to which service never signed for is forgiven. */
  readonly forgivenLossBps: number;
}

/** What sessions send idle, keep-alives and feedback, before anybody would miss a receipt. */
export const UNSIGNED_FLOOR_BYTES = 256n * 1024n;

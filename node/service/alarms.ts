import { statfs } from "node:fs/promises";
import type { BlockWatcher } from "../chain/blockWatcher.js";
import type { GasLedger } from "../chain/gasLedger.js";
import type { NodeChain } from "../chain/nodeChain.js";
import type { RingChain } from "../chain/ringChain.js";
import { deadlinePassed } from "./duties/duty.js";
import type { EpochStore } from "./epochStore.js";
import { UNSIGNED_FLOOR_BYTES } from "./limits.js";
import type { ReceiptStore } from "./receiptStore.js";
import type { SeatKeeper } from "./seatKeeper.js";
import type { SessionService } from "./sessionService.js";

export type AlarmCode =
  | "attest_window_closing"
  | "reveal_window_closing"
  | "proof_window_closing"
  | "claim_overdue"
  | "receipts_stopped"
  | "receipts_quarantined"
  | "chain_head_old"
  | "rpc_failing"
  | "gas_runway_short"
  | "clock_off"
  | "seat_lost"
  | "disk_low"
  | "database_failed";

/** Something that an operator should look into before it costs anything. */
export interface Alarm {
  readonly code: AlarmCode;
  /** critical: money or stake is lost if nothing happens soon. */
  readonly severity: "warning" | "critical";
  readonly message: string;
  /** The epoch that it is about. */
  readonly epoch?: number;
  /** Unix time in milliseconds at which it was first seen, in this run. */
  readonly sinceMs: number;
}
type Found = Omit<Alarm, "sinceMs">;

export interface AlarmsOptions {
  readonly chain: Pick<
    NodeChain,
    "clock" | "head" | "blockSeconds" | "attestationRecord" | "seedState" | "mustProve"
  >;
  readonly ring: Pick<RingChain, "hasRevealed">;
  readonly watcher: Pick<BlockWatcher, "head">;
  readonly epochs: Pick<EpochStore, "attestation" | "reveal">;
  /** Epochs with something left to do. */
  readonly openEpochs: () => readonly number[];
  readonly receipts: Pick<ReceiptStore, "failure" | "lastStoredAtMs" | "quarantinedCount">;
  readonly admission: Pick<SessionService, "unsignedBytes">;
  readonly seat: Pick<SeatKeeper, "status">;
  readonly gas: Pick<GasLedger, "runwayDays">;
  /** Of the operator account, in wei; rejects where the chain cannot be asked. */
  readonly balanceWei: () => Promise<bigint>;
  readonly dataDirectory: string;
  readonly now?: () => number;
}

/** Part of a window that may pass before somebody is told that the work of it is not done. */
const ALARM_PART = 0.6;
const RECENT_EPOCHS = 3;
const QUARANTINE_EPOCHS = 8;
/** A claim is due two epochs after its own; this much later something is wrong. */
const CLAIM_OVERDUE_EPOCHS = 5;
const RECEIPTS_STOPPED_MS = 60_000;
const HEAD_OLD_SECONDS = 30;
const HEAD_OLD_BLOCKS = 10;
const CLOCK_OFF_SECONDS = 30;
const RPC_MEMORY_MS = 300_000;
const RPC_FAILURES = 10;
const RUNWAY_DAYS = { warning: 7, critical: 2 };
const DISK_BYTES = { warning: 2_000_000_000, critical: 200_000_000 };

/** Watches over what an operator would otherwise learn from lost rewards. */
export class Alarms {
  readonly #options: AlarmsOptions;
  readonly #now: () => number;
  readonly #since = new Map<string, number>();
  #rpcFailures: { atMs: number; endpoint: string; reason: string }[] = [];
  #serverAheadMs = 0;

  constructor(options: AlarmsOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** To be told of each RPC endpoint that failed. */
  rpcFailed(endpoint: string, reason: string): void {
    const atMs = this.#now();
    this.#rpcFailures = this.#rpcFailures.filter((failure) => failure.atMs > atMs - RPC_MEMORY_MS);
    if (this.#rpcFailures.length < 1_000) this.#rpcFailures.push({ atMs, endpoint, reason });
  }

  /** To be told of the `Date` of an RPC endpoint's answer. */
  serverTime(unixMs: number): void {
    this.#serverAheadMs = unixMs - this.#now();
  }

  /** What is wrong now. Never rejects: what cannot be asked is left out, and the chain's silence is an alarm itself. */
  async current(): Promise<readonly Alarm[]> {
    const found = (
      await Promise.all([
        this.#windows().catch(() => []),
        this.#gas().catch(() => []),
        this.#disk().catch(() => []),
      ])
    ).flat();
    found.push(...this.#receipts(), ...this.#chain());
    const { fault } = this.#options.seat.status;
    if (fault !== undefined)
      found.push({ code: "seat_lost", severity: "critical", message: `no seat in the audit ring: ${fault}` });
    return this.#dated(found);
  }

  #dated(found: readonly Found[]): Alarm[] {
    const keys = new Set(found.map(keyOf));
    for (const key of this.#since.keys()) if (!keys.has(key)) this.#since.delete(key);
    return found.map((alarm) => {
      const sinceMs = this.#since.get(keyOf(alarm)) ?? this.#now();
      this.#since.set(keyOf(alarm), sinceMs);
      return { ...alarm, sinceMs };
    });
  }

  async #windows(): Promise<Found[]> {
    const { chain, openEpochs } = this.#options;
    const current = chain.clock.currentEpoch(chain.head.timestamp * 1_000);
    const open = openEpochs();
    const recent = open.filter((epoch) => epoch >= current - RECENT_EPOCHS);
    const overdue = open.filter((epoch) => epoch < current - CLAIM_OVERDUE_EPOCHS);
    const found = (await Promise.all(recent.map((epoch) => this.#windowOf(epoch)))).flat();
    const [oldest] = overdue;
    if (oldest !== undefined)
      found.push({
        ...{ code: "claim_overdue", severity: "warning", epoch: oldest },
        message: `${overdue.length} epochs from ${oldest} on are not settled and claimed`,
      });
    return found;
  }

  async #windowOf(epoch: number): Promise<Found[]> {
    const { chain, ring, epochs } = this.#options;
    const { timestamp } = chain.head;
    const { opensAt, closesAt } = chain.clock.commitWindowOf(epoch);
    const record = await chain.attestationRecord(epoch);
    if (record.status === "none") {
      const isLate = timestamp < closesAt && timestamp > opensAt + ALARM_PART * (closesAt - opensAt);
      if (!isLate) return [];
      const message = `epoch ${epoch} is not attested, its window closes in ${closesAt - timestamp} s`;
      return [{ code: "attest_window_closing", severity: "critical", epoch, message }];
    }
    const seed = await chain.seedState(epoch);
    if (seed.state !== "drawn" || deadlinePassed({ chain }, seed)) return [];
    const isLate = timestamp > closesAt + ALARM_PART * (seed.deadlineSeconds - closesAt);
    if (!isLate) return [];
    const left = `proofs and reveals are taken for ${Math.max(0, seed.deadlineSeconds - timestamp)} s more`;
    const found: Found[] = [];
    const reveal = epochs.reveal(epoch);
    if (reveal !== undefined && reveal.refused === undefined && !(await ring.hasRevealed(epoch)))
      found.push({
        ...{ code: "reveal_window_closing", severity: "critical", epoch },
        message: `the audits of epoch ${epoch} are not revealed; ${left}`,
      });
    const hasBytes = (epochs.attestation(epoch)?.bytesDelivered ?? 0n) > 0n;
    if (hasBytes && record.status === "attested" && (await chain.mustProve(epoch)))
      found.push({
        ...{ code: "proof_window_closing", severity: "critical", epoch },
        message: `epoch ${epoch} must be proven and is not; ${left}`,
      });
    return found;
  }

  async #gas(): Promise<Found[]> {
    const { chain, gas, balanceWei } = this.#options;
    const balance = await balanceWei();
    const days = gas.runwayDays(balance, chain.head.timestamp, chain.clock.epochSeconds);
    const left = balance === 0n ? 0 : days;
    if (left === undefined || left >= RUNWAY_DAYS.warning) return [];
    const severity = left < RUNWAY_DAYS.critical ? "critical" : "warning";
    const message = `the operator account pays for gas for ${left.toFixed(1)} more days: send coins to it`;
    return [{ code: "gas_runway_short", severity, message }];
  }

  async #disk(): Promise<Found[]> {
    const { bavail, bsize } = await statfs(this.#options.dataDirectory);
    const free = bavail * bsize;
    if (free >= DISK_BYTES.warning) return [];
    const severity = free < DISK_BYTES.critical ? "critical" : "warning";
    const message = `${Math.round(free / 1_000_000)} MB are left for ${this.#options.dataDirectory}`;
    return [{ code: "disk_low", severity, message }];
  }

  #receipts(): Found[] {
    const { receipts, admission, chain } = this.#options;
    const found: Found[] = [];
    if (receipts.failure !== undefined)
      found.push({
        ...{ code: "database_failed", severity: "critical" },
        message: `receipts cannot be stored and are refused: ${receipts.failure.message}`,
      });
    const waitedMs = this.#now() - (receipts.lastStoredAtMs ?? 0);
    if (admission.unsignedBytes > UNSIGNED_FLOOR_BYTES && waitedMs > RECEIPTS_STOPPED_MS)
      found.push({
        ...{ code: "receipts_stopped", severity: "critical" },
        message: "participants are served, and no receipt has come for more than a minute",
      });
    const epoch = chain.clock.currentEpoch(this.#now());
    const bad = receipts.quarantinedCount(Math.max(0, epoch - QUARANTINE_EPOCHS));
    if (bad > 0)
      found.push({
        ...{ code: "receipts_quarantined", severity: "warning" },
        message: `${bad} receipts of the last ${QUARANTINE_EPOCHS} epochs were left out of attestations`,
      });
    return found;
  }

  #chain(): Found[] {
    const { chain, watcher } = this.#options;
    const found: Found[] = [];
    const ageSeconds = Math.round(this.#now() / 1_000 - watcher.head.timestamp);
    if (ageSeconds > Math.max(HEAD_OLD_SECONDS, HEAD_OLD_BLOCKS * chain.blockSeconds))
      found.push({
        ...{ code: "chain_head_old", severity: "critical" },
        message: `the newest block is ${ageSeconds} s old: is the chain or its RPC endpoint down?`,
      });
    // A block is never newer than now; an endpoint's clock may be wrong, so its word alone is a warning.
    if (-ageSeconds > CLOCK_OFF_SECONDS)
      found.push({
        ...{ code: "clock_off", severity: "critical" },
        message: `the newest block is ${-ageSeconds} s ahead of this machine's clock: set the clock`,
      });
    else if (Math.abs(this.#serverAheadMs) > CLOCK_OFF_SECONDS * 1_000)
      found.push({
        ...{ code: "clock_off", severity: "warning" },
        message: `an RPC endpoint's clock differs by ${Math.round(this.#serverAheadMs / 1_000)} s from this machine's`,
      });
    const failures = this.#rpcFailures.filter(({ atMs }) => atMs > this.#now() - RPC_MEMORY_MS);
    const last = failures.at(-1);
    if (last !== undefined && failures.length >= RPC_FAILURES)
      found.push({
        ...{ code: "rpc_failing", severity: "warning" },
        message: `RPC endpoints failed ${failures.length} times in 5 minutes, ${last.endpoint} last: ${last.reason}`,
      });
    return found;
  }
}

function keyOf({ code, epoch }: Found): string {
  return `${code}:${epoch ?? ""}`;
}

import { Counter, Gauge, Registry, collectDefaultMetrics } from "prom-client";
import type { MediaServer } from "../../media/MediaServer.js";
import type { HealthMonitor } from "../health/healthMonitor.js";
import type { NodeStatus } from "../status.js";
import type { AdmissionCounts } from "./countedAdmission.js";

export interface MetricsSources {
  readonly media: MediaServer;
  readonly health: Pick<HealthMonitor, "reading" | "problems">;
  readonly status: () => Promise<NodeStatus>;
  readonly version: string;
}

const WEI = 1e18;

/**
 * The node's figures for Prometheus. Names carry their unit; counters end in `_total` and start at 0 with the process.
 * Nothing in labels comes from participants or apps.
 */
export class NodeMetrics implements AdmissionCounts {
  readonly #registry = new Registry();
  readonly #readers: (() => void | Promise<void>)[] = [];
  readonly #joins = this.#counter("dtelecom_joins_total", "Participants let in", ["kind"]);
  readonly #joinsRefused = this.#counter("dtelecom_joins_refused_total", "Joins refused, by code", ["code"]);
  readonly #receipts = this.#counter("dtelecom_receipts_accepted_total", "Receipts stored and acknowledged");
  readonly #receiptsRefused = this.#counter("dtelecom_receipts_refused_total", "Receipts refused, by code", [
    "code",
  ]);
  readonly #sentBytes = this.#counter(
    "dtelecom_sent_bytes_total",
    "Media and data sent to participants, as far as it is paid for",
  );
  readonly #sessionsEnded = this.#counter(
    "dtelecom_sessions_ended_total",
    "Sessions that the node ended itself, by code",
    ["code"],
  );
  readonly #workerDeaths = this.#counter(
    "dtelecom_media_worker_deaths_total",
    "Media workers that ended without being asked to",
  );

  get contentType(): string {
    return this.#registry.contentType;
  }

  joined(audit: boolean): void {
    this.#joins.inc({ kind: audit ? "audit" : "participant" });
  }

  joinRefused(code: string): void {
    this.#joinsRefused.inc({ code });
  }

  receiptAccepted(): void {
    this.#receipts.inc();
  }

  receiptRefused(code: string): void {
    this.#receiptsRefused.inc({ code });
  }

  bytesSent(bytes: number): void {
    this.#sentBytes.inc(bytes);
  }

  sessionEnded(code: string): void {
    this.#sessionsEnded.inc({ code });
  }

  workerDied(): void {
    this.#workerDeaths.inc();
  }

  /** All figures in Prometheus' text format. */
  async render(): Promise<string> {
    // Before anything is rendered: the registry would take gauges that another one's function sets as they were.
    for (const read of this.#readers) await read();
    return this.#registry.metrics();
  }

  /** Begins to read from the parts of a node that is up. */
  observe({ media, health, status, version }: MetricsSources): void {
    // Memory, CPU, event loop and garbage collection of this process.
    collectDefaultMetrics({ register: this.#registry });
    this.#gauge("dtelecom_build_info", "1; which software this is", ["version"]).set({ version }, 1);
    this.#observeMedia(media);
    this.#observeHealth(health);
    this.#observeStatus(status, health);
  }

  #observeMedia(media: MediaServer): void {
    const rooms = this.#gauge("dtelecom_rooms", "Rooms that are open");
    const peers = this.#gauge("dtelecom_peers", "Participants with media");
    const tracks = this.#gauge("dtelecom_tracks", "Tracks, by direction", ["direction"]);
    const channels = this.#gauge("dtelecom_data_channels", "Data channels, by direction", ["direction"]);
    const bitrate = this.#gauge(
      "dtelecom_outgoing_bits_per_second",
      "Sent to participants in the last seconds",
    );
    const workers = this.#gauge("dtelecom_media_workers", "Media workers that run");
    const cpu = this.#gauge("dtelecom_media_worker_cpu_ratio", "CPU of a worker, of one core", ["port"]);
    const piped = this.#gauge(
      "dtelecom_media_worker_piped_streams",
      "Streams that a worker exchanges with other workers and nodes",
      ["port"],
    );
    const memory = this.#gauge("dtelecom_media_worker_memory_bytes", "Peak resident memory of a worker", [
      "port",
    ]);
    this.#collect("dtelecom_media_up", "1 where media workers run", async (up) => {
      const { load } = media;
      rooms.set(load.rooms);
      peers.set(load.peers);
      tracks.set({ direction: "published" }, load.publications);
      tracks.set({ direction: "subscribed" }, load.subscriptions);
      channels.set({ direction: "published" }, load.dataPublications);
      channels.set({ direction: "subscribed" }, load.dataSubscriptions);
      bitrate.set(load.outgoingBitsPerSecond);
      workers.set(load.workers.length);
      // By port and not by process: a worker that was started again is the same one to an operator.
      cpu.reset();
      piped.reset();
      for (const { ports, cpuShare, pipedStreams } of load.workers) {
        cpu.set({ port: String(ports.udp) }, cpuShare);
        piped.set({ port: String(ports.udp) }, pipedStreams);
      }
      memory.reset();
      for (const worker of media.workers) {
        // One that dies just now has no figures.
        const usage = await worker.getResourceUsage().catch(() => undefined);
        if (usage !== undefined) memory.set({ port: String(worker.ports.udp) }, usage.ru_maxrss * 1_024);
      }
      up.set(load.workers.length > 0 ? 1 : 0);
    });
  }

  #observeHealth(health: MetricsSources["health"]): void {
    const ok = this.#gauge("dtelecom_selftest_success", "1 where the node's own test succeeds", ["test"]);
    const roundTrip = this.#gauge(
      "dtelecom_selftest_media_seconds",
      "Media through the slowest worker and back",
    );
    const write = this.#gauge(
      "dtelecom_selftest_store_write_seconds",
      "A write to the store until it is on disk",
    );
    const delay = this.#gauge("dtelecom_eventloop_delay_seconds", "How late the event loop runs", [
      "statistic",
    ]);
    this.#collect("dtelecom_selftest_age_seconds", "Since the last test of itself", (age) => {
      const { testedAtMs, media, store, eventLoop } = health.reading;
      if (testedAtMs === undefined) return;
      age.set((Date.now() - testedAtMs) / 1_000);
      ok.set({ test: "media" }, media.length > 0 && media.every((probe) => probe.ok) ? 1 : 0);
      ok.set({ test: "store" }, store.ok ? 1 : 0);
      roundTrip.set(Math.max(0, ...media.map((probe) => (probe.ok ? probe.roundTripMs : 0))) / 1_000);
      if (store.ok) write.set(store.writeMs / 1_000);
      delay.set({ statistic: "mean" }, eventLoop.meanDelayMs / 1_000);
      delay.set({ statistic: "max" }, eventLoop.maxDelayMs / 1_000);
    });
  }

  #observeStatus(status: () => Promise<NodeStatus>, health: MetricsSources["health"]): void {
    const sessions = this.#gauge("dtelecom_sessions", "Participants that are served");
    const epoch = this.#gauge("dtelecom_epoch", "The running epoch");
    const attested = this.#gauge("dtelecom_last_attested_epoch", "The newest epoch whose tree is fixed");
    const attestationAge = this.#gauge(
      "dtelecom_last_attestation_age_epochs",
      "Epochs from the newest attested one to the running one; 1 or 2 is normal",
    );
    const open = this.#gauge(
      "dtelecom_open_epochs",
      "Epochs that are over with something left to do on chain",
    );
    const receiptAge = this.#gauge("dtelecom_last_receipt_age_seconds", "Since the last receipt of this run");
    const block = this.#gauge("dtelecom_chain_block", "The newest block that the node knows");
    const blockAge = this.#gauge("dtelecom_chain_block_age_seconds", "Age of the newest block");
    const balance = this.#gauge(
      "dtelecom_operator_balance_coins",
      "Native coin of the operator account, for gas",
    );
    const pending = this.#gauge("dtelecom_transactions_pending", "Signed and not known to be mined");
    const replaced = this.#gauge(
      "dtelecom_transactions_pending_replacements",
      "Replacements of those, by price",
    );
    const seat = this.#gauge("dtelecom_seat", "1 where the node has a seat in the audit ring", ["when"]);
    const earned = this.#gauge("dtelecom_earnings_dtel", "What apps owe, have promised, and left unsigned", [
      "kind",
    ]);
    const duties = this.#gauge("dtelecom_duty_failures", "Failures of each duty in this run", ["duty"]);
    const given = this.#gauge("dtelecom_audit_score_given", "Score that this node gave last, 0 to 10000", [
      "target",
    ]);
    const received = this.#gauge(
      "dtelecom_audit_score_received",
      "Median of the last scores received, 0 to 10000",
    );
    const problems = this.#gauge("dtelecom_problems", "What needs the operator, as in /health");
    const webhooks = this.#gauge("dtelecom_webhooks_waiting", "Events that apps have not taken yet");
    const runway = this.#gauge(
      "dtelecom_operator_runway_days",
      "How long the balance lasts at what the node spent in the last week",
    );
    const alarms = this.#gauge("dtelecom_alarms", "What to look into before it costs anything", ["severity"]);
    this.#collect("dtelecom_healthy", "1 where nothing needs the operator", async (healthy) => {
      const now = await status();
      healthy.set(now.healthy && health.problems.length === 0 ? 1 : 0);
      sessions.set(now.sessions);
      epoch.set(now.epoch);
      const { lastEpoch, openEpochs } = now.attestation;
      if (lastEpoch !== undefined) {
        attested.set(lastEpoch);
        attestationAge.set(now.epoch - lastEpoch);
      }
      open.set(openEpochs.length);
      if (now.receipts.lastAgeSeconds !== undefined) receiptAge.set(now.receipts.lastAgeSeconds);
      block.set(now.chain.block);
      blockAge.set(now.chain.blockAgeSeconds);
      if (now.gas.runwayDays !== undefined) runway.set(now.gas.runwayDays);
      alarms.reset();
      for (const { severity } of now.alarms) alarms.inc({ severity });
      balance.set(Number(now.chain.balance) / WEI);
      pending.set(now.queue.length);
      replaced.set(now.queue.reduce((sum, { attempts }) => sum + attempts - 1, 0));
      seat.set({ when: "now" }, now.seat.seat === undefined ? 0 : 1);
      seat.set({ when: "ahead" }, now.seat.seatAhead ? 1 : 0);
      for (const kind of ["owed", "promised", "lost"] as const)
        earned.set({ kind }, Number(now.earnings[kind]) / WEI);
      for (const [duty, failures] of Object.entries(now.dutyFailures)) duties.set({ duty }, failures);
      given.reset();
      for (const [target, score] of Object.entries(now.audits.given)) given.set({ target }, score);
      if (now.audits.received !== undefined) received.set(now.audits.received.median);
      problems.set(now.problems.length + health.problems.length);
      webhooks.set(now.webhooks.waiting);
    });
  }

  #counter<L extends string = never>(name: string, help: string, labelNames: readonly L[] = []): Counter<L> {
    return new Counter({ name, help, labelNames: [...labelNames], registers: [this.#registry] });
  }

  #gauge<L extends string = never>(name: string, help: string, labelNames: readonly L[] = []): Gauge<L> {
    return new Gauge({ name, help, labelNames: [...labelNames], registers: [this.#registry] });
  }

  /** A gauge that is read, with others that its function sets, each time the figures are asked for. */
  #collect(name: string, help: string, read: (gauge: Gauge) => void | Promise<void>): void {
    const gauge: Gauge = new Gauge({ name, help, registers: [this.#registry] });
    this.#readers.push(() => read(gauge));
  }
}

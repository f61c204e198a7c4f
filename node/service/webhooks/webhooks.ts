import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import type { Address } from "../../protocol/hex.js";
import { toWire } from "../../protocol/schemas.js";
import type { RoomEvent, RoomObserver } from "../../signaling/roomObserver.js";
import { endsOf } from "./interrupted.js";
import { LaneTable } from "./laneTable.js";
import type { Endpoint, Lane, Rest } from "./laneTable.js";
import { WebhookRejected } from "./webhookSender.js";
import type { WebhookSender } from "./webhookSender.js";
import type { EventToStore, WebhookStore } from "./webhookStore.js";

export interface WebhooksOptions {
  readonly store: WebhookStore;
  readonly sender: Pick<WebhookSender, "send" | "fault" | "close">;
  readonly log: Logger;
  /** Events of one app that wait at most; the oldest make room. */
  readonly maxEventsPerApp?: number;
  /** Pause after the first failure; doubled with each further one, up to an hour. */
  readonly firstPauseMs?: number;
  readonly now?: () => number;
}

export interface WebhookStatus {
  /** Events that wait, and when the oldest of them happened. */
  readonly waiting: number;
  readonly oldestAtMs: number | undefined;
  /** In this run. */
  readonly delivered: number;
  /** In this run: given up after a day, pushed out by newer ones, or not stored as the disk refused. */
  readonly lost: number;
  /** Apps whose endpoint failed at the last try. */
  readonly failing: readonly Address[];
}

const MAX_EVENTS_PER_APP = 10_000;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 3_600_000;
/** After this long an event is given up. */
const LIFETIME_MS = 24 * 3_600_000;
const EXPIRE_PERIOD_MS = 60_000;
/** How often it is noted that the node runs, while somebody is in a room. */
const ALIVE_PERIOD_MS = 10_000;
/** Requests at once, of all apps and of one. */
const MAX_REQUESTS = 32;
const MAX_REQUESTS_PER_APP = 4;
/** Losses are reported at most this often for each app. */
const REPORT_PAUSE_MS = 60_000;

/**
 * Tells apps what happens in their rooms: at least once, what concerns one room in its order at each endpoint, rooms
 * side by side. Events are on disk before they are sent, so what a killed node has not delivered it delivers at its
 * next start, and after it that those left who were in its rooms. An endpoint that does not answer rests alone, longer
 * each time.
 */
export class Webhooks implements RoomObserver {
  readonly #options: WebhooksOptions;
  readonly #now: () => number;
  readonly #lanes = new LaneTable();
  readonly #busyByApp = new Map<Address, number>();
  readonly #reported = new Map<string, number>();
  readonly #requests = new Set<Promise<void>>();
  readonly #aborter = new AbortController();
  #new: EventToStore[] = [];
  #storing: NodeJS.Immediate | undefined;
  #timer: NodeJS.Timeout | undefined;
  #alive: NodeJS.Timeout | undefined;
  #expireAtMs = 0;
  #delivered = 0;
  #lost = 0;

  constructor(options: WebhooksOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /**
   * Goes on with what was not delivered when the node was last stopped, and tells the end of what was cut off when it
   * was killed. Before participants can join.
   */
  start(): void {
    this.#endInterrupted();
    this.#alive = setInterval(() => this.#noteAlive(), ALIVE_PERIOD_MS).unref();
    for (const lane of this.#options.store.lanes()) this.#lanes.of(lane);
    this.#pump();
  }

  get status(): WebhookStatus {
    const { size, oldestAtMs } = this.#options.store;
    const failing = this.#lanes.endpoints
      .filter(({ failures, lanes }) => failures > 0 || [...lanes.values()].some((lane) => lane.failures > 0))
      .map(({ app }) => app);
    return {
      ...{ waiting: size, oldestAtMs, delivered: this.#delivered, lost: this.#lost },
      failing: [...new Set(failing)],
    };
  }

  /** Notes an event; those of one turn of the event loop share one flush of the disk. */
  event(event: RoomEvent, webhookUrl: string | undefined): void {
    if (webhookUrl === undefined || this.#aborter.signal.aborted) return;
    const fault = this.#options.sender.fault(webhookUrl);
    if (fault !== undefined) {
      this.#reportLoss(event.app, 1, `its webhook URL is not allowed: ${fault}`);
      return;
    }
    this.#new.push(toStore(event, webhookUrl, event.atMs));
    this.#storing ??= setImmediate(() => this.flush());
  }

  /** Stores what was just noted, now, and begins to send it. */
  flush(): void {
    clearImmediate(this.#storing);
    this.#storing = undefined;
    const events = this.#new;
    this.#new = [];
    if (events.length === 0) return;
    const { store, maxEventsPerApp = MAX_EVENTS_PER_APP, log } = this.#options;
    try {
      const dropped = store.add(events, maxEventsPerApp);
      for (const [app, count] of dropped)
        this.#reportLoss(app, count, `more than ${maxEventsPerApp} events wait for its endpoint`);
    } catch (error) {
      this.#lost += events.length;
      log.error({ err: error, events: events.length }, "room events could not be stored: apps miss them");
      return;
    }
    for (const event of events) this.#lanes.of(event);
    this.#pump();
  }

  /** Stores what is left and stops sending; what was not delivered goes on at the next start. */
  async close(): Promise<void> {
    this.#aborter.abort(new Error("the node is shutting down"));
    clearTimeout(this.#timer);
    clearInterval(this.#alive);
    this.flush();
    await Promise.allSettled(this.#requests);
    this.#options.sender.close();
  }

  /** All at once or not at all: a node that is killed here tells everything once, at the start after this one. */
  #endInterrupted(): void {
    const { store, log } = this.#options;
    const present = store.presence.all();
    const nowMs = this.#now();
    const ends = endsOf(present, Math.min(store.presence.lastAliveMs ?? nowMs, nowMs));
    if (ends.length === 0) return;
    this.#new.push(...ends.map(({ event, url }) => toStore(event, url, nowMs)));
    this.flush();
    log.warn(
      { participants: present.length },
      "the last run was cut off: apps are told who left their rooms",
    );
  }

  #noteAlive(): void {
    const { store, log } = this.#options;
    try {
      if (!store.presence.isEmpty) store.presence.noteAlive(this.#now());
    } catch (error) {
      log.debug({ err: error }, "that the node runs could not be noted");
    }
  }

  /** Sends whatever may be sent now, and comes back when more may. */
  #pump(): void {
    if (this.#aborter.signal.aborted) return;
    clearTimeout(this.#timer);
    const nowMs = this.#now();
    this.#expire(nowMs);
    let nextMs = Infinity;
    for (const endpoint of this.#lanes.endpoints)
      nextMs = Math.min(nextMs, this.#pumpEndpoint(endpoint, nowMs));
    if (nextMs !== Infinity) this.#timer = setTimeout(() => this.#pump(), Math.max(nextMs - nowMs, 10));
  }

  /** Gives up what is too old, now and then. */
  #expire(nowMs: number): void {
    if (nowMs < this.#expireAtMs) return;
    this.#expireAtMs = nowMs + EXPIRE_PERIOD_MS;
    const { store, log } = this.#options;
    try {
      const expired = store.expire(nowMs - LIFETIME_MS);
      if (expired === 0) return;
      this.#lost += expired;
      log.warn({ events: expired }, "room events given up: their endpoints failed for a day");
    } catch (error) {
      log.warn({ err: error }, "old room events could not be deleted");
    }
  }

  /** @returns When to look at this endpoint again; a request that ends looks by itself. */
  #pumpEndpoint(endpoint: Endpoint, nowMs: number): number {
    if (endpoint.notBeforeMs > nowMs) return endpoint.notBeforeMs;
    let nextMs = Infinity;
    for (const lane of [...endpoint.lanes.values()]) {
      // One request finds out whether an endpoint is back.
      if (endpoint.failures > 0 && endpoint.busy > 0) return Infinity;
      if (this.#requests.size >= MAX_REQUESTS) return Infinity;
      if ((this.#busyByApp.get(endpoint.app) ?? 0) >= MAX_REQUESTS_PER_APP) return Infinity;
      if (lane.busy) continue;
      if (lane.notBeforeMs > nowMs) nextMs = Math.min(nextMs, lane.notBeforeMs);
      else this.#begin(endpoint, lane);
    }
    return nextMs;
  }

  #begin(endpoint: Endpoint, lane: Lane): void {
    const { app } = endpoint;
    this.#lanes.toEnd(endpoint, lane);
    lane.busy = true;
    endpoint.busy += 1;
    this.#busyByApp.set(app, (this.#busyByApp.get(app) ?? 0) + 1);
    const request: Promise<void> = this.#deliverNext(endpoint, lane).finally(() => {
      lane.busy = false;
      endpoint.busy -= 1;
      const busy = (this.#busyByApp.get(app) ?? 1) - 1;
      if (busy > 0) this.#busyByApp.set(app, busy);
      else this.#busyByApp.delete(app);
      this.#requests.delete(request);
      if (!this.#aborter.signal.aborted && this.#options.store.next(lane) === undefined)
        this.#lanes.forget(endpoint, lane);
      this.#pump();
    });
    this.#requests.add(request);
  }

  async #deliverNext(endpoint: Endpoint, lane: Lane): Promise<void> {
    const { store, sender, log } = this.#options;
    const { app, url, room } = lane;
    try {
      const event = store.next(lane);
      if (event === undefined) return;
      await sender.send(url, app, event.body, this.#aborter.signal);
      store.remove(app, event.sequence);
      this.#delivered += 1;
      Object.assign(endpoint, { failures: 0, notBeforeMs: 0 });
      Object.assign(lane, { failures: 0, notBeforeMs: 0 });
    } catch (error) {
      if (this.#aborter.signal.aborted) return;
      // Who answers is there: only this room waits then, as the answer may be about this event.
      const answered = error instanceof WebhookRejected;
      if (answered) Object.assign(endpoint, { failures: 0, notBeforeMs: 0 });
      const failed = answered ? lane : endpoint;
      this.#rest(failed);
      const { failures } = failed;
      const reason = error instanceof Error ? error.message : String(error);
      log.warn({ app, room, endpoint: originOf(url), failures, reason }, "a webhook was not delivered yet");
    }
  }

  #rest(failed: Rest): void {
    const { firstPauseMs = FIRST_PAUSE_MS } = this.#options;
    failed.failures += 1;
    // Apart by chance, so that the rooms of an endpoint that comes back do not all come at once.
    const spread = 0.75 + Math.random() / 2;
    const pauseMs = Math.min(
      firstPauseMs * 2 ** Math.min(failed.failures - 1, 30) * spread,
      LONGEST_PAUSE_MS,
    );
    failed.notBeforeMs = this.#now() + pauseMs;
  }

  #reportLoss(app: Address, count: number, reason: string): void {
    this.#lost += count;
    const nowMs = this.#now();
    if (nowMs - (this.#reported.get(app) ?? -Infinity) < REPORT_PAUSE_MS) return;
    this.#reported.set(app, nowMs);
    this.#options.log.warn({ app, reason, lost: this.#lost }, "an app misses room events");
  }
}

/** @param notedAtMs From when on the event's time to be delivered counts. */
function toStore(event: RoomEvent, url: string, notedAtMs: number): EventToStore {
  const { nodeId, app, room } = event;
  const body = JSON.stringify(toWire({ id: randomUUID(), ...event }));
  return {
    ...{ app, room, url, body, atMs: notedAtMs },
    joined:
      event.event === "participant_joined" ? { nodeId, app, room, url, ...event.participant } : undefined,
    left: event.event === "participant_left" ? { app, room, ...event.participant } : undefined,
  };
}

/** For logs: paths and queries of webhooks often hold secrets. */
function originOf(url: string): string {
  return URL.parse(url)?.origin ?? "invalid URL";
}

import { setTimeout as sleep } from "node:timers/promises";
import type { Leg, Sfu } from "../sfu/Sfu.js";
import { cpuTimeMs, droppedDatagrams } from "../support/processes.js";
import { mean } from "../support/statistics.js";
import type { EndpointCount, Fleets } from "./Fleet.js";
import { STREAMS } from "./MediaSource.js";

/** So many receivers read what they get and see by sequence numbers what is missing; of the others it is counted. */
const WATCHERS = 10;
const DRAIN_MS = 400;
/** Endpoints that connect at the same time. */
const CONNECT_AT_ONCE = 8;

/** What came of one run. */
export interface RunFigures {
  readonly seconds: number;
  /** RTP packets that the subscribers got, all together. */
  readonly packets: number;
  /** Part of what the subscribers should have got and did not, 0 to 1. */
  readonly loss: number;
  /** CPU time of the process that moves the packets. */
  readonly mediaCpuMs: number;
  /** CPU time of the process that drives it, where it is another one. */
  readonly driverCpuMs: number | undefined;
}

interface Subscriber {
  readonly id: number;
  readonly port: number;
  readonly leg: Leg;
}

/** One publisher and any number of subscribers on one media server. */
export class Audience {
  readonly #sfu: Sfu;
  readonly #fleets: Fleets;
  readonly #publisherId: number;
  readonly #publisher: Leg;
  readonly #watchers: Subscriber[] = [];
  readonly #parked: Subscriber[] = [];
  #profileName: string;

  static async open(sfu: Sfu, fleets: Fleets): Promise<Audience> {
    const local = await fleets.active.open();
    const leg = await sfu.publish(local, STREAMS);
    const profileName = await fleets.active.connect(local.id, leg.remote);
    await leg.begin();
    return new Audience(sfu, fleets, local.id, leg, profileName);
  }

  private constructor(sfu: Sfu, fleets: Fleets, publisherId: number, publisher: Leg, profileName: string) {
    this.#sfu = sfu;
    this.#fleets = fleets;
    this.#publisherId = publisherId;
    this.#publisher = publisher;
    this.#profileName = profileName;
  }

  get size(): number {
    return this.#watchers.length + this.#parked.length;
  }

  /** The SRTP profile that the media server chose. */
  get profileName(): string {
    return this.#profileName;
  }

  /** Lets subscribers in until there are so many. */
  async growTo(size: number): Promise<void> {
    while (this.size < size) {
      const batch = Math.min(CONNECT_AT_ONCE, size - this.size);
      await Promise.all(
        Array.from({ length: batch }, (_, index) =>
          this.#subscribe(this.#watchers.length + index < WATCHERS),
        ),
      );
    }
  }

  /** Lets subscribers go, the last ones first, until there are so many; never the watchers. */
  async shrinkTo(size: number): Promise<void> {
    while (this.size > size) {
      const subscriber = this.#parked.pop();
      if (!subscriber) return;
      await subscriber.leg.close();
      await this.#fleets.parked.closeEndpoint(subscriber.id);
    }
  }

  /** Publishes for some seconds and tells what it took, and what arrived. */
  async run(seconds: number): Promise<RunFigures> {
    const { active, parked } = this.#fleets;
    const { mediaPid, driverPid } = this.#sfu;
    const before = await this.#counts();
    await parked.park(seconds * 1_000 + 3 * DRAIN_MS);
    await sleep(DRAIN_MS);
    const dropsBefore = await droppedDatagrams();
    const [mediaBefore, driverBefore] = [
      await cpuTimeMs(mediaPid),
      driverPid && (await cpuTimeMs(driverPid)),
    ];
    const sentBefore = await active.stopSource(this.#publisherId);
    await active.startSource(this.#publisherId);
    await sleep(seconds * 1_000);
    const sent = (await active.stopSource(this.#publisherId)) - sentBefore;
    await sleep(DRAIN_MS);
    const mediaCpuMs = (await cpuTimeMs(mediaPid)) - mediaBefore;
    const driverCpuMs = driverPid && driverBefore ? (await cpuTimeMs(driverPid)) - driverBefore : undefined;
    const dropsAfter = await droppedDatagrams();
    const after = await this.#counts();

    const watched = this.#watchers.map((_, index) => gained(before.watchers[index], after.watchers[index]));
    const rtcp = watched.length > 0 ? mean(watched.map((count) => count.rtcp)) : 0;
    let packets = watched.reduce((sum, { received }) => sum + received, 0);
    for (const [index, { port }] of this.#parked.entries()) {
      const read = gained(before.parked[index], after.parked[index]);
      const dropped = (dropsAfter.get(port) ?? 0) - (dropsBefore.get(port) ?? 0);
      packets += Math.max(0, dropped + read.received + read.rtcp - rtcp);
    }
    const loss = Math.max(0, 1 - packets / (sent * this.size));
    return { seconds, packets, loss, mediaCpuMs, driverCpuMs };
  }

  async close(): Promise<void> {
    for (const { leg } of [...this.#watchers, ...this.#parked]) await leg.close();
    await this.#publisher.close();
    const { active, parked } = this.#fleets;
    await Promise.all([
      active.closeEndpoint(this.#publisherId),
      ...this.#watchers.map(({ id }) => active.closeEndpoint(id)),
      ...this.#parked.map(({ id }) => parked.closeEndpoint(id)),
    ]);
  }

  async #subscribe(watches: boolean): Promise<void> {
    const fleet = watches ? this.#fleets.active : this.#fleets.parked;
    const local = await fleet.open();
    const leg = await this.#sfu.subscribe(local);
    this.#profileName = await fleet.connect(local.id, leg.remote);
    await leg.begin();
    (watches ? this.#watchers : this.#parked).push({ id: local.id, port: local.port, leg });
  }

  async #counts(): Promise<{ watchers: EndpointCount[]; parked: EndpointCount[] }> {
    const ids = (subscribers: readonly Subscriber[]) => subscribers.map(({ id }) => id);
    return {
      watchers: await this.#fleets.active.count(ids(this.#watchers)),
      parked: await this.#fleets.parked.count(ids(this.#parked)),
    };
  }
}

function gained(before: EndpointCount | undefined, after: EndpointCount | undefined): EndpointCount {
  return {
    received: (after?.received ?? 0) - (before?.received ?? 0),
    expected: (after?.expected ?? 0) - (before?.expected ?? 0),
    rtcp: (after?.rtcp ?? 0) - (before?.rtcp ?? 0),
  };
}

import { setTimeout as sleep } from "node:timers/promises";
import { toWire } from "../../../../node/protocol/schemas.js";
import { sessionReceipt } from "../../../../node/protocol/typedData.js";
import type { LocalDescription } from "../load/description.js";
import type { Fleet } from "../load/Fleet.js";
import { STREAMS } from "../load/MediaSource.js";
import type { NodeParticipant } from "../sfu/NodeParticipant.js";
import type { NodeSfu } from "../sfu/NodeSfu.js";
import type { Leg } from "../sfu/Sfu.js";

const RECEIPT_INTERVAL_MS = 1_000;
const BYTES_PER_RECEIPT = 10_000n;
const REJOIN_PAUSE_MS = 200;

export interface CallerTotals {
  calls: number;
  receipts: number;
  /** Calls that did not come about or broke, by what was said. */
  readonly failures: Map<string, number>;
}

/** What the node has acknowledged, by session key and epoch: the highest number of bytes. */
export type Acknowledged = Map<string, bigint>;

export interface CallerOptions {
  readonly node: NodeSfu;
  readonly fleet: Fleet;
  readonly room: string;
  readonly totals: CallerTotals;
  readonly acknowledged: Acknowledged;
  /** Of 0 to 1. */
  readonly random: () => number;
  readonly longestCallMs: number;
}

/** Somebody who calls again and again: sends, receives, hands in receipts, hangs up or is cut off. */
export class Caller {
  readonly #options: CallerOptions;
  #doing = "not begun";
  #sinceMs = performance.now();

  constructor(options: CallerOptions) {
    this.#options = options;
  }

  /** What it is about, or waits for, and since when. */
  get doing(): string {
    return `${this.#doing} for ${((performance.now() - this.#sinceMs) / 1_000).toFixed(0)} s`;
  }

  /** Calls until `signal` is aborted; the last call is ended in order. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { totals } = this.#options;
    while (!signal.aborted) {
      try {
        await this.#call(signal);
        totals.calls += 1;
      } catch (error) {
        const said = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
        // Without what is different each time, so that the same can be counted.
        const what = said.replaceAll(/0x[0-9a-fA-F]+|[0-9a-f]{8}-[0-9a-f-]+|\d+|\s*\[.*\]/g, "…");
        totals.failures.set(what, (totals.failures.get(what) ?? 0) + 1);
        await sleep(REJOIN_PAUSE_MS);
      }
    }
  }

  async #call(signal: AbortSignal): Promise<void> {
    const { node, fleet, room, random, longestCallMs } = this.#options;
    this.#does("entering");
    const participant = await node.enter(room);
    const endpoints: number[] = [];
    const open = async (leg: (local: LocalDescription) => Promise<Leg>) => {
      const local = await fleet.open();
      endpoints.push(local.id);
      this.#does("opening a transport");
      const opened = await leg(local);
      this.#does("connecting");
      await fleet.connect(local.id, opened.remote);
      this.#does("beginning");
      await opened.begin();
      return local.id;
    };
    try {
      const sending = await open((local) => participant.send(local, STREAMS));
      await fleet.startSource(sending);
      await open((local) => participant.receive(local, 0));
      const endsAtMs = performance.now() + random() * longestCallMs;
      for (let count = 1n; performance.now() < endsAtMs && !signal.aborted; count += 1n) {
        this.#does("calling");
        await sleep(RECEIPT_INTERVAL_MS * random());
        this.#does("handing in a receipt");
        await this.#handIn(participant, count * BYTES_PER_RECEIPT);
      }
    } finally {
      this.#does("hanging up");
      await Promise.all(endpoints.map((id) => fleet.closeEndpoint(id)));
      if (signal.aborted || random() < 0.5) await participant.client.close();
      else participant.client.break();
    }
  }

  #does(what: string): void {
    [this.#doing, this.#sinceMs] = [what, performance.now()];
  }

  async #handIn({ client, sessionKey }: NodeParticipant, bytesDelivered: bigint): Promise<void> {
    const { totals, acknowledged } = this.#options;
    const { nodeId, domain } = await client.welcome;
    const { epoch } = client;
    const receipt = { nodeId, epoch, bytesDelivered, quality: 9_000 };
    const signature = await sessionReceipt.sign(sessionKey, domain, receipt);
    await client.request("receipt", toWire({ receipt, signature }));
    acknowledged.set(`${sessionKey.address} ${epoch}`, bytesDelivered);
    totals.receipts += 1;
  }
}

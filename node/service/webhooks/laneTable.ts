import type { Address } from "../../protocol/hex.js";
import type { WebhookLane } from "./webhookStore.js";

/** When something that failed is tried again. */
export interface Rest {
  failures: number;
  notBeforeMs: number;
}

export interface Lane extends WebhookLane, Rest {
  busy: boolean;
}

/** One URL of one app, with a lane for each room of which events wait. */
export interface Endpoint extends Rest {
  readonly app: Address;
  readonly lanes: Map<string, Lane>;
  busy: number;
}

/** Where events wait, in the order in which it is their turn. */
export class LaneTable {
  readonly #endpoints = new Map<string, Endpoint>();

  get endpoints(): Endpoint[] {
    return [...this.#endpoints.values()];
  }

  /** The lane of a room at an endpoint; a new one goes to the end of the row. */
  of({ app, url, room }: WebhookLane): Lane {
    const key = endpointKey({ app, url });
    const endpoint = this.#endpoints.get(key) ?? {
      ...{ app, lanes: new Map<string, Lane>(), busy: 0, failures: 0, notBeforeMs: 0 },
    };
    this.#endpoints.set(key, endpoint);
    const lane = endpoint.lanes.get(room) ?? {
      ...{ app, url, room, busy: false, failures: 0, notBeforeMs: 0 },
    };
    endpoint.lanes.set(room, lane);
    return lane;
  }

  /** Whose turn it was: other rooms and endpoints wait too. */
  toEnd(endpoint: Endpoint, lane: Lane): void {
    endpoint.lanes.delete(lane.room);
    endpoint.lanes.set(lane.room, lane);
    this.#endpoints.delete(endpointKey(lane));
    this.#endpoints.set(endpointKey(lane), endpoint);
  }

  /** Of a lane in which nothing waits. */
  forget(endpoint: Endpoint, lane: Lane): void {
    endpoint.lanes.delete(lane.room);
    if (endpoint.lanes.size === 0) this.#endpoints.delete(endpointKey(lane));
  }
}

function endpointKey({ app, url }: { app: Address; url: string }): string {
  return `${app} ${url}`;
}

import { z } from "zod";
import { ChildRpc } from "../support/childRpc.js";
import { localDescriptionSchema } from "./description.js";
import type { LocalDescription, RemoteDescription } from "./description.js";

const countSchema = z.array(z.object({ received: z.number(), expected: z.number(), rtcp: z.number() }));
export type EndpointCount = z.output<typeof countSchema>[number];

/** The load generator's two processes. */
export interface Fleets {
  /** Publishers, and subscribers that read what they get. */
  readonly active: Fleet;
  /** All others; stands still while something is measured. */
  readonly parked: Fleet;
}

export async function startFleets(): Promise<Fleets> {
  const [active, parked] = await Promise.all([Fleet.start(), Fleet.start()]);
  return { active, parked };
}

/** Light endpoints in a process of their own. */
export class Fleet {
  readonly #process: ChildRpc;

  static async start(): Promise<Fleet> {
    return new Fleet(await ChildRpc.start(new URL("fleetProcess.ts", import.meta.url)));
  }

  private constructor(child: ChildRpc) {
    this.#process = child;
  }

  get pid(): number {
    return this.#process.pid;
  }

  async open(): Promise<LocalDescription> {
    return localDescriptionSchema.parse(await this.#process.call("open"));
  }

  /** Resolves to the name of the SRTP profile once media can flow. */
  async connect(id: number, remote: RemoteDescription): Promise<string> {
    return z.string().parse(await this.#process.call("connect", { id, remote }));
  }

  async count(ids: readonly number[]): Promise<EndpointCount[]> {
    return countSchema.parse(await this.#process.call("count", ids));
  }

  async startSource(id: number): Promise<void> {
    await this.#process.call("startSource", id);
  }

  /** Resolves to the packets that the source has sent since it was first started. */
  async stopSource(id: number): Promise<number> {
    return z.number().parse(await this.#process.call("stopSource", id));
  }

  /**
   * Lets the process stand still: its endpoints stay connected, nothing is read, and the kernel counts what arrives
   * (`droppedDatagrams`). So hundreds of receivers take no CPU from what is measured.
   */
  async park(milliseconds: number): Promise<void> {
    await this.#process.call("park", milliseconds);
  }

  async closeEndpoint(id: number): Promise<void> {
    await this.#process.call("close", id);
  }

  stop(): Promise<void> {
    return this.#process.stop();
  }
}

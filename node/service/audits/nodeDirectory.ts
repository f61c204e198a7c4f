import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { partsOf, readPart } from "../../chain/logRanges.js";
import type { DirectoryEvent, RingChain } from "../../chain/ringChain.js";
import { inTransaction } from "../../chain/sqlite.js";
import { createServiceTables } from "../schema.js";

/** Read again each time, so that what a reorganisation moved is found where it went. */
const OVERLAP_BLOCKS = 32;

const nextBlockSchema = z.object({ next_block: z.number() });
const endpointSchema = z.object({ endpoint: z.string() });
const nodeIdSchema = z.object({ node_id: z.string().transform((value) => BigInt(value)) });

/**
 * Where nodes listen and which seats they have, from the logs, durable: read once from the deployment on, then only
 * what is new. Who relies on a seat asks the chain whether it is so.
 */
export class NodeDirectory {
  readonly #database: DatabaseSync;
  readonly #ring: Pick<RingChain, "startBlock" | "directoryEvents">;
  #reading: Promise<void> | undefined;

  constructor(database: DatabaseSync, ring: Pick<RingChain, "startBlock" | "directoryEvents">) {
    this.#database = database;
    this.#ring = ring;
    createServiceTables(database);
  }

  /** Reads the logs up to a block. What was read stays read, even if a later part fails. */
  async catchUp(toBlock: number): Promise<void> {
    // One at a time; who comes meanwhile reads what is left after it.
    while (this.#reading !== undefined) await this.#reading.catch(() => undefined);
    this.#reading = this.#read(toBlock).finally(() => (this.#reading = undefined));
    await this.#reading;
  }

  /** Where a node said last that it listens. */
  endpointOf(nodeId: bigint): string | undefined {
    const row = this.#database
      .prepare("SELECT endpoint FROM node_endpoints WHERE node_id = ?")
      .get(nodeId.toString());
    return row === undefined ? undefined : endpointSchema.parse(row).endpoint;
  }

  /** Nodes that have a seat in an epoch, by the logs: one, unless logs of a reorganisation were read. */
  nodesIn(seat: number, epoch: number): bigint[] {
    return this.#database
      .prepare(
        `SELECT node_id FROM ring_seats AS mine
         WHERE seat = :seat AND weight > 0 AND from_epoch <= :epoch AND NOT EXISTS (
           SELECT 1 FROM ring_seats AS later
           WHERE later.node_id = mine.node_id
             AND later.from_epoch > mine.from_epoch AND later.from_epoch <= :epoch
         )
         ORDER BY from_epoch DESC`,
      )
      .all({ seat, epoch })
      .map((row) => nodeIdSchema.parse(row).node_id);
  }

  /** Forgets seats that were given up or changed before an epoch. */
  prune(epoch: number): void {
    this.#database
      .prepare(
        `DELETE FROM ring_seats WHERE EXISTS (
           SELECT 1 FROM ring_seats AS later
           WHERE later.node_id = ring_seats.node_id
             AND later.from_epoch > ring_seats.from_epoch AND later.from_epoch <= ?
         )`,
      )
      .run(epoch);
  }

  async #read(toBlock: number): Promise<void> {
    const row = this.#database.prepare("SELECT next_block FROM directory_state").get();
    const next = row === undefined ? this.#ring.startBlock : nextBlockSchema.parse(row).next_block;
    if (next > toBlock) return;
    const first = Math.max(this.#ring.startBlock, next - OVERLAP_BLOCKS);
    for (const { from, to } of partsOf(first, toBlock)) {
      const events = await readPart(from, to, (start, end) => this.#ring.directoryEvents(start, end));
      inTransaction(this.#database, () => {
        for (const event of events) this.#store(event);
        this.#database
          .prepare(
            `INSERT INTO directory_state (id, next_block) VALUES (1, ?)
             ON CONFLICT (id) DO UPDATE SET next_block = excluded.next_block`,
          )
          .run(to + 1);
      });
    }
  }

  #store(event: DirectoryEvent): void {
    const nodeId = event.nodeId.toString();
    if (event.kind === "endpoint") {
      this.#database
        .prepare(
          `INSERT INTO node_endpoints (node_id, endpoint) VALUES (?, ?)
           ON CONFLICT (node_id) DO UPDATE SET endpoint = excluded.endpoint`,
        )
        .run(nodeId, event.endpoint);
      return;
    }
    const { seat, weight } = event.seat;
    this.#database
      .prepare(
        `INSERT INTO ring_seats (node_id, from_epoch, seat, weight) VALUES (?, ?, ?, ?)
         ON CONFLICT (node_id, from_epoch) DO UPDATE SET seat = excluded.seat, weight = excluded.weight`,
      )
      .run(nodeId, event.fromEpoch, seat, weight);
  }
}

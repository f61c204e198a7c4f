import type { NodeChain } from "../../chain/nodeChain.js";
import type { RingChain } from "../../chain/ringChain.js";
import { auditedSeats } from "../../protocol/audits.js";
import type { NodeDirectory } from "./nodeDirectory.js";

/** Whom this node audits in an epoch. */
export interface AuditPlan {
  readonly seat: number;
  /** Node ids in the order of their scores. */
  readonly targets: readonly bigint[];
}

export interface AuditPlannerOptions {
  readonly chain: Pick<NodeChain, "head">;
  readonly ring: Pick<RingChain, "nodeId" | "seatOf" | "ringSize" | "auditOffsets">;
  readonly directory: Pick<NodeDirectory, "catchUp" | "nodesIn">;
}

/** Plans are asked for a few times in an epoch and the next one. */
const KEPT_PLANS = 8;

/** Finds out whom this node audits. Both the ring and the seed that decide are fixed when an epoch begins. */
export class AuditPlanner {
  readonly #options: AuditPlannerOptions;
  readonly #plans = new Map<number, AuditPlan>();

  constructor(options: AuditPlannerOptions) {
    this.#options = options;
  }

  /**
   * The plan of an epoch that has begun; undefined where this node has no seat or nobody is audited.
   * @throws Error where the chain cannot be asked, or does not say who sits in a seat.
   */
  async planOf(epoch: number): Promise<AuditPlan | undefined> {
    const known = this.#plans.get(epoch);
    if (known !== undefined) return known;
    const { ring, directory, chain } = this.#options;
    const [own, offsets] = await Promise.all([ring.seatOf(ring.nodeId, epoch), ring.auditOffsets(epoch)]);
    if (own === undefined || offsets.length === 0) return undefined;
    const seats = await ring.ringSize(epoch);
    await directory.catchUp(chain.head.number);
    const targets = await Promise.all(
      auditedSeats(own.seat, seats, offsets).map((seat) => this.#nodeIn(seat, epoch)),
    );
    const plan = { seat: own.seat, targets };
    this.#plans.set(epoch, plan);
    for (const old of this.#plans.keys()) if (old <= epoch - KEPT_PLANS) this.#plans.delete(old);
    return plan;
  }

  async #nodeIn(seat: number, epoch: number): Promise<bigint> {
    const { ring, directory } = this.#options;
    for (const nodeId of directory.nodesIn(seat, epoch)) {
      if ((await ring.seatOf(nodeId, epoch))?.seat === seat) return nodeId;
    }
    throw new Error(`the logs do not say who has seat ${seat} of the audit ring in epoch ${epoch}`);
  }
}

import type { NodeChain } from "../../chain/nodeChain.js";
import type { RingChain } from "../../chain/ringChain.js";
import { auditedSeats, auditorSeats } from "../../protocol/audits.js";
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

/** The ring of an epoch, as this node stands in it. */
interface Standing {
  readonly seat: number;
  readonly seats: number;
  readonly offsets: readonly number[];
}

/** Plans are asked for a few times in an epoch and the next one. */
const KEPT_PLANS = 8;

/**
 * Finds out whom this node audits, and who audits it. Both the ring and the seed that decide are fixed when an epoch
 * begins.
 */
export class AuditPlanner {
  readonly #options: AuditPlannerOptions;
  readonly #plans = new Map<number, AuditPlan>();
  readonly #auditors = new Map<number, Promise<readonly bigint[]>>();

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
    const standing = await this.#standingIn(epoch);
    if (standing === undefined) return undefined;
    const { seat, seats, offsets } = standing;
    const plan = { seat, targets: await this.#nodesIn(auditedSeats(seat, seats, offsets), epoch) };
    keep(this.#plans, epoch, plan);
    return plan;
  }

  /**
   * The nodes that audit this one in an epoch that has begun; none where it has no seat or nobody is audited. Strangers
   * may make a node ask this: one question to the chain serves all who come meanwhile, and the answer stays.
   * @throws Error where the chain cannot be asked, or does not say who sits in a seat.
   */
  async auditorsOf(epoch: number): Promise<readonly bigint[]> {
    const known = this.#auditors.get(epoch);
    if (known !== undefined) return known;
    const asked = this.#findAuditors(epoch);
    keep(this.#auditors, epoch, asked);
    asked.catch(() => this.#auditors.delete(epoch));
    return asked;
  }

  async #findAuditors(epoch: number): Promise<readonly bigint[]> {
    const standing = await this.#standingIn(epoch);
    if (standing === undefined) return [];
    const { seat, seats, offsets } = standing;
    return this.#nodesIn(auditorSeats(seat, seats, offsets), epoch);
  }

  async #standingIn(epoch: number): Promise<Standing | undefined> {
    const { ring } = this.#options;
    const [own, offsets] = await Promise.all([ring.seatOf(ring.nodeId, epoch), ring.auditOffsets(epoch)]);
    if (own === undefined || offsets.length === 0) return undefined;
    return { seat: own.seat, seats: await ring.ringSize(epoch), offsets };
  }

  async #nodesIn(seats: readonly number[], epoch: number): Promise<bigint[]> {
    const { directory, chain } = this.#options;
    await directory.catchUp(chain.head.number);
    return Promise.all(seats.map((seat) => this.nodeIn(seat, epoch)));
  }

  /**
   * The node in a seat of the ring in an epoch that has begun and was planned for.
   * @throws Error where the chain cannot be asked, or the logs that were read do not say.
   */
  async nodeIn(seat: number, epoch: number): Promise<bigint> {
    const { ring, directory } = this.#options;
    for (const nodeId of directory.nodesIn(seat, epoch)) {
      if ((await ring.seatOf(nodeId, epoch))?.seat === seat) return nodeId;
    }
    throw new Error(`the logs do not say who has seat ${seat} of the audit ring in epoch ${epoch}`);
  }
}

function keep<T>(plans: Map<number, T>, epoch: number, plan: T): void {
  plans.set(epoch, plan);
  for (const old of plans.keys()) if (old <= epoch - KEPT_PLANS) plans.delete(old);
}

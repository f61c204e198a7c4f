import type { Logger } from "pino";
import type { Membership } from "../protocol/nodeLink.js";
import type { ClusterLimits } from "./limits.js";
import type { LinkHold, LinkTable } from "./LinkTable.js";
import type { RoomName } from "./MembershipCheck.js";

export interface HomeRegistrationOptions {
  readonly homeId: bigint;
  readonly room: RoomName;
  readonly links: LinkTable;
  readonly limits: ClusterLimits;
  /** Of a participant here, who vouches for this node. */
  readonly membership: () => Membership | undefined;
  /** The other nodes in the room have changed, or are known for the first time. */
  readonly onNodes: (news: "answer" | "notice") => void;
  readonly logger: Logger;
}

/** This node's entry at one of a room's homes, kept up for as long as the room is here. */
export class HomeRegistration {
  readonly homeId: bigint;
  readonly #options: HomeRegistrationOptions;
  readonly #hold: LinkHold;
  readonly #unsubscribe: () => void;
  readonly #answered: Promise<void>;
  #answer: () => void = () => undefined;
  #nodes: readonly bigint[] = [];
  #registered = false;
  #failures = 0;
  #retryTimer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: HomeRegistrationOptions) {
    const { homeId, links } = options;
    this.homeId = homeId;
    this.#options = options;
    this.#answered = new Promise((resolve) => (this.#answer = resolve));
    const up = ({ nodeId }: { nodeId: bigint }) => {
      if (nodeId === homeId) this.#register();
    };
    const lost = (nodeId: bigint) => {
      if (nodeId !== homeId) return;
      this.#registered = false;
      this.#set([], "notice");
    };
    const unreachable = (nodeId: bigint) => {
      if (nodeId === homeId) this.#answer();
    };
    links.on("up", up).on("lost", lost).on("unreachable", unreachable);
    this.#unsubscribe = () => links.off("up", up).off("lost", lost).off("unreachable", unreachable);
    this.#hold = links.hold(homeId, 0);
    this.#register();
  }

  get registered(): boolean {
    return this.#registered;
  }

  /** Nodes that the home names. */
  get nodes(): readonly bigint[] {
    return this.#nodes;
  }

  /** Resolves when the home has answered, or could not be reached, for the first time. */
  get answered(): Promise<void> {
    return this.#answered;
  }

  /** The home says that they have changed. */
  told(nodes: readonly bigint[]): void {
    if (this.#registered) this.#set(nodes, "notice");
  }

  close(): void {
    this.#closed = true;
    this.#answer();
    clearTimeout(this.#retryTimer);
    this.#unsubscribe();
    const { links, room, homeId } = this.#options;
    if (this.#registered) links.link(homeId)?.notify("unregister", { room });
    this.#hold.release();
  }

  #register(): void {
    clearTimeout(this.#retryTimer);
    const { links, room, membership: voucher, homeId, limits, logger } = this.#options;
    const link = links.link(homeId);
    const membership = voucher();
    if (this.#closed || !link || !membership) return;
    link.request("register", { room, membership }).then(
      ({ nodes }) => {
        if (this.#closed || link !== links.link(homeId)) return;
        this.#registered = true;
        this.#failures = 0;
        this.#answer();
        this.#set(nodes, "answer");
      },
      (error: unknown) => {
        this.#answer();
        if (this.#closed || link !== links.link(homeId)) return;
        logger.warn(
          { err: error, home: homeId.toString() },
          "a room's home did not take this node's registration",
        );
        const pauseMs = Math.min(limits.maxRetryMs, limits.retryMs * 2 ** Math.min(this.#failures++, 16));
        this.#retryTimer = setTimeout(() => this.#register(), pauseMs);
      },
    );
  }

  #set(nodes: readonly bigint[], news: "answer" | "notice"): void {
    this.#nodes = nodes;
    if (!this.#closed) this.#options.onNodes(news);
  }
}

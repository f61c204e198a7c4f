import type { ConnectOptions } from "./connectOptions.js";
import { Disconnected, asDisconnected, rejoinAfterError } from "./errors.js";
import { NodeChooser } from "./NodeChooser.js";
import { NodeSession } from "./NodeSession.js";
import type { RemoteMedia } from "./RemoteMedia.js";
import type { Roster } from "./Roster.js";
import { TokenKeeper } from "./TokenKeeper.js";
import { pause } from "./timing.js";

/**
 * How a lost connection came back: `resumed`, with all media as it was; `rejoined` on the same node or `moved` to another
 * one, with tracks published again.
 */
export interface Reconnection {
  readonly how: "resumed" | "rejoined" | "moved";
  readonly url: string;
}

export interface MembershipHooks {
  /** A session begins; called before it joins. */
  session(session: NodeSession): void;
  remote(remote: RemoteMedia): void;
  /** Publishes on a session what is missing there. What it throws is one more loss. */
  restore(session: NodeSession): Promise<void>;
  reconnecting(reason: Disconnected): void;
  reconnected(how: Reconnection): void;
  /** It is over for good. */
  ended(reason: Disconnected): void;
}

type Step = "resume" | "here" | "elsewhere" | "no";

/** Why a session cannot go on as it is, and whether it can over another WebSocket. */
interface Loss {
  readonly reason: Disconnected;
  readonly resumable: boolean;
}

const DEFAULT_GIVE_UP_AFTER_MS = 120_000;
/** A node that cannot be reached is left for another one after so long: longer while its media still flows. */
const PATIENCE_MS = { withMedia: 5_000, withoutMedia: 2_000 };
/** A connection that lasted so long was a good one; before, the next loss belongs to the same trouble. */
const STABLE_AFTER_MS = 10_000;
const BACKOFF = { firstMs: 250, mostMs: 2_000 };

/**
 * A participant's membership in a room, whatever becomes of the nodes that carry it: holds the one session there is, and
 * when that is lost resumes it, joins again, or goes to another node.
 */
export class Membership {
  readonly #options: ConnectOptions;
  readonly #roster: Roster;
  readonly #listening: Promise<void>;
  readonly #hooks: MembershipHooks;
  readonly #nodes: NodeChooser;
  readonly #tokens: TokenKeeper;
  readonly #over = new AbortController();
  #session: NodeSession | undefined;
  /** The session that is being joined. */
  #joining: NodeSession | undefined;
  #loss: Loss | undefined;
  #recovering = false;
  #attempt = 0;
  #troubleSinceMs: number | undefined;
  #connectedAtMs = 0;
  #ended: Disconnected | undefined;
  #waiting: (() => void)[] = [];

  constructor(options: ConnectOptions, roster: Roster, listening: Promise<void>, hooks: MembershipHooks) {
    this.#options = options;
    this.#roster = roster;
    this.#listening = listening;
    this.#hooks = hooks;
    this.#nodes = new NodeChooser(options.url);
    this.#tokens = new TokenKeeper(options);
  }

  /** The session there is, or was last; undefined before the first. */
  get session(): NodeSession | undefined {
    return this.#session;
  }

  get ended(): Disconnected | undefined {
    return this.#ended;
  }

  get tokens(): TokenKeeper {
    return this.#tokens;
  }

  /** Joins for the first time: each candidate once. Throws why it did not come about. */
  async start(): Promise<void> {
    await this.#tokens.assureFresh();
    await this.#joinOneOf(await this.#nodes.candidates(this.#over.signal));
    this.#connectedAtMs = Date.now();
  }

  /** A session that requests reach: at once, or once there is one again. Rejects when all is over. */
  async ready(): Promise<NodeSession> {
    for (;;) {
      if (this.#ended) throw this.#ended;
      if (this.#session?.connected) return this.#session;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** Hands in a last receipt and ends. Never rejects. */
  async leave(reason: Disconnected): Promise<void> {
    this.#over.abort(reason);
    this.#joining?.close(reason);
    await this.#session?.leave(reason);
    this.#end(reason);
  }

  #lost(session: NodeSession, reason: Disconnected, resumable: boolean): void {
    if (this.#isOver() || session !== this.#session) return;
    this.#loss = { reason, resumable };
    this.#startRecovery();
  }

  #startRecovery(): void {
    if (this.#recovering || this.#isOver() || !this.#loss) return;
    this.#recovering = true;
    this.#recover(this.#loss)
      .catch((error: unknown) => {
        this.#end(asDisconnected(error));
      })
      .finally(() => {
        this.#recovering = false;
        this.#startRecovery();
      });
  }

  async #recover(loss: Loss): Promise<void> {
    const { giveUpAfterMs = DEFAULT_GIVE_UP_AFTER_MS } = this.#options;
    const lostAtMs = Date.now();
    if (lostAtMs - this.#connectedAtMs > STABLE_AFTER_MS) {
      this.#attempt = 0;
      this.#troubleSinceMs = undefined;
    }
    const troubleSinceMs = (this.#troubleSinceMs ??= lostAtMs);
    let cause = loss.reason;
    let step = firstStep(loss);
    this.#loss = undefined;
    for (let announced = false; ; announced = true) {
      if (giveUpAfterMs === 0 || (step === "no" && !this.#tokens.canRenew(cause))) {
        this.#end(cause);
        return;
      }
      if (!announced) this.#hooks.reconnecting(cause);
      await pause(this.#backoffMs(), this.#over.signal);
      if (this.#isOver()) return;
      if (Date.now() - troubleSinceMs > giveUpAfterMs) {
        const message = `no node could be joined for ${giveUpAfterMs} ms: ${cause.message}`;
        this.#end(new Disconnected("gave_up", message, { cause }));
        return;
      }
      try {
        const reconnection = await this.#take(step, cause);
        if (this.#isOver()) return;
        if (!this.#lossMeanwhile()) {
          this.#connectedAtMs = Date.now();
          this.#hooks.reconnected(reconnection);
          return;
        }
      } catch (error) {
        cause = asDisconnected(error);
        step = this.#next(step, cause, lostAtMs);
      }
      const again = this.#lossMeanwhile();
      if (again) [cause, step] = [again.reason, firstStep(again)];
      this.#loss = undefined;
    }
  }

  /** What was lost of the session that was just resumed or joined. */
  #lossMeanwhile(): Loss | undefined {
    return this.#loss;
  }

  #isOver(): boolean {
    return this.#over.signal.aborted;
  }

  async #take(step: Step, cause: Disconnected): Promise<Reconnection> {
    const former = this.#session;
    if (!former) throw cause;
    if (step === "resume") {
      await former.resume();
      this.#wake();
      await this.#hooks.restore(former);
      return { how: "resumed", url: former.url };
    }
    former.close(cause);
    if (step === "no") await this.#tokens.renew(cause);
    else await this.#tokens.assureFresh();
    let session: NodeSession;
    if (step === "elsewhere") {
      this.#nodes.failed(former.url);
      session = await this.#joinOneOf(await this.#nodes.candidates(this.#over.signal));
    } else {
      session = await this.#joinAt(former.url);
    }
    await this.#hooks.restore(session);
    this.#tokens.served();
    return { how: session.url === former.url ? "rejoined" : "moved", url: session.url };
  }

  #next(step: Step, cause: Disconnected, lostAtMs: number): Step {
    const unreachable = cause.code === "connection_lost" || cause.code === "timeout";
    if (!unreachable) return cause.rejoin;
    if (step === "elsewhere") return step;
    const { withMedia, withoutMedia } = PATIENCE_MS;
    const patienceMs = step === "resume" && this.#session?.mediaConnected ? withMedia : withoutMedia;
    return this.#nodes.plural && Date.now() - lostAtMs > patienceMs ? "elsewhere" : step;
  }

  /** The first time nearly at once, a little spread, since others have lost the same node; then at growing intervals. */
  #backoffMs(): number {
    const { firstMs, mostMs } = BACKOFF;
    const most = Math.min(mostMs, firstMs * 2 ** this.#attempt);
    const delayMs = this.#attempt === 0 ? Math.random() * firstMs : most * (0.5 + Math.random() / 2);
    this.#attempt += 1;
    return delayMs;
  }

  /** Joins the first that lets the participant in. */
  async #joinOneOf(urls: readonly string[]): Promise<NodeSession> {
    let refusal: unknown;
    let last: unknown = new Disconnected("connection_lost", "there is no node to connect to");
    for (const url of urls) {
      if (this.#over.signal.aborted) throw asDisconnected(this.#over.signal.reason);
      try {
        return await this.#joinAt(url);
      } catch (error) {
        last = error;
        this.#nodes.failed(url);
        // One node's word does not keep the participant from the others.
        if (rejoinAfterError(error) === "no") refusal ??= error;
      }
    }
    throw refusal ?? last;
  }

  async #joinAt(url: string): Promise<NodeSession> {
    const { room, sessionKey, expect, rtc, receiptIntervalMs, iceGiveUpAfterMs } = this.#options;
    const session = new NodeSession({
      ...{ url, room, sessionKey, expect, rtc, receiptIntervalMs, iceGiveUpAfterMs },
      token: this.#tokens.token,
      roster: this.#roster,
      listening: this.#listening,
      onRemote: (remote) => this.#hooks.remote(remote),
    });
    session.on("lost", (reason, resumable) => this.#lost(session, reason, resumable));
    this.#hooks.session(session);
    this.#joining = session;
    try {
      await session.join();
    } finally {
      this.#joining = undefined;
    }
    if (this.#ended || this.#over.signal.aborted) {
      const reason = asDisconnected(this.#over.signal.reason ?? this.#ended);
      session.close(reason);
      throw reason;
    }
    this.#session = session;
    this.#loss = undefined;
    this.#wake();
    return session;
  }

  #end(reason: Disconnected): void {
    if (this.#ended) return;
    this.#ended = reason;
    this.#over.abort(reason);
    this.#joining?.close(reason);
    this.#session?.close(reason);
    this.#wake();
    this.#hooks.ended(reason);
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }
}

function firstStep({ reason, resumable }: Loss): Step {
  return resumable ? "resume" : reason.rejoin;
}

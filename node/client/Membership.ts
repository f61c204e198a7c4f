import type { ConnectOptions } from "./connectOptions.js";
import { Disconnected, asDisconnected, rejoinAfterError } from "./errors.js";
import { MediaPulse } from "./MediaPulse.js";
import { NodeChooser } from "./NodeChooser.js";
import { NodeSession } from "./NodeSession.js";
import { Patience } from "./Patience.js";
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
/** How long an attempt to resume may take where there are other nodes, and media says that this one may be dead. */
const SHORT_RESUME_MS = 3_000;

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
  readonly #patience: Patience;
  readonly #over = new AbortController();
  #session: NodeSession | undefined;
  /** The session that is being joined. */
  #joining: NodeSession | undefined;
  #loss: Loss | undefined;
  #recovering = false;
  #ended: Disconnected | undefined;
  #waiting: (() => void)[] = [];

  constructor(options: ConnectOptions, roster: Roster, listening: Promise<void>, hooks: MembershipHooks) {
    this.#options = options;
    this.#roster = roster;
    this.#listening = listening;
    this.#hooks = hooks;
    this.#nodes = new NodeChooser(options.url);
    this.#tokens = new TokenKeeper(options);
    this.#patience = new Patience(options.giveUpAfterMs ?? DEFAULT_GIVE_UP_AFTER_MS);
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
    this.#patience.connected();
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
    this.#patience.lost();
    const session = this.#session;
    const pulse = session && new MediaPulse(() => session.mediaBytesReceived());
    try {
      await this.#recoverFrom(loss, () => pulse?.beats === true && session?.mediaConnected === true);
    } finally {
      pulse?.stop();
    }
  }

  async #recoverFrom(loss: Loss, mediaFlows: () => boolean): Promise<void> {
    const { giveUpAfterMs } = this.#patience;
    let cause = loss.reason;
    let step = this.#firstStep(loss);
    let moving = false;
    this.#loss = undefined;
    for (let announced = false; ; announced = true) {
      if (giveUpAfterMs === 0 || (step === "no" && !this.#tokens.canRenew(cause))) {
        this.#end(cause);
        return;
      }
      if (!announced) this.#hooks.reconnecting(cause);
      await pause(this.#patience.backoffMs(moving), this.#over.signal);
      if (this.#isOver()) return;
      if (this.#patience.exhausted) {
        const message = `no node could be joined for ${giveUpAfterMs} ms: ${cause.message}`;
        this.#end(new Disconnected("gave_up", message, { cause }));
        return;
      }
      const before = step;
      try {
        const reconnection = await this.#take(step, cause);
        if (this.#isOver()) return;
        if (!this.#lossMeanwhile()) {
          this.#patience.connected();
          this.#hooks.reconnected(reconnection);
          return;
        }
      } catch (error) {
        cause = asDisconnected(error);
        step = this.#next(step, cause, mediaFlows());
      }
      const again = this.#lossMeanwhile();
      if (again) [cause, step] = [again.reason, this.#firstStep(again)];
      moving = step === "elsewhere" && before !== "elsewhere";
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
      await former.resume(this.#nodes.plural && !former.mediaConnected ? SHORT_RESUME_MS : undefined);
      this.#wake();
      await this.#hooks.restore(former);
      return { how: "resumed", url: former.url };
    }
    if (step !== "elsewhere") former.close(cause);
    if (step === "no") await this.#tokens.renew(cause);
    else await this.#tokens.assureFresh();
    let session: NodeSession;
    if (step === "elsewhere") {
      this.#nodes.failed(former.url);
      const urls = await this.#nodes.candidates(this.#over.signal);
      // The former is kept until another one lets the participant in: where none answers, this machine's own network
      // may be the trouble.
      const others = former.resumable && this.#nodes.plural ? urls.filter((url) => url !== former.url) : urls;
      session = await this.#joinOneOf(others, () => former.close(cause));
    } else {
      session = await this.#joinAt(former.url);
    }
    await this.#hooks.restore(session);
    this.#tokens.served();
    return { how: session.url === former.url ? "rejoined" : "moved", url: session.url };
  }

  #firstStep({ reason, resumable }: Loss): Step {
    if (!resumable) return reason.rejoin;
    // Neither signaling nor media answers: where another node does, this one is dead.
    const dead = reason.code === "timeout" && this.#session?.mediaConnected === false;
    return dead && this.#nodes.plural ? "elsewhere" : "resume";
  }

  #next(step: Step, cause: Disconnected, mediaFlows: boolean): Step {
    const unreachable = cause.code === "connection_lost" || cause.code === "timeout";
    if (!unreachable && cause.rejoin !== "elsewhere") return cause.rejoin;
    if (step === "elsewhere") return this.#session?.resumable ? "resume" : step;
    if (!unreachable) return cause.rejoin;
    return this.#nodes.plural && this.#patience.exhaustedWithNode(mediaFlows) ? "elsewhere" : step;
  }

  /** Joins the first that lets the participant in. */
  async #joinOneOf(urls: readonly string[], onEntered?: () => void): Promise<NodeSession> {
    let refusal: unknown;
    let last: unknown = new Disconnected("connection_lost", "there is no node to connect to");
    for (const url of urls) {
      if (this.#over.signal.aborted) throw asDisconnected(this.#over.signal.reason);
      try {
        return await this.#joinAt(url, onEntered);
      } catch (error) {
        last = error;
        this.#nodes.failed(url);
        // One node's word does not keep the participant from the others.
        if (rejoinAfterError(error) === "no") refusal ??= error;
      }
    }
    throw refusal ?? last;
  }

  /** @param onEntered called once the node has let the participant in, before anything is received. */
  async #joinAt(url: string, onEntered?: () => void): Promise<NodeSession> {
    const { room, sessionKey, expect, rtc, receiptIntervalMs, iceGiveUpAfterMs } = this.#options;
    const session = new NodeSession({
      ...{ url, room, sessionKey, expect, rtc, receiptIntervalMs, iceGiveUpAfterMs },
      token: this.#tokens.token,
      roster: this.#roster,
      listening: this.#listening,
      onRemote: (remote) => {
        onEntered?.();
        this.#hooks.remote(remote);
      },
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

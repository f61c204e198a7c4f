/** How the node is asked to stop. */
export type StopRequest =
  /** Goodbye at once: participants go elsewhere by themselves. */
  | { readonly kind: "now"; readonly by: string }
  /** Participants are moved first, for at most so long. */
  | { readonly kind: "drained"; readonly by: string; readonly deadlineMs: number };

/** How long participants have to go elsewhere, unless the operator says otherwise. */
export const DEFAULT_DRAIN_DEADLINE_MS = 60_000;

const SIGNALS: readonly (readonly [NodeJS.Signals, StopRequest["kind"]])[] = [
  ["SIGTERM", "now"],
  ["SIGINT", "now"],
  ["SIGUSR2", "drained"],
];

/**
 * What asks the node to stop: signals of this process, and the operator on the private port. The first request counts,
 * and one to stop at once cuts short one to drain; another SIGTERM or SIGINT after that ends the process.
 */
export class StopRequests {
  /** The first request. */
  readonly first: Promise<StopRequest>;
  readonly #hurry = new AbortController();
  readonly #release: (() => void)[] = [];
  #resolve: (request: StopRequest) => void = () => undefined;

  constructor() {
    this.first = new Promise((resolve) => (this.#resolve = resolve));
    for (const [signal, kind] of SIGNALS) {
      const onSignal = (): void => {
        // With this listener gone, a second one ends the process at once.
        process.off(signal, onSignal);
        this.ask(
          kind === "now" ? { kind, by: signal } : { kind, by: signal, deadlineMs: DEFAULT_DRAIN_DEADLINE_MS },
        );
      };
      process.on(signal, onSignal);
      this.#release.push(() => process.off(signal, onSignal));
    }
  }

  /** Aborted when the node shall stop at once, whatever it was asked before. */
  get hurry(): AbortSignal {
    return this.#hurry.signal;
  }

  ask(request: StopRequest): void {
    this.#resolve(request);
    if (request.kind === "now") this.#hurry.abort(new Error(`told to stop by ${request.by}`));
  }

  /** Listens to signals no longer. */
  close(): void {
    for (const release of this.#release.splice(0)) release();
  }
}

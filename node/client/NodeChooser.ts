import { probeNodes } from "./rankNodes.js";

/** Tells where nodes are. */
export interface NodeSource {
  /** Signaling addresses, best first. */
  urls(options: { readonly signal: AbortSignal }): Promise<readonly string[]>;
}

/** A node that failed is tried after all others for so long. */
const COOL_DOWN_MS = 20_000;
const MAX_CANDIDATES = 8;
/** Short: while it is waited for, the call stands still. */
const PROBE_TIMEOUT_MS = 1_500;

/** Which node to try next. */
export class NodeChooser {
  readonly #given: string | readonly string[] | NodeSource;
  readonly #failedAtMs = new Map<string, number>();

  constructor(given: string | readonly string[] | NodeSource) {
    this.#given = given;
  }

  /** Whether there may be another node than one. */
  get plural(): boolean {
    if (typeof this.#given === "string") return false;
    return isSource(this.#given) || this.#given.length > 1;
  }

  /** A node that could not be joined, or whose connection was lost, comes last for a while. */
  failed(url: string): void {
    this.#failedAtMs.set(url, Date.now());
  }

  /** Nodes to try, best first; after a node has failed, those that say they take participants come first. */
  async candidates(signal: AbortSignal): Promise<string[]> {
    const since = Date.now() - COOL_DOWN_MS;
    const urls = await this.#urls(signal);
    const failed = urls.filter((url) => (this.#failedAtMs.get(url) ?? 0) > since);
    const others = urls.filter((url) => !failed.includes(url));
    const probing = !isSource(this.#given) && this.#failedAtMs.size > 0 && others.length > 1;
    return [...(probing ? await acceptingFirst(others, signal) : others), ...failed].slice(0, MAX_CANDIDATES);
  }

  async #urls(signal: AbortSignal): Promise<readonly string[]> {
    const given = this.#given;
    if (typeof given === "string") return [given];
    return isSource(given) ? given.urls({ signal }) : given;
  }
}

/** One whose health cannot be read, because a proxy hides it perhaps, may serve all the same. */
async function acceptingFirst(urls: readonly string[], signal: AbortSignal): Promise<string[]> {
  const probed = await probeNodes(urls, { signal, timeoutMs: PROBE_TIMEOUT_MS });
  const places = { accepting: 0, silent: 1, refusing: 2 };
  return [...probed].sort((a, b) => places[a.state] - places[b.state]).map(({ url }) => url);
}

function isSource(given: string | readonly string[] | NodeSource): given is NodeSource {
  return typeof given === "object" && "urls" in given;
}

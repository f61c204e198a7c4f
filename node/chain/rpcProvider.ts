import { JsonRpcApiProvider, Network } from "ethers";
import type { JsonRpcError, JsonRpcPayload, JsonRpcResult } from "ethers";
import { z } from "zod";

/** No RPC endpoint of the list answered. */
export class ChainUnavailable extends Error {
  constructor(failures: readonly string[]) {
    super(`no RPC endpoint answered: ${failures.join("; ")}`);
    this.name = "ChainUnavailable";
  }
}

export interface RpcProviderOptions {
  /** JSON-RPC over HTTP, in order of preference. */
  readonly urls: readonly string[];
  readonly chainId: number;
  /** How long one endpoint may take to answer. */
  readonly timeoutMs?: number;
  /** Told when an endpoint fails and another is asked. The URL is given without credentials and query. */
  readonly onFailure?: (endpoint: string, reason: string) => void;
  /** Told of the `Date` of answers, as Unix time in milliseconds, whole seconds. */
  readonly onServerTime?: (unixMs: number) => void;
}

const answerSchema = z.looseObject({
  id: z.number(),
  result: z.unknown().optional(),
  error: z
    .looseObject({ code: z.number(), message: z.string().default(""), data: z.unknown().optional() })
    .optional(),
});
const responseSchema = z.union([z.array(answerSchema), answerSchema]);

/** Codes with which providers say "not now" or "not here", so that another endpoint may know better. */
const TRY_ELSEWHERE = new Set([-32005, -32603, 429]);

/**
 * An ethers provider over a list of RPC endpoints. It stays with the one that answers; when that fails, or is found
 * to be of another chain, the next one is asked. An answer that the chain itself gives, a revert for example, is an
 * answer.
 */
export class RpcProvider extends JsonRpcApiProvider {
  readonly #urls: readonly string[];
  readonly #chainId: number;
  readonly #timeoutMs: number;
  readonly #onFailure: (endpoint: string, reason: string) => void;
  readonly #onServerTime: (unixMs: number) => void;
  readonly #verified = new Set<string>();
  readonly #aborter = new AbortController();
  #preferred = 0;

  constructor(options: RpcProviderOptions) {
    const { urls, chainId, timeoutMs = 10_000, onFailure = () => undefined } = options;
    if (urls.length === 0) throw new RangeError("no RPC endpoint is configured");
    const network = Network.from(chainId);
    super(network, { staticNetwork: network, cacheTimeout: -1, batchMaxCount: 50 });
    this.#urls = urls;
    this.#chainId = chainId;
    this.#timeoutMs = timeoutMs;
    this.#onFailure = onFailure;
    this.#onServerTime = options.onServerTime ?? (() => undefined);
    this._start();
  }

  /** Cancels what is under way; nothing can be sent any more. */
  override destroy(): void {
    this.#aborter.abort(new Error("the provider was closed"));
    super.destroy();
  }

  /** Goes on with the next endpoint of the list: this one answers, but is of no use. Nothing changes where it is alone. */
  passOver(reason: string): void {
    const url = this.#urls[this.#preferred];
    if (url === undefined || this.#urls.length === 1) return;
    this.#preferred = (this.#preferred + 1) % this.#urls.length;
    this.#onFailure(printable(url), reason);
  }

  override async _send(
    payload: JsonRpcPayload | JsonRpcPayload[],
  ): Promise<(JsonRpcResult | JsonRpcError)[]> {
    const failures: string[] = [];
    const first = this.#preferred;
    for (let step = 0; step < this.#urls.length; step++) {
      const index = (first + step) % this.#urls.length;
      const url = this.#urls[index];
      if (url === undefined) continue;
      try {
        await this.#verifyChain(url);
        const answers = await this.#post(url, payload);
        if (index !== first) this.#preferred = index;
        return answers;
      } catch (error) {
        if (this.#aborter.signal.aborted) throw error;
        const reason = error instanceof Error ? error.message : String(error);
        failures.push(`${printable(url)}: ${reason}`);
        this.#onFailure(printable(url), reason);
      }
    }
    throw new ChainUnavailable(failures);
  }

  async #verifyChain(url: string): Promise<void> {
    if (this.#verified.has(url)) return;
    const payload = { id: 0, jsonrpc: "2.0" as const, method: "eth_chainId", params: [] };
    const [answer] = await this.#post(url, payload);
    const chainId = answer !== undefined && "result" in answer ? Number(answer.result) : Number.NaN;
    if (chainId !== this.#chainId) throw new Error(`it serves chain ${chainId}, not ${this.#chainId}`);
    this.#verified.add(url);
  }

  async #post(
    url: string,
    payload: JsonRpcPayload | JsonRpcPayload[],
  ): Promise<(JsonRpcResult | JsonRpcError)[]> {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(payload),
      signal: AbortSignal.any([AbortSignal.timeout(this.#timeoutMs), this.#aborter.signal]),
    });
    const serverTimeMs = Date.parse(response.headers.get("date") ?? "");
    if (!Number.isNaN(serverTimeMs)) this.#onServerTime(serverTimeMs);
    const text = await response.text();
    const parsed = responseSchema.safeParse(parseJson(text));
    if (!parsed.success) throw new Error(`HTTP ${response.status} and no JSON-RPC answer`);
    const answers = Array.isArray(parsed.data) ? parsed.data : [parsed.data];
    return answers.map(({ id, result, error }) => {
      if (error === undefined) return { id, result };
      const { code, message, data } = error;
      if (TRY_ELSEWHERE.has(code) && data === undefined && !isVerdict(message)) {
        throw new Error(`${code} ${message}`);
      }
      return { id, error: { code, message, data } };
    });
  }
}

/** Some nodes answer with the code for "internal error" what is in truth a verdict on a call or transaction. */
function isVerdict(message: string): boolean {
  return /revert|nonce|underpriced|insufficient funds|already known|gas|invalid/i.test(message);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function printable(url: string): string {
  const parsed = URL.parse(url);
  return parsed === null ? "invalid URL" : `${parsed.origin}${parsed.pathname === "/" ? "" : "/…"}`;
}

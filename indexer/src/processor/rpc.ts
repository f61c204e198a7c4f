import { RpcClient } from "@subsquid/rpc-client";
import type { CallOptions } from "@subsquid/rpc-client";
import type { RpcCall } from "@subsquid/rpc-client/lib/interfaces";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "../shared/log";

const REQUEST_TIMEOUT_MS = 20_000;
/** After all endpoints failed in turn. */
const PAUSE_MS = 1_000;

/** One endpoint retries by itself; of several, the next one takes over. */
export function connectRpc(urls: readonly string[], chainId: number, log: Logger): RpcClient {
  const [first, ...others] = urls;
  if (first === undefined) throw new Error("There is no chain endpoint.");
  if (others.length === 0) {
    return new RpcClient({
      url: first,
      requestTimeout: REQUEST_TIMEOUT_MS,
      maxBatchCallSize: 100,
      retryAttempts: Number.MAX_SAFE_INTEGER,
    });
  }
  return new FailoverRpcClient([first, ...others], chainId, log);
}

interface Endpoint {
  readonly client: RpcClient;
  /** Known to be of another chain. */
  isForeign: boolean;
  /** Whether it is of the right chain, once somebody asked. */
  isRightChain: Promise<boolean> | undefined;
}

/**
 * A client over several http endpoints: a call that fails on the connection goes to the next one, which then stays in
 * use. An endpoint of another chain is left out.
 */
class FailoverRpcClient extends RpcClient {
  private readonly endpoints: Endpoint[];
  private current = 0;
  private stopped = false;

  constructor(
    urls: readonly [string, ...string[]],
    private readonly chainId: number,
    private readonly warnings: Logger,
  ) {
    super({ url: urls[0], log: null });
    this.endpoints = urls.map((url) => ({
      client: new RpcClient({
        url,
        requestTimeout: REQUEST_TIMEOUT_MS,
        maxBatchCallSize: 100,
        retryAttempts: 0,
      }),
      isForeign: false,
      isRightChain: undefined,
    }));
  }

  // The parameters are those of the class that this one stands in for.
  override call<T>(method: string, params?: unknown[], options?: CallOptions<T>): Promise<T> {
    return this.withFailover((client) => client.call<T>(method, params, options));
  }

  override batchCall<T>(batch: RpcCall[], options?: CallOptions<T>): Promise<T[]> {
    return this.withFailover((client) => client.batchCall<T>(batch, options));
  }

  override close(): void {
    this.stopped = true;
    for (const { client } of this.endpoints) client.close();
    super.close();
  }

  private async withFailover<T>(send: (client: RpcClient) => Promise<T>): Promise<T> {
    for (let failures = 0; ;) {
      const position = this.current;
      const endpoint = this.endpoints[position % this.endpoints.length];
      if (endpoint === undefined) throw new Error("There is no chain endpoint.");
      try {
        if (await this.checkChain(endpoint)) return await send(endpoint.client);
      } catch (error) {
        if (this.stopped || !(error instanceof Error) || !endpoint.client.isConnectionError(error))
          throw error;
        this.warnings.warn({ endpoint: endpoint.client.url, reason: error.message }, "chain endpoint failed");
      }
      // Another call may have moved on meanwhile.
      if (this.current === position) this.current = (position + 1) % this.endpoints.length;
      failures += 1;
      if (this.endpoints.every(({ isForeign }) => isForeign)) {
        throw new Error(`None of the chain endpoints is of chain ${this.chainId}.`);
      }
      if (failures % this.endpoints.length === 0) await sleep(PAUSE_MS);
    }
  }

  private checkChain(endpoint: Endpoint): Promise<boolean> {
    const ask = async (): Promise<boolean> => {
      const chainId = Number(await endpoint.client.call<string>("eth_chainId"));
      endpoint.isForeign = chainId !== this.chainId;
      if (endpoint.isForeign) {
        this.warnings.error(
          { endpoint: endpoint.client.url },
          `this endpoint is of chain ${chainId}, not ${this.chainId}: it is left out`,
        );
      }
      return !endpoint.isForeign;
    };
    endpoint.isRightChain ??= ask().catch((error: unknown) => {
      // It did not say: the next call asks again.
      endpoint.isRightChain = undefined;
      throw error;
    });
    return endpoint.isRightChain;
  }
}

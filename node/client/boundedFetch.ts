export interface BoundedRequest {
  readonly method?: "GET" | "POST" | undefined;
  /** Sent as JSON. */
  readonly body?: string | undefined;
  readonly timeoutMs: number;
  readonly maxBytes: number;
  readonly signal?: AbortSignal | undefined;
}

export interface BoundedResponse {
  readonly status: number;
  /** What the body's JSON says; undefined where it is none. */
  readonly json: unknown;
}

/**
 * Asks a server that is not trusted: no longer than that, for no more than that, and following it nowhere.
 * @throws Error where it does not answer, answers too much, or the signal is aborted.
 */
export async function boundedFetch(url: string, request: BoundedRequest): Promise<BoundedResponse> {
  const { method = "GET", body, timeoutMs, maxBytes, signal } = request;
  const timeout = AbortSignal.timeout(timeoutMs);
  const response = await fetch(url, {
    method,
    ...(body !== undefined && { body, headers: { "content-type": "application/json" } }),
    redirect: "error",
    credentials: "omit",
    cache: "no-store",
    signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
  });
  return { status: response.status, json: await readJson(response, maxBytes, url) };
}

async function readJson(response: Response, maxBytes: number, url: string): Promise<unknown> {
  const reader = response.body?.getReader();
  if (!reader) return undefined;
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    bytes += value.length;
    if (bytes > maxBytes) {
      await reader.cancel();
      throw new Error(`${url} answered with more than ${maxBytes} bytes`);
    }
    text += decoder.decode(value, { stream: true });
  }
  try {
    return JSON.parse(text + decoder.decode());
  } catch {
    return undefined;
  }
}

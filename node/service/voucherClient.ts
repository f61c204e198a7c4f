import type { Wallet } from "ethers";
import { httpRefusalSchema } from "../protocol/httpRefusal.js";
import { toWire } from "../protocol/schemas.js";
import { voucherRequest } from "../protocol/typedData.js";
import type { Address, TypedDataDomain } from "../protocol/typedData.js";
import {
  ISSUED_AT_HEADER,
  SIGNATURE_HEADER,
  bodyHash,
  voucherResponseBodySchema,
} from "../protocol/voucherExchange.js";
import type { VoucherRequestBody, VoucherResponseBody } from "../protocol/voucherExchange.js";

const MAX_RESPONSE_BYTES = 256 * 1024;

/** Asks an app's endpoint for a voucher. */
export type AskForVoucher = (url: string, request: VoucherRequestBody) => Promise<VoucherResponseBody>;

export interface VoucherClientOptions {
  /** The operator key. */
  readonly wallet: Wallet;
  readonly domain: TypedDataDomain;
  readonly timeoutMs: number;
  /** Rejects where the node must not send a request to. */
  readonly checkUrl: (url: string) => Promise<void>;
  readonly signal: AbortSignal;
}

/**
 * Makes the function that asks over HTTP. It rejects for answers that are late, too long, not HTTP 200 or not of the
 * expected shape; what a voucher is worth is for the caller to check.
 */
export function createVoucherClient(options: VoucherClientOptions): AskForVoucher {
  return async (url, request) => {
    await options.checkUrl(url);
    const body = new TextEncoder().encode(JSON.stringify(toWire(request)));
    const { issuedAt, signature } = await sign(options, request, body);
    const response = await fetch(url, {
      method: "POST",
      redirect: "error",
      headers: {
        "content-type": "application/json",
        [ISSUED_AT_HEADER]: issuedAt.toString(),
        [SIGNATURE_HEADER]: signature,
      },
      body,
      signal: AbortSignal.any([AbortSignal.timeout(options.timeoutMs), options.signal]),
    });
    const text = await readText(response);
    if (response.status !== 200) throw new Error(`HTTP ${response.status}: ${reasonOf(text).slice(0, 300)}`);
    return voucherResponseBodySchema.parse(JSON.parse(text));
  };
}

/** As `HttpRefusal` has it, or as a proxy in front of the app's server says it. */
function reasonOf(text: string): string {
  try {
    const { error, message } = httpRefusalSchema.parse(JSON.parse(text));
    return `${error}: ${message}`;
  } catch {
    return text;
  }
}

async function sign(
  { wallet, domain }: VoucherClientOptions,
  { nodeId, app }: { nodeId: bigint; app: Address },
  body: Uint8Array,
) {
  const issuedAt = BigInt(Math.floor(Date.now() / 1_000));
  const signature = await voucherRequest.sign(wallet, domain, {
    nodeId,
    app,
    bodyHash: bodyHash(body),
    issuedAt,
  });
  return { issuedAt, signature };
}

async function readText(response: Response): Promise<string> {
  if (response.body === null) return "";
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    bytes += value.byteLength;
    if (bytes > MAX_RESPONSE_BYTES) {
      await reader.cancel();
      throw new Error(`the answer is longer than ${MAX_RESPONSE_BYTES} bytes`);
    }
    text += decoder.decode(value, { stream: true });
  }
}

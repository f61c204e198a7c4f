import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { Transaction } from "ethers";
import { z } from "zod";

export interface RpcCall {
  readonly method: string;
  readonly params: readonly unknown[];
}

export type RpcAnswer =
  { readonly result: unknown } | { readonly error: { code: number; message: string; data?: unknown } };

/** What becomes of a call: an answer, or "drop", which closes the connection without one. */
export type RpcFault = (call: RpcCall, forward: () => Promise<RpcAnswer>) => Promise<RpcAnswer | "drop">;
export type RpcMatch = (call: RpcCall) => boolean;

/** A fault that is in place until it is taken away. */
export interface Rule {
  /** How many calls it has met. */
  readonly met: number;
  remove(): void;
}

/** A call that is held back. */
export interface Hold extends Rule {
  /** Resolves with the first call that is held. */
  readonly reached: Promise<RpcCall>;
  /** Lets go what is held, and everything from now on. */
  release(): void;
}

const callSchema = z.looseObject({
  id: z.union([z.number(), z.string()]),
  method: z.string(),
  params: z.array(z.unknown()).default([]),
});
const bodySchema = z.union([z.array(callSchema), callSchema]);
const answerSchema = z.union([
  z.object({
    error: z.object({ code: z.number(), message: z.string(), data: z.unknown().optional() }),
  }),
  z.object({ result: z.unknown() }),
]);

/** Stands between a node and its chain: a faithful RPC endpoint until told to delay, drop, refuse or lie. */
export class RpcProxy {
  /** Where nodes connect to. */
  readonly url: string;
  /** Every call, in order. */
  readonly calls: RpcCall[] = [];
  readonly #server: Server;
  readonly #target: string;
  readonly #rules = new Set<{ matches: RpcMatch; fault: RpcFault; met: number }>();

  private constructor(server: Server, port: number, target: string) {
    this.#server = server;
    this.#target = target;
    this.url = `http://127.0.0.1:${port}`;
  }

  /** @param target URL of the chain. */
  static async start(target: string): Promise<RpcProxy> {
    let answer: (request: IncomingMessage, response: ServerResponse) => Promise<void> = () =>
      Promise.resolve();
    const server = createServer((request, response) => {
      answer(request, response).catch(() => response.destroy());
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("the server has no port");
    const proxy = new RpcProxy(server, address.port, target);
    answer = (request, response) => proxy.#answer(request, response);
    return proxy;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  /** Puts a fault in the way of calls. The newest rule that matches decides. */
  fault(matches: RpcMatch, fault: RpcFault): Rule {
    const rule = { matches, fault, met: 0 };
    this.#rules.add(rule);
    return {
      get met() {
        return rule.met;
      },
      remove: () => void this.#rules.delete(rule),
    };
  }

  /** Closes connections without an answer. */
  drop(matches: RpcMatch = () => true): Rule {
    return this.fault(matches, () => Promise.resolve("drop"));
  }

  /** Answers late. */
  delay(delayMs: number, matches: RpcMatch = () => true): Rule {
    return this.fault(matches, async (_, forward) => {
      await pause(delayMs);
      return forward();
    });
  }

  /** Answers something else than the chain does. */
  lie(matches: RpcMatch, result: (truth: unknown, call: RpcCall) => unknown): Rule {
    return this.fault(matches, async (call, forward) => {
      const answer = await forward();
      return "result" in answer ? { result: result(answer.result, call) } : answer;
    });
  }

  /** Answers with an error. */
  refuse(matches: RpcMatch, code: number, message: string): Rule {
    return this.fault(matches, () => Promise.resolve({ error: { code, message } }));
  }

  /** Holds calls back: before the chain has seen them, or when it has answered and the node does not know. */
  hold(matches: RpcMatch, when: "before" | "after"): Hold {
    let letGo: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (letGo = resolve));
    let reach: (call: RpcCall) => void = () => undefined;
    const reached = new Promise<RpcCall>((resolve) => (reach = resolve));
    const rule = this.fault(matches, async (call, forward) => {
      const answer = when === "after" ? await forward() : undefined;
      reach(call);
      await held;
      return answer ?? "drop";
    });
    return {
      get met() {
        return rule.met;
      },
      remove: () => rule.remove(),
      reached,
      release: () => {
        rule.remove();
        letGo();
      },
    };
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
    const body = bodySchema.parse(JSON.parse(Buffer.concat(chunks).toString()));
    const calls = Array.isArray(body) ? body : [body];
    const answers = await Promise.all(
      calls.map(async ({ id, method, params }) => {
        const answer = await this.#judge({ method, params });
        return answer === "drop" ? answer : { jsonrpc: "2.0", id, ...answer };
      }),
    );
    if (answers.includes("drop")) {
      response.destroy();
      return;
    }
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(Array.isArray(body) ? answers : answers[0]));
  }

  async #judge(call: RpcCall): Promise<RpcAnswer | "drop"> {
    this.calls.push(call);
    const forward = () => this.#forward(call);
    const rule = [...this.#rules].findLast(({ matches }) => matches(call));
    if (rule === undefined) return forward();
    rule.met += 1;
    return rule.fault(call, forward);
  }

  async #forward({ method, params }: RpcCall): Promise<RpcAnswer> {
    const response = await fetch(this.#target, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
    });
    return answerSchema.parse(await response.json());
  }
}

/** Calls of a method. */
export const calls =
  (method: string): RpcMatch =>
  (call) =>
    call.method === method;

/** Estimates of transactions that call a contract's function, by its selector. */
export const estimates =
  (selector: string): RpcMatch =>
  ({ method, params }) =>
    method === "eth_estimateGas" && dataOf(params[0]).startsWith(selector);

/** Reads of a contract's function, by its selector. */
export const reads =
  (selector: string): RpcMatch =>
  ({ method, params }) =>
    method === "eth_call" && dataOf(params[0]).startsWith(selector);

/** Signed transactions that call a contract's function, handed over to the chain. */
export const sends =
  (selector: string): RpcMatch =>
  ({ method, params }) =>
    method === "eth_sendRawTransaction" && transactionOf(params).data.startsWith(selector);

/** Questions for the receipt of a transaction. */
export const asksReceiptOf =
  (hash: () => string | undefined): RpcMatch =>
  ({ method, params }) =>
    method === "eth_getTransactionReceipt" && params[0] === hash();

/** The transaction that `eth_sendRawTransaction` hands over. */
export function transactionOf(params: readonly unknown[]): Transaction {
  return Transaction.from(z.string().parse(params[0]));
}

function dataOf(transaction: unknown): string {
  const { data, input } = z
    .looseObject({ data: z.string().optional(), input: z.string().optional() })
    .parse(transaction);
  return data ?? input ?? "";
}

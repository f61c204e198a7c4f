/** Ignition's journal of a deployment: what is read of it, and how it is made whole after a process was killed. */
import { appendFileSync, existsSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { SentTransaction, SentTransactions } from "./sentTransactions.js";

export const JOURNAL_FILE = "journal.jsonl";

const interaction = { futureId: z.string(), networkInteractionId: z.int() };
const messageSchema = z.discriminatedUnion("type", [
  z.looseObject({ type: z.literal("TRANSACTION_PREPARE_SEND"), ...interaction, nonce: z.int() }),
  z.looseObject({ type: z.literal("TRANSACTION_SEND"), ...interaction, nonce: z.int() }),
  z.looseObject({ type: z.literal("ONCHAIN_INTERACTION_DROPPED"), ...interaction }),
  z.looseObject({ type: z.literal("ONCHAIN_INTERACTION_REPLACED_BY_USER"), ...interaction }),
  z.looseObject({ type: z.literal("TRANSACTION_CONFIRM"), ...interaction }),
]);

const deploymentSchema = z.looseObject({
  type: z.literal("DEPLOYMENT_EXECUTION_STATE_INITIALIZE"),
  futureId: z.string(),
  artifactId: z.string(),
  contractName: z.string(),
  constructorArgs: z.array(z.unknown()),
});

/** A contract that a deployment made. */
export type JournaledContract = z.output<typeof deploymentSchema>;

/** All contracts that the journal says were deployed, or begun to be. */
export async function journaledContracts(directory: string): Promise<JournaledContract[]> {
  const lines = (await readFile(join(directory, JOURNAL_FILE), "utf8")).split("\n");
  return lines.flatMap((line) => {
    const message = deploymentSchema.safeParse(parseLine(line, bigints));
    return message.success ? [message.data] : [];
  });
}

const addressSchema = z.union([
  z
    .looseObject({
      type: z.literal("DEPLOYMENT_EXECUTION_STATE_COMPLETE"),
      futureId: z.string(),
      result: z.looseObject({ type: z.literal("SUCCESS"), address: z.string() }),
    })
    .transform(({ futureId, result }) => ({ futureId, address: result.address })),
  z
    .looseObject({
      type: z.literal("CONTRACT_AT_EXECUTION_STATE_INITIALIZE"),
      futureId: z.string(),
      contractAddress: z.string(),
    })
    .transform(({ futureId, contractAddress }) => ({ futureId, address: contractAddress })),
]);

/** Addresses of what is deployed, by future. */
export function deployedAddresses(directory: string): Readonly<Record<string, string>> {
  const file = join(directory, JOURNAL_FILE);
  if (!existsSync(file)) return {};
  const messages = readFileSync(file, "utf8")
    .split("\n")
    .map((line) => addressSchema.safeParse(parseLine(line)));
  return Object.fromEntries(
    messages.flatMap(({ data }) => (data === undefined ? [] : [[data.futureId, data.address]])),
  );
}

/**
 * Makes a journal whole: cuts off a line that was not finished, and adds what was signed and perhaps sent, but not
 * recorded.
 * @returns The transactions added, which should be sent again: perhaps they never were.
 */
export function repairJournal(directory: string, sent: SentTransactions): SentTransaction[] {
  const file = join(directory, JOURNAL_FILE);
  if (!existsSync(file)) return [];
  cutUnfinishedLine(file);
  // Ignition keeps this file beside the journal, and does not write it at one stroke.
  writeFileSync(
    join(directory, "deployed_addresses.json"),
    JSON.stringify(deployedAddresses(directory), undefined, 2),
  );
  const added: SentTransaction[] = [];
  for (const { futureId, networkInteractionId, nonce } of unrecorded(readFileSync(file, "utf8"))) {
    const transaction = sent.ofNonce(nonce);
    if (transaction === undefined) continue;
    const { hash, maxFeePerGas, maxPriorityFeePerGas } = transaction;
    const fees = {
      maxFeePerGas: bigintJson(maxFeePerGas),
      maxPriorityFeePerGas: bigintJson(maxPriorityFeePerGas),
    };
    const message = {
      futureId,
      networkInteractionId,
      nonce,
      transaction: { fees, hash },
      type: "TRANSACTION_SEND",
    };
    appendFileSync(file, `\n${JSON.stringify(message)}`);
    added.push(transaction);
  }
  return added;
}

interface Prepared {
  readonly futureId: string;
  readonly networkInteractionId: number;
  readonly nonce: number;
}

/** Transactions that were prepared, with a nonce, and of which nothing more is known. */
function unrecorded(journal: string): Iterable<Prepared> {
  const open = new Map<string, Prepared>();
  for (const line of journal.split("\n")) {
    const parsed = messageSchema.safeParse(parseLine(line));
    if (!parsed.success) continue;
    const message = parsed.data;
    const { futureId, networkInteractionId } = message;
    const key = `${futureId} ${networkInteractionId}`;
    if (message.type === "TRANSACTION_PREPARE_SEND") {
      open.set(key, { futureId, networkInteractionId, nonce: message.nonce });
    } else {
      open.delete(key);
    }
  }
  return open.values();
}

function cutUnfinishedLine(file: string): void {
  const text = readFileSync(file, "utf8");
  const start = text.lastIndexOf("\n") + 1;
  const last = text.slice(start);
  if (last !== "" && parseLine(last) === undefined) {
    truncateSync(file, Buffer.byteLength(text.slice(0, Math.max(start - 1, 0))));
  }
}

function parseLine(line: string, reviver?: (key: string, value: unknown) => unknown): unknown {
  try {
    return JSON.parse(line, reviver);
  } catch {
    return undefined;
  }
}

const bigintSchema = z.strictObject({ _kind: z.literal("bigint"), value: z.string() });

/** Numbers that Ignition wrote as objects. */
function bigints(_key: string, value: unknown): unknown {
  const big = bigintSchema.safeParse(value);
  return big.success ? BigInt(big.data.value) : value;
}

/** As Ignition writes it. */
function bigintJson(value: bigint) {
  return { _kind: "bigint", value: value.toString() };
}

/** Whether the code on chain is that of the journal, with the immutables that its constructor arguments make. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Contract, getBytes, hexlify, Interface, TypedDataEncoder, zeroPadValue } from "ethers";
import { z } from "zod";
import type { RpcProvider } from "../../../node/chain/rpcProvider.js";
import type { JournaledContract } from "../journal.js";
import type { CheckContext } from "./context.js";

const SECTION = "code";
const WORD = 32;

const artifactSchema = z.looseObject({
  abi: z.array(z.looseObject({ type: z.string() })),
  bytecode: z.string(),
  immutableReferences: z
    .record(z.string(), z.array(z.object({ start: z.int(), length: z.int() })))
    .default({}),
});

export async function checkCode(context: CheckContext): Promise<void> {
  for (const contract of context.contracts) await checkContract(context, contract);
}

async function checkContract(context: CheckContext, contract: JournaledContract): Promise<void> {
  const { rpc, report, directory, addressOf } = context;
  const what = contract.futureId;
  const artifact = artifactSchema.parse(
    JSON.parse(await readFile(join(directory, "artifacts", `${contract.artifactId}.json`), "utf8")),
  );
  const address = addressOf(contract.futureId);
  const found = await rpc.getCode(address);
  const built = await runConstructor(rpc, context.record.deployer, artifact, contract);
  if (typeof built !== "string") {
    report.same(SECTION, what, "constructor runs", built.failure);
    return;
  }

  const immutables = Object.values(artifact.immutableReferences).flat();
  report.same(SECTION, what, masked(built, immutables), masked(found, immutables));
  const own = await ownWords(rpc, address, artifact.abi);
  for (const { start, length } of immutables) {
    const [expected, actual] = [slice(built, start, length), slice(found, start, length)];
    // The contract's own address, or the domain that contains it, could not be the same elsewhere.
    if (expected !== actual && own.has(actual)) continue;
    report.same(SECTION, `${what}, immutable at ${start}`, expected, actual);
  }
}

/** The runtime code that the constructor makes of the journal's arguments. */
async function runConstructor(
  rpc: RpcProvider,
  from: string,
  artifact: z.output<typeof artifactSchema>,
  { constructorArgs }: JournaledContract,
): Promise<string | { failure: string }> {
  const arguments_ = new Interface(artifact.abi).encodeDeploy(constructorArgs).slice(2);
  try {
    return await rpc.call({ from, data: artifact.bytecode + arguments_ });
  } catch (error) {
    return { failure: `constructor does not run: ${error instanceof Error ? error.message : String(error)}` };
  }
}

/** Words that depend on the contract's own address. */
async function ownWords(
  rpc: RpcProvider,
  address: string,
  abi: z.output<typeof artifactSchema>["abi"],
): Promise<Set<string>> {
  const words = new Set([zeroPadValue(address, WORD).toLowerCase()]);
  const contract = new Contract(address, new Interface(abi), rpc);
  if (contract.interface.hasFunction("eip712Domain")) {
    const domain: unknown = await contract.getFunction("eip712Domain").staticCall();
    const [, name, version, chainId] = z
      .tuple([z.string(), z.string(), z.string(), z.bigint()])
      .rest(z.unknown())
      .parse([...(domain as Iterable<unknown>)]);
    words.add(TypedDataEncoder.hashDomain({ name, version, chainId, verifyingContract: address }));
  }
  return words;
}

interface Reference {
  readonly start: number;
  readonly length: number;
}

function masked(code: string, references: readonly Reference[]): string {
  const bytes = getBytes(code);
  for (const { start, length } of references) bytes.fill(0, start, start + length);
  return hexlify(bytes);
}

function slice(code: string, start: number, length: number): string {
  return `0x${code.slice(2 + 2 * start, 2 + 2 * (start + length))}`.toLowerCase();
}

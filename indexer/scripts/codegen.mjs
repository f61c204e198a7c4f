// Generates what the indexer compiles against: src/abi from the contracts' artifacts (`hardhat build` first) and
// src/model/generated from schema.graphql. Does nothing where neither changed.
import { createHash } from "node:crypto";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const indexer = dirname(dirname(fileURLToPath(import.meta.url)));
const root = dirname(indexer);
const artifacts = join(root, "artifacts", "contracts");

/** The contracts whose events or views are wanted, by the folder of their source. */
const CONTRACTS = {
  DTelToken: "token",
  TokenVesting: "token",
  NodeRegistry: "staking",
  NodeStaking: "staking",
  PaymentEscrow: "service",
  ServiceAttestations: "service",
  AuditRing: "service",
  RewardDistributor: "rewards",
  PenaltyManager: "penalties",
  NodeStrikes: "penalties",
  Arbitration: "penalties",
  ProtocolAccessManager: "governance",
  ProtocolTimelock: "governance",
  DTelGovernor: "governance",
  Treasury: "governance",
  BuybackAuction: "governance",
  PeaqIdentity: "peaq",
};

/** Those of which one address answers for more than one contract: only the interface tells all of it. */
const BY_INTERFACE = new Set(["NodeStaking"]);

function artifactOf(name) {
  const file = BY_INTERFACE.has(name) ? `I${name}` : name;
  const path = join(artifacts, CONTRACTS[name], `${file}.sol`, `${file}.json`);
  if (!existsSync(path)) {
    throw new Error(`${path} is missing: run \`npx hardhat build\` at the root of the project first.`);
  }
  return path;
}

/** Runs `generate(directory)` into a fresh directory and puts it in place of `target`, unless the inputs are the same. */
function regenerate(target, inputs, generate) {
  const hash = createHash("sha256");
  for (const input of inputs) hash.update(input).update("\0");
  const fingerprint = hash.digest("hex");
  const mark = join(target, ".fingerprint");
  if (existsSync(mark) && readFileSync(mark, "utf8") === fingerprint) return;
  mkdirSync(dirname(target), { recursive: true });
  const fresh = mkdtempSync(`${target}-`);
  try {
    const generated = generate(fresh);
    writeFileSync(join(generated, ".fingerprint"), fingerprint);
    rmSync(target, { recursive: true, force: true });
    renameSync(generated, target);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

/** Runs one of the root's binaries quietly; its output is shown only where it fails. */
function run(binary, args, cwd) {
  try {
    execFileSync(process.execPath, [join(root, "node_modules", ".bin", binary), ...args], {
      cwd,
      stdio: ["ignore", "pipe", "pipe"],
    });
  } catch (error) {
    throw new Error(`${binary} failed:\n${error.stdout ?? ""}${error.stderr ?? ""}`, { cause: error });
  }
}

const abis = Object.keys(CONTRACTS).map((name) => {
  // Only the ABI counts: the byte code changes more often than the events.
  return { name, abi: JSON.stringify(JSON.parse(readFileSync(artifactOf(name), "utf8")).abi) };
});
regenerate(
  join(indexer, "src", "abi"),
  abis.flatMap(({ name, abi }) => [name, abi]),
  (directory) => {
    const out = join(directory, "out");
    mkdirSync(out);
    for (const { name, abi } of abis) writeFileSync(join(directory, `${name}.json`), abi);
    run("squid-evm-typegen", [out, ...abis.map(({ name }) => join(directory, `${name}.json`))], root);
    return out;
  },
);

const schema = readFileSync(join(indexer, "schema.graphql"), "utf8");
regenerate(join(indexer, "src", "model", "generated"), [schema], (directory) => {
  writeFileSync(join(directory, "schema.graphql"), schema);
  run("squid-typeorm-codegen", [], directory);
  return join(directory, "src", "model", "generated");
});

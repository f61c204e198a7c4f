import { formatEther } from "ethers";
import type { Wallet } from "ethers";
import type { Deployment } from "../../chain/deployment.js";
import { RpcProvider } from "../../chain/rpcProvider.js";
import type { NodeConfig } from "../../config/schema.js";
import type { ChainAccess } from "../chainAccess.js";
import { jailAdvice, readJail } from "../jail.js";
import { readRegistration } from "../registrations.js";
import type { Registration } from "../registrations.js";
import { fail, messageOf, ok, warn } from "./finding.js";
import type { Finding } from "./finding.js";

/** A head that is older by this many blocks' time, and at least so many seconds, is stale. */
const STALE_BLOCKS = 10;
const STALE_SECONDS = 30;
/** Receipts and windows go by the clock. */
const WARN_SKEW_SECONDS = 5;
const FAIL_SKEW_SECONDS = 30;
const LOG_BLOCKS = 100;

/** Each endpoint by itself: a fallback that does not work shows only when it is needed. */
export async function checkEndpoints(config: NodeConfig, deployment: Deployment): Promise<Finding[]> {
  const checks = config.chain.rpcUrls.map((url) => checkEndpoint(url, config, deployment));
  const findings = (await Promise.all(checks)).flat();
  if (config.chain.rpcUrls.length > 1) return findings;
  return [
    ...findings,
    warn(
      "rpc",
      "there is only one RPC endpoint",
      "add another one to chain.rpcUrls: windows are missed without one",
    ),
  ];
}

async function checkEndpoint(url: string, { chain }: NodeConfig, deployment: Deployment): Promise<Finding[]> {
  const name = new URL(url).origin;
  const provider = new RpcProvider({
    urls: [url],
    chainId: deployment.chainId,
    timeoutMs: chain.timeoutSeconds,
  });
  try {
    const head = await provider.getBlock("latest");
    if (head === null) return [fail("rpc", `${name} knows no block`, "use another endpoint")];
    const findings: Finding[] = [];
    const ageSeconds = Math.round(Date.now() / 1_000 - head.timestamp);
    const blockSeconds = deployment.epochSeconds / deployment.epochBlocks;
    if (ageSeconds > Math.max(STALE_SECONDS, STALE_BLOCKS * blockSeconds)) {
      findings.push(
        fail(
          "rpc",
          `${name}: its newest block is ${ageSeconds} s old`,
          "use another endpoint, or check this machine's clock",
        ),
      );
    }
    try {
      await provider.getLogs({
        address: deployment.addresses.nodeRegistry,
        fromBlock: Math.max(0, head.number - LOG_BLOCKS),
        toBlock: head.number,
      });
    } catch (error) {
      findings.push(
        fail("rpc", `${name} gives no logs: ${messageOf(error)}`, "use an endpoint that serves eth_getLogs"),
      );
    }
    return findings.length > 0
      ? findings
      : [ok("rpc", `${name}: chain ${deployment.chainId}, block ${head.number}`)];
  } catch (error) {
    return [fail("rpc", messageOf(error), `correct or replace ${name} in chain.rpcUrls`)];
  } finally {
    provider.destroy();
  }
}

/** This machine's clock against the newest block and against what the endpoints' web servers say. */
export async function checkClock(config: NodeConfig, { provider }: ChainAccess): Promise<Finding[]> {
  const head = await provider.getBlock("latest");
  const offsets: (readonly [origin: string, offset: number])[] = [];
  for (const url of config.chain.rpcUrls) {
    const offset = await offsetSeconds(url, config.chain.timeoutSeconds);
    if (offset !== undefined) offsets.push([new URL(url).origin, offset]);
  }
  const findings = offsets
    .filter(([, offset]) => Math.abs(offset) > WARN_SKEW_SECONDS)
    .map(([origin, offset]) => skew(`the clock of ${origin}`, offset));
  // Blocks are stamped when they are made: behind is normal, ahead is our clock, unless others have the same time.
  const aheadSeconds = head === null ? 0 : head.timestamp - Date.now() / 1_000;
  if (aheadSeconds > WARN_SKEW_SECONDS) {
    const othersAgree = offsets.length > 0 && findings.length === 0;
    findings.push(othersAgree ? chainAhead(aheadSeconds) : skew("the newest block's time", -aheadSeconds));
  }
  return findings.length > 0
    ? findings
    : [ok("clock", "this machine's clock agrees with the chain and its endpoints")];
}

/** Chains for development mine many blocks in a second, each with a second of its own. */
function chainAhead(aheadSeconds: number): Finding {
  return warn(
    "clock",
    `the newest block is ${aheadSeconds.toFixed(0)} s ahead of this machine's clock, with which the RPC endpoints' clocks agree`,
    "nothing on a chain for development; else ask at another endpoint, and set the clock where an endpoint runs on this machine",
  );
}

function skew(other: string, offsetSeconds: number): Finding {
  const side = offsetSeconds > 0 ? "ahead of" : "behind";
  const found = `this machine's clock is ${Math.abs(offsetSeconds).toFixed(0)} s ${side} ${other}`;
  const change = "set the clock: run an NTP client, timedatectl set-ntp true for example";
  return Math.abs(offsetSeconds) > FAIL_SKEW_SECONDS
    ? fail("clock", found, change)
    : warn("clock", found, change);
}

/** How far this machine is ahead of a web server, by the Date of its answer; undefined where it says nothing. */
async function offsetSeconds(url: string, timeoutMs: number): Promise<number | undefined> {
  try {
    const sentAtMs = Date.now();
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_chainId", params: [] }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    await response.arrayBuffer();
    const theirsMs = Date.parse(response.headers.get("date") ?? "");
    // The middle of the round trip, and of the second that the header was rounded down to.
    return Number.isNaN(theirsMs) ? undefined : ((sentAtMs + Date.now()) / 2 - theirsMs - 500) / 1_000;
  } catch {
    return undefined; // That the endpoint does not answer is another check's finding.
  }
}

/** Whether there are contracts where the deployment file says. */
export async function checkContracts({ provider, deployment }: ChainAccess): Promise<Finding[]> {
  const entries = Object.entries(deployment.addresses);
  const codes = await Promise.all(entries.map(([, address]) => provider.getCode(address)));
  const missing = entries.filter((_, index) => codes[index] === "0x").map(([name]) => name);
  if (missing.length === 0) return [ok("contracts", `${entries.length} contracts are there`)];
  return [
    fail(
      "contracts",
      `there is no code at the address of ${missing.join(", ")}`,
      "take the deployment file of this chain's network: deploymentFile in the configuration",
    ),
  ];
}

/** The node as the chain knows it: key, bond, seat, jail. */
export async function checkNode(
  access: ChainAccess,
  nodeId: bigint,
  wallet: Wallet,
): Promise<{ findings: Finding[]; registration: Registration | undefined }> {
  let registration: Registration;
  try {
    registration = await readRegistration(access, nodeId);
  } catch (error) {
    return {
      findings: [
        fail("registration", `node ${nodeId}: ${messageOf(error)}`, "correct nodeId, or register the node"),
      ],
      registration: undefined,
    };
  }
  const { owner, operator, endpoint, status } = registration;
  const findings: Finding[] = [];
  if (status === 2n) findings.push(fail("registration", `node ${nodeId} has retired`, "register a new node"));
  else findings.push(ok("registration", `node ${nodeId} of ${owner}, at ${endpoint ?? "no endpoint"}`));
  findings.push(
    operator === wallet.address
      ? ok("operator-key", `${operator} is the node's operator key`)
      : fail(
          "operator-key",
          `the registry has the operator key ${operator}, this is ${wallet.address}`,
          "use the right key; or make this one the node's with `dtelecom-node register` and the owner key",
        ),
  );
  if (owner === wallet.address)
    findings.push(
      warn(
        "operator-key",
        "the operator key is the owner key too",
        "make a key of its own: this machine holds the stake",
      ),
    );
  findings.push(...(await checkStake(access, registration)));
  return { findings, registration };
}

async function checkStake(
  { contracts, deployment, provider }: ChainAccess,
  { nodeId, status, operator }: Registration,
): Promise<Finding[]> {
  const [jail, bond, minBond, seat] = await Promise.all([
    readJail({ nodeId, operator, deployment, provider }),
    contracts.nodeStaking.bondOf(nodeId),
    contracts.nodeStaking.minBond(),
    contracts.qualityAudits.latestSeatOf(nodeId),
  ]);
  const dtel = (wei: bigint): string => `${formatEther(wei).replace(/\.0$/, "")} DTEL`;
  const findings = [
    bond >= minBond
      ? ok("bond", dtel(bond))
      : fail(
          "bond",
          `${dtel(bond)}, the minimum is ${dtel(minBond)}`,
          "bond more: `dtelecom-node register` with the owner key",
        ),
  ];
  if (jail.jailed) {
    const { found, change } = jailAdvice(jail);
    findings.push(fail("seat", found, change));
  } else if (seat.seated) {
    findings.push(ok("seat", `seat ${seat.seat} of the audit ring, weight ${seat.weight}`));
  } else {
    const change = "a running node takes one by itself; if it is in maintenance: `dtelecom-node activate`";
    findings.push(
      warn("seat", `no seat in the audit ring${status === 1n ? " yet" : ""}: no availability reward`, change),
    );
  }
  return findings;
}

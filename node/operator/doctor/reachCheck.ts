import { randomInt } from "node:crypto";
import { isIPv6 } from "node:net";
import type { Wallet } from "ethers";
import type { NodeConfig } from "../../config/schema.js";
import { typedDataDomain } from "../../protocol/typedData.js";
import { PublicUrlPolicy } from "../../service/publicUrl.js";
import type { ChainAccess } from "../chainAccess.js";
import { allEndpoints } from "../registrations.js";
import { askWhetherReachable } from "../reach/reachClient.js";
import { MAX_REACH_TARGETS, STUN_TIMEOUT_MS } from "../reach/reachExchange.js";
import type { ReachAnswer } from "../reach/reachExchange.js";
import type { ReachTarget } from "../reach/reachTarget.js";
import { checkSeenAddress } from "./addressChecks.js";
import { fail, messageOf, ok, warn } from "./finding.js";
import type { Finding } from "./finding.js";

/** Nodes that are asked, one after another, until so many have answered. */
const MAX_ASKED = 6;
const WANTED_ANSWERS = 2;
const TIMEOUT_MS = STUN_TIMEOUT_MS + 5_000;

export interface ReachCheckOptions {
  readonly config: NodeConfig;
  readonly access: ChainAccess;
  readonly wallet: Wallet;
  readonly targets: readonly ReachTarget[];
  /** Asks nodes at private addresses too: for a devnet. */
  readonly allowPrivate: boolean;
  readonly signal: AbortSignal;
}

/** Has other nodes of the network try this node's media ports from outside, over IPv4 and IPv6 as it listens. */
export async function checkReach(options: ReachCheckOptions): Promise<Finding[]> {
  const { config, access, allowPrivate } = options;
  const endpoints = [...(await allEndpoints(access))].filter(([id]) => id !== config.nodeId);
  const policy = new PublicUrlPolicy({ protocols: ["ws:", "wss:"], allowPrivate });
  const usable: [bigint, string][] = [];
  for (const [id, endpoint] of shuffled(endpoints)) {
    if (usable.length >= MAX_ASKED) break;
    const fault = await policy.faultResolved(endpoint).catch(messageOf);
    if (fault === undefined && URL.canParse(endpoint)) usable.push([id, endpoint]);
  }
  if (usable.length === 0)
    return [
      warn(
        "reach",
        "there is no other node to ask",
        "try the ports from another network, with the node running",
      ),
    ];
  const families = new Set(config.media.listen.map(({ ip }) => (isIPv6(ip) ? (6 as const) : (4 as const))));
  const findings: Finding[] = [];
  for (const family of families) findings.push(...(await checkFamily(options, family, usable)));
  return findings;
}

async function checkFamily(
  { config, access, wallet, targets, signal }: ReachCheckOptions,
  family: 4 | 6,
  nodes: readonly (readonly [bigint, string])[],
): Promise<Finding[]> {
  const { chainId, addresses } = access.deployment;
  const domain = typedDataDomain(BigInt(chainId), addresses.serviceAttestations);
  const asked = targets
    .flatMap(({ udp, tcp, usernameFragment, password }) => [
      { protocol: "udp" as const, port: udp, usernameFragment, password },
      { protocol: "tcp" as const, port: tcp, usernameFragment, password },
    ])
    .slice(0, MAX_REACH_TARGETS);
  const answers: { nodeId: bigint; answer: ReachAnswer }[] = [];
  const failures: string[] = [];
  for (const [nodeId, endpoint] of nodes) {
    if (answers.length >= WANTED_ANSWERS || signal.aborted) break;
    try {
      const question = { endpoint, family, fromNodeId: config.nodeId, toNodeId: nodeId, targets: asked };
      const answer = await askWhetherReachable(question, { wallet, domain, timeoutMs: TIMEOUT_MS, signal });
      answers.push({ nodeId, answer });
    } catch (error) {
      failures.push(`node ${nodeId}: ${messageOf(error)}`);
    }
  }
  const name = `reach.ipv${family}`;
  if (answers.length === 0) {
    const change =
      "is this machine allowed to connect out? Else try again later: the other nodes may be down";
    return [warn(name, `no other node could be asked: ${failures.join("; ")}`, change)];
  }
  const [first] = answers;
  return [
    ...(first === undefined ? [] : [await checkSeenAddress(config, first.answer.address)]),
    ...portFindings(name, answers),
  ];
}

/** A port is open where any of those who tried got an answer. */
function portFindings(name: string, answers: readonly { nodeId: bigint; answer: ReachAnswer }[]): Finding[] {
  const by = answers.map(({ nodeId }) => `node ${nodeId}`).join(" and ");
  const all = answers.flatMap(({ answer }) => answer.results);
  const ports = [...new Set(all.map(({ protocol, port }) => `${protocol} ${port}`))];
  const closed = ports.filter(
    (wanted) => !all.some(({ protocol, port, reached }) => `${protocol} ${port}` === wanted && reached),
  );
  if (closed.length === 0) return [ok(name, `${by} reached ${ports.join(", ")}`)];
  return closed.map((port) => {
    const reason = all.find((result) => `${result.protocol} ${result.port}` === port)?.error ?? "no answer";
    return fail(
      name,
      `${by} did not reach ${port}: ${reason}`,
      `open ${port} in the firewall, and forward it where there is a NAT`,
    );
  });
}

function shuffled<T>(values: readonly T[]): T[] {
  const result = [...values];
  for (let last = result.length - 1; last > 0; last -= 1) {
    const other = randomInt(last + 1);
    const [a, b] = [result[last], result[other]];
    if (a !== undefined && b !== undefined) [result[last], result[other]] = [b, a];
  }
  return result;
}

import type { Wallet } from "ethers";
import { z } from "zod";
import { loadDeployment } from "../../chain/deployment.js";
import { InvalidConfig } from "../../config/load.js";
import type { NodeConfig } from "../../config/schema.js";
import { withChain } from "../chainAccess.js";
import type { ChainAccess } from "../chainAccess.js";
import { NodeNotRunning, PrivateClient } from "../privateClient.js";
import { checkAnnounced } from "./addressChecks.js";
import { checkBalance } from "./balanceCheck.js";
import { checkClock, checkContracts, checkEndpoints, checkNode } from "./chainChecks.js";
import { fail, messageOf, ok, warn } from "./finding.js";
import type { Finding } from "./finding.js";
import { checkMachine } from "./machineChecks.js";
import { startMediaForTest, testRunningMedia } from "./mediaChecks.js";
import type { TestedMedia } from "./mediaChecks.js";
import { checkPorts } from "./portChecks.js";
import { checkReach } from "./reachCheck.js";

export interface DoctorOptions {
  readonly config: NodeConfig;
  /** Loads the operator key. */
  readonly loadWallet: () => Promise<Wallet>;
  readonly signal: AbortSignal;
  /** Told of each finding as it is made. */
  readonly onFinding: (finding: Finding) => void;
}

/** What is asked of a node that runs. */
const runningSchema = z.looseObject({
  nodeId: z.string(),
  gas: z
    .looseObject({
      weiPerEpoch: z
        .string()
        .regex(/^\d{1,40}$/)
        .transform((wei) => BigInt(wei))
        .optional(),
    })
    .optional(),
});
type RunningNode = z.output<typeof runningSchema>;

/** Looks at everything that has to be right for a node to serve and earn. Works with the node running or not. */
export async function examine(options: DoctorOptions): Promise<Finding[]> {
  const findings: Finding[] = [];
  const report = (...found: readonly Finding[]): void => {
    findings.push(...found);
    found.forEach(options.onFinding);
  };
  const { config, signal } = options;
  const allowPrivate = config.cluster.allowPrivateEndpoints || config.audits.allowPrivateEndpoints;
  report(ok("config", "the configuration is complete"));
  report(...(await checkMachine(config.dataDirectory)));
  report(...(await checkAnnounced(config, allowPrivate)));
  const wallet = await loadKey(options, report);
  const client = config.private.port === 0 ? undefined : new PrivateClient(config.private);
  const running = await runningNode(client);
  const media = await examineMedia(config, { client, running, signal, report });
  try {
    await examineChain({ ...options, wallet, running, media, allowPrivate, report });
  } finally {
    await media.close();
  }
  return findings;
}

type Report = (...found: readonly Finding[]) => void;

async function loadKey({ loadWallet }: DoctorOptions, report: Report): Promise<Wallet | undefined> {
  try {
    return await loadWallet();
  } catch (error) {
    if (!(error instanceof InvalidConfig)) throw error;
    report(fail("operator-key", error.message, "see key in the configuration"));
    return undefined;
  }
}

interface MediaExamination {
  readonly client: PrivateClient | undefined;
  readonly running: RunningNode | undefined;
  readonly signal: AbortSignal;
  readonly report: Report;
}

/** The ports and the workers on them: our own node's, where it runs, or ours for as long as this takes. */
async function examineMedia(config: NodeConfig, about: MediaExamination): Promise<TestedMedia> {
  const { client, running, signal, report } = about;
  if (running !== undefined && client !== undefined) {
    if (running.nodeId === config.nodeId.toString()) {
      report(ok("ports", "the node runs and has its ports"));
      const media = await testRunningMedia(client);
      report(...media.findings);
      return media;
    }
    report(
      fail(
        "ports.private",
        `node ${running.nodeId} answers on the private port`,
        "give each node ports of its own",
      ),
    );
  } else {
    report(
      ok("ports", "the node does not run: its ports are free for a test"),
      ...(await checkPorts(config)),
    );
  }
  const media = await startMediaForTest(config, signal);
  report(...media.findings);
  return media;
}

/** The node that answers on the private port; undefined where none does. */
async function runningNode(client: PrivateClient | undefined): Promise<RunningNode | undefined> {
  try {
    const answer = await client?.ask("GET", "/status");
    return runningSchema.safeParse(answer?.body).data;
  } catch (error) {
    // Something else may have the port: then it cannot be bound, which is found next.
    if (error instanceof NodeNotRunning || error instanceof Error) return undefined;
    throw error;
  }
}

interface ChainExamination extends DoctorOptions {
  readonly wallet: Wallet | undefined;
  readonly running: RunningNode | undefined;
  readonly media: TestedMedia;
  readonly allowPrivate: boolean;
  readonly report: Report;
}

async function examineChain(options: ChainExamination): Promise<void> {
  const { config, report } = options;
  let deployment;
  try {
    deployment = await loadDeployment(config.deploymentFile);
  } catch (error) {
    report(fail("deployment", messageOf(error), "take the network's deployment file"));
    return;
  }
  const endpoints = await checkEndpoints(config, deployment);
  report(...endpoints);
  if (!endpoints.some(({ level }) => level === "ok")) {
    report(fail("chain", "no RPC endpoint is usable: nothing on chain was looked at", "see above"));
    return;
  }
  try {
    await withChain(config, (access) => examineNode(access, options));
  } catch (error) {
    report(fail("chain", messageOf(error), "run this again; see the endpoints above"));
  }
}

async function examineNode(access: ChainAccess, options: ChainExamination): Promise<void> {
  const { config, report, wallet, running, media, allowPrivate, signal } = options;
  report(...(await checkClock(config, access)));
  const contracts = await checkContracts(access);
  report(...contracts);
  if (wallet !== undefined) {
    const own = running?.nodeId === config.nodeId.toString() ? running : undefined;
    report(await checkBalance(access, config, wallet.address, own?.gas?.weiPerEpoch));
  }
  if (contracts.some(({ level }) => level === "fail")) return;
  if (config.nodeId === 0n) {
    report(
      warn("registration", "the node is not registered", "run `dtelecom-node register`, then this again"),
    );
    return;
  }
  if (wallet === undefined) return;
  const { findings, registration } = await checkNode(access, config.nodeId, wallet);
  report(...findings);
  if (registration?.operator !== wallet.address) {
    report(
      warn(
        "reach",
        "other nodes do not serve this key: ports were not tried from outside",
        "see operator-key",
      ),
    );
    return;
  }
  if (media.targets.length === 0) return;
  report(...(await checkReach({ config, access, wallet, targets: media.targets, allowPrivate, signal })));
}

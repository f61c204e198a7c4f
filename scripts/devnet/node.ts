/** A media node of the devnet: keys, ports, configuration, and its process, which may be killed and started again. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Provider } from "ethers";
import { z } from "zod";
import { stringify } from "yaml";
import type { configSchema } from "../../node/config/schema.js";
import { DATABASE_FILE } from "../../node/operator/nodeService.js";
import { randomWallet } from "./economy.js";
import type { NodeIdentity, RegisteredNode } from "./economy.js";
import { freePort } from "./ports.js";
import type { ManagedProcess } from "./process.js";
import type { ProcessGroup } from "./processGroup.js";
import { readStoredEpochs } from "./storedReceipts.js";
import type { StoredEpoch } from "./storedReceipts.js";

const HOST = "127.0.0.1";
const START_MS = 60_000;

const readyMessage = z.object({ ready: z.literal(true), nodeId: z.string() });

export interface NodePlan extends NodeIdentity {
  readonly publicPort: number;
  readonly privatePort: number;
}

/** What all nodes of a devnet share. */
export interface NodeContext {
  readonly directory: string;
  readonly deploymentFile: string;
  readonly rpcUrl: string;
}

/** Decides on keys and ports, because a node's address is registered before it runs. */
export async function planNodes(count: number, provider: Provider): Promise<NodePlan[]> {
  const plans: NodePlan[] = [];
  // One after another: ports that are looked for at the same time might be the same.
  while (plans.length < count) {
    const publicPort = await freePort();
    plans.push({
      owner: randomWallet(provider),
      operator: randomWallet(provider),
      endpoint: `ws://${HOST}:${publicPort}`,
      publicPort,
      privatePort: await freePort(),
    });
  }
  return plans;
}

export class DevnetNode {
  readonly nodeId: bigint;
  readonly endpoint: string;
  readonly #group: ProcessGroup;
  readonly #plan: NodePlan & RegisteredNode;
  readonly #directory: string;
  readonly #context: NodeContext;
  #process: ManagedProcess | undefined;

  constructor(group: ProcessGroup, plan: NodePlan & RegisteredNode, context: NodeContext) {
    this.nodeId = plan.nodeId;
    this.endpoint = plan.endpoint;
    this.#group = group;
    this.#plan = plan;
    this.#context = context;
    this.#directory = join(context.directory, `node-${plan.nodeId}`);
  }

  get running(): boolean {
    return this.#process?.running === true;
  }

  /** Starts the process; resolves when participants can join. */
  async start(): Promise<void> {
    const directory = this.#directory;
    await mkdir(directory, { recursive: true });
    const configFile = join(directory, "node.yaml");
    await writeFile(configFile, stringify(this.#config()));
    this.#process = this.#group.start({
      name: `node ${this.nodeId}`,
      script: "node/main.ts",
      args: ["start", "--config", configFile],
      env: { DTEL_OPERATOR_KEY: this.#plan.operator.privateKey },
      logFile: `${this.#context.directory}/node-${this.nodeId}.log`,
      stopMs: 15_000,
    });
    await this.#process.receive(readyMessage, START_MS);
  }

  async stop(): Promise<void> {
    await this.#process?.stop();
  }

  /** Ends it as a crash would, without a warning. */
  async kill(): Promise<void> {
    await this.#process?.kill();
  }

  /** What its store holds. Only while it does not run. */
  storedEpochs(epochs: readonly number[]): StoredEpoch[] {
    return readStoredEpochs(join(this.#directory, "data", DATABASE_FILE), this.nodeId, epochs);
  }

  #config(): z.input<typeof configSchema> {
    const { publicPort, privatePort } = this.#plan;
    return {
      nodeId: Number(this.nodeId),
      dataDirectory: "./data",
      deploymentFile: this.#context.deploymentFile,
      chain: { rpcUrls: [this.#context.rpcUrl], pollSeconds: 0.5 },
      public: { host: HOST, port: publicPort },
      private: { host: HOST, port: privatePort },
      // Three nodes on one machine: a core each would be more than most machines have.
      media: { listen: [{ ip: HOST }], port: 0, workers: 1 },
      // The app is on this machine too.
      payment: { voucherPeriodSeconds: 10, allowPrivateVoucherUrls: true },
      // So are the other nodes.
      audits: { allowPrivateEndpoints: true },
    };
  }
}

/** A media node of the devnet: keys, ports, configuration, and its process, which may be killed and started again. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Provider } from "ethers";
import { z } from "zod";
import { stringify } from "yaml";
import type { configSchema } from "../../node/config/schema.js";
import { DATABASE_FILE } from "../../node/operator/nodeService.js";
import { PrivateClient } from "../../node/operator/privateClient.js";
import { randomWallet } from "./economy.js";
import type { NodeIdentity, RegisteredNode } from "./economy.js";
import { LossyRelay } from "./lossyRelay.js";
import type { RelayImpairment } from "./lossyRelay.js";
import { freePort } from "./ports.js";
import type { ManagedProcess } from "./process.js";
import type { ProcessGroup } from "./processGroup.js";
import { readStoredEpochs } from "./storedReceipts.js";
import type { StoredEpoch } from "./storedReceipts.js";

const HOST = "127.0.0.1";
/** Another address of this machine, for the relay before a node: it has the node's port. */
const RELAY_HOST = "127.0.0.2";
const START_MS = 60_000;

const statusSchema = z.looseObject({ dutyFailures: z.record(z.string(), z.number()) });
const readyMessage = z.object({ ready: z.literal(true), nodeId: z.string() });

export interface NodePlan extends NodeIdentity {
  readonly publicPort: number;
  readonly privatePort: number;
  /** UDP and TCP port of its one media worker. */
  readonly mediaPort: number;
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
      mediaPort: await freePort(),
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
  readonly #network: RelayImpairment | undefined;
  #relay: LossyRelay | undefined;
  #process: ManagedProcess | undefined;

  /**
   * @param network Given: participants reach its media over a relay that loses and delays their packets so.
   */
  constructor(
    group: ProcessGroup,
    plan: NodePlan & RegisteredNode,
    context: NodeContext,
    network?: RelayImpairment,
  ) {
    this.nodeId = plan.nodeId;
    this.endpoint = plan.endpoint;
    this.#group = group;
    this.#plan = plan;
    this.#context = context;
    this.#network = network;
    this.#directory = join(context.directory, `node-${plan.nodeId}`);
  }

  /** Address of the key that acts for the node. */
  get operator(): string {
    return this.#plan.operator.address;
  }

  get running(): boolean {
    return this.#process?.running === true;
  }

  /** Starts the process; resolves when participants can join. */
  async start(): Promise<void> {
    const directory = this.#directory;
    await mkdir(directory, { recursive: true });
    if (this.#network && !this.#relay) {
      this.#relay = await LossyRelay.open({ address: RELAY_HOST, port: this.#plan.mediaPort }, HOST);
      this.#relay.impair(this.#network);
    }
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
    await this.#relay?.close();
    this.#relay = undefined;
  }

  /** Ends it as a crash would, without a warning. */
  async kill(): Promise<void> {
    await this.#process?.kill();
  }

  /** How often each duty of the epochs has failed or was refused since it was started, by the node's own word. */
  async dutyFailures(): Promise<Readonly<Record<string, number>>> {
    const client = new PrivateClient({ host: HOST, port: this.#plan.privatePort });
    return statusSchema.parse((await client.ask("GET", "/status")).body).dutyFailures;
  }

  /** What its store holds. Only while it does not run. */
  storedEpochs(epochs: readonly number[]): StoredEpoch[] {
    return readStoredEpochs(join(this.#directory, "data", DATABASE_FILE), this.nodeId, epochs);
  }

  #config(): z.input<typeof configSchema> {
    const { publicPort, privatePort, mediaPort } = this.#plan;
    const announced = this.#network && { announcedAddress: RELAY_HOST };
    return {
      nodeId: Number(this.nodeId),
      dataDirectory: "./data",
      deploymentFile: this.#context.deploymentFile,
      chain: { rpcUrls: [this.#context.rpcUrl], pollSeconds: 0.5 },
      public: { host: HOST, port: publicPort },
      private: { host: HOST, port: privatePort },
      // Several nodes on one machine: all cores for each would be more than there are.
      media: { listen: [{ ip: HOST, ...announced }], port: mediaPort, workers: 1 },
      // The other nodes and the app are on this machine too.
      cluster: { allowPrivateEndpoints: true },
      webhooks: { allowPrivateUrls: true },
      payment: { voucherPeriodSeconds: 10, allowPrivateVoucherUrls: true },
      audits: { allowPrivateEndpoints: true },
    };
  }
}

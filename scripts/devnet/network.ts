/** A whole network on this machine: chain, contracts, indexer, nodes, an app and its participants. */
import { join } from "node:path";
import type { JsonRpcProvider } from "ethers";
import { unlessAborted } from "../../node/protocol/unlessAborted.js";
import { AcknowledgedLedger, acknowledgedMessage } from "./acknowledged.js";
import { startApp } from "./app.js";
import type { RunningApp } from "./app.js";
import { devnetProvider, startChain } from "./chain.js";
import type { Chain } from "./chain.js";
import { deployDevnet, miningAtOnce, saveDeployment } from "./deployment.js";
import type { ProtocolDeployment } from "../ignition/plan.js";
import { claimDirectory, releaseDirectory } from "./directory.js";
import type { AppIdentity } from "./economy.js";
import { EpochWatch } from "./epochWatch.js";
import { startApi, startDatabase, startProcessor } from "./indexer.js";
import type { RelayImpairment } from "./lossyRelay.js";
import { DevnetNode } from "./node.js";
import { PARTICIPANTS_START_MS, participantsReady, startParticipants } from "./participants.js";
import { preparePeople } from "./people.js";
import type { ManagedProcess } from "./process.js";
import { ProcessGroup } from "./processGroup.js";
import type { Progress } from "./progress.js";
import type { Parameters } from "../parameters/schema.js";
import type { Room } from "./rooms.js";

export interface NetworkOptions {
  /** Emptied first; everything that runs keeps its files here. */
  readonly directory: string;
  readonly parameters: Parameters;
  readonly nodeCount: number;
  /** Nodes, from 0, that participants and auditors reach over a bad network only, and how bad it is. */
  readonly badNetworks?: ReadonlyMap<number, RelayImpairment>;
  readonly rooms: readonly Room[];
  /** Ports; 0 for any free one. */
  readonly rpcPort: number;
  readonly apiPort: number;
  readonly appPort: number;
  readonly progress: Progress;
  /** Gives up starting when it is aborted. */
  readonly interrupted: AbortSignal;
}

/** From deployment until everybody is in a call; the next epoch begins then. */
const START_UP_SECONDS = 30;

export class Network {
  readonly group = new ProcessGroup();
  readonly ledger = new AcknowledgedLedger();
  readonly nodes: DevnetNode[] = [];
  readonly #options: NetworkOptions;
  /** By room. */
  readonly #participants = new Map<string, ManagedProcess>();
  #chain: Chain | undefined;
  #provider: JsonRpcProvider | undefined;
  #deployment: ProtocolDeployment | undefined;
  #watch: EpochWatch | undefined;
  #app: RunningApp | undefined;
  #apiUrl: string | undefined;

  private constructor(options: NetworkOptions) {
    this.#options = options;
  }

  /**
   * Starts everything. Where something fails, what runs already is stopped again.
   * @throws Error saying what did not start, with its last lines.
   */
  static async start(options: NetworkOptions): Promise<Network> {
    await claimDirectory(options.directory);
    const network = new Network(options);
    const ended = AbortSignal.any([options.interrupted, network.group.failure]);
    try {
      await unlessAborted(network.#start(), ended);
      return network;
    } catch (error) {
      await network.stop();
      throw error;
    }
  }

  get deployment(): ProtocolDeployment {
    return started(this.#deployment);
  }

  get deploymentFile(): string {
    return join(this.#options.directory, "deployment.json");
  }

  get provider(): JsonRpcProvider {
    return started(this.#provider);
  }

  get rpcUrl(): string {
    return started(this.#chain).rpcUrl;
  }

  /** What happened on chain so far, as far as it was read. */
  get watch(): EpochWatch {
    return started(this.#watch);
  }

  /** The page, with a slash at its end. */
  get apiUrl(): string {
    return started(this.#apiUrl);
  }

  get graphqlUrl(): string {
    return new URL("graphql", this.apiUrl).href;
  }

  get appUrl(): string {
    return started(this.#app).url;
  }

  /** Participants sign their last receipts and leave. */
  async stopParticipants(): Promise<void> {
    await Promise.all([...this.#participants.values()].map((process) => process.stop()));
  }

  /** Nodes stop in order; what they stored can be read afterwards. */
  async stopNodes(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()));
  }

  /** Starts those nodes and participants that do not run. */
  async startService(): Promise<void> {
    await this.#startNodes();
    await this.#startParticipants();
  }

  /** Stops whatever still runs, in the order of dependence. Safe to call at any time. */
  async stop(): Promise<void> {
    await this.stopParticipants();
    await this.stopNodes();
    this.#provider?.destroy();
    await this.group.stop();
    await releaseDirectory(this.#options.directory);
  }

  async #start(): Promise<void> {
    const { directory, progress } = this.#options;
    const database = startDatabase(this.group, directory);
    // It is awaited further down; a failure until then is not lost, and no unhandled rejection either.
    database.catch(() => undefined);
    await this.#startChain();
    const databaseUrl = await progress.step(
      "database",
      () => database,
      () => "Postgres accepts connections",
    );
    const indexing = this.#startIndexer(databaseUrl);
    indexing.catch(() => undefined);
    const app = await this.#preparePeople();
    await indexing;
    await this.#startApp(app);
    await this.#startNodes();
    await this.#startPage(databaseUrl);
    await this.#startParticipants();
  }

  async #startChain(): Promise<void> {
    const { directory, rpcPort, parameters, progress } = this.#options;
    const chain = await progress.step(
      "chain",
      () => startChain(this.group, directory, rpcPort),
      ({ rpcUrl }) => `a block a second at ${rpcUrl}`,
    );
    this.#chain = chain;
    const provider = devnetProvider(chain.rpcUrl);
    this.#provider = provider;
    this.#deployment = await progress.step(
      "contracts",
      async () => {
        const now = await provider.getBlock("latest");
        const { epochSeconds } = parameters.clock;
        // So that the first whole epoch begins about when everybody is in a call.
        const genesisSeconds = (now?.timestamp ?? 0) - Math.max(epochSeconds - START_UP_SECONDS, 0);
        return deployDevnet({ provider, parameters, genesisSeconds });
      },
      () => "deployed by Ignition, in the hands of the timelock",
    );
    await saveDeployment(this.deploymentFile, this.#deployment);
    this.#watch = new EpochWatch(this.#deployment, provider);
  }

  async #startIndexer(databaseUrl: string): Promise<void> {
    const { directory, progress } = this.#options;
    const { deploymentFile, rpcUrl } = this;
    await progress.step(
      "indexer",
      () => startProcessor(this.group, { directory, databaseUrl, deploymentFile, rpcUrl }),
      () => "follows the chain",
    );
  }

  async #preparePeople(): Promise<AppIdentity> {
    const { nodeCount, progress } = this.#options;
    const { nodes, app } = await progress.step(
      "people",
      () => miningAtOnce(this.provider, () => preparePeople(this.deployment, this.provider, nodeCount)),
      () =>
        `${nodeCount} nodes registered, bonded, delegated to and active; an app with a balance and reserves`,
    );
    const { badNetworks } = this.#options;
    this.nodes.push(
      ...nodes.map(
        (node, index) => new DevnetNode(this.group, node, this.#nodeContext(), badNetworks?.get(index)),
      ),
    );
    return app;
  }

  #nodeContext() {
    return { directory: this.#options.directory, deploymentFile: this.deploymentFile, rpcUrl: this.rpcUrl };
  }

  async #startApp(identity: AppIdentity): Promise<void> {
    const { directory, rooms, appPort, progress } = this.#options;
    this.#app = await progress.step(
      "app",
      () =>
        startApp(this.group, {
          directory,
          deploymentFile: this.deploymentFile,
          rpcUrl: this.rpcUrl,
          identity,
          port: appPort,
          rooms: rooms.map(({ name, nodes }) => ({
            name,
            nodes: nodes.map((index) => {
              const { nodeId, endpoint } = started(this.nodes[index]);
              return { nodeId, url: endpoint };
            }),
          })),
        }),
      ({ url }) => `gives tokens and vouchers at ${url}`,
    );
  }

  async #startNodes(): Promise<void> {
    const { progress } = this.#options;
    const idle = this.nodes.filter(({ running }) => !running);
    await Promise.all(
      idle.map((node) =>
        progress.step(
          `node ${node.nodeId}`,
          () => node.start(),
          () => `listens at ${node.endpoint}`,
        ),
      ),
    );
  }

  async #startPage(databaseUrl: string): Promise<void> {
    const { directory, apiPort, progress } = this.#options;
    this.#apiUrl = await progress.step(
      "api",
      () =>
        startApi(this.group, {
          directory,
          databaseUrl,
          deploymentFile: this.deploymentFile,
          port: apiPort,
          nodeEndpoints: this.nodes.map(({ endpoint }) => endpoint),
          appUrl: this.appUrl,
        }),
      (url) => `page at ${url}, GraphQL at ${url}graphql`,
    );
  }

  async #startParticipants(): Promise<void> {
    const { directory, rooms, progress } = this.#options;
    const idle = rooms.filter(({ name }) => this.#participants.get(name)?.running !== true);
    await Promise.all(
      idle.map((room) =>
        progress.step(
          "participants",
          async () => {
            const process = startParticipants(this.group, { directory, room, appUrl: this.appUrl });
            this.#participants.set(room.name, process);
            process.onMessage(acknowledgedMessage, ({ acknowledged }) => this.ledger.add(acknowledged));
            await process.receive(participantsReady, PARTICIPANTS_START_MS);
          },
          () => `${room.members.map(({ identity }) => identity).join(", ")} are in ${room.name}`,
        ),
      ),
    );
  }
}

function started<T>(part: T | undefined): T {
  if (part === undefined) throw new Error("this part of the network has not started");
  return part;
}

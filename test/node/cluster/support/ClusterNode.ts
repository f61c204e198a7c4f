import { Wallet } from "ethers";
import { parseAddress } from "../../../../node/protocol/hex.js";
import type { Address } from "../../../../node/protocol/hex.js";
import { createRoomLinks } from "../../../../node/cluster/createRoomLinks.js";
import type { ClusterLinks } from "../../../../node/cluster/createRoomLinks.js";
import type { ClusterLimits } from "../../../../node/cluster/limits.js";
import type { NodeFinder } from "../../../../node/cluster/NodeFinder.js";
import { TestAdmission } from "../../support/TestAdmission.js";
import { TestNode, silent } from "../../support/testNode.js";
import type { TestNodeOptions } from "../../support/testNode.js";
import { walletOf } from "../../support/participants.js";

/** Which nodes there are, in memory. */
export class TestRegistry implements NodeFinder {
  readonly endpoints = new Map<bigint, string>();
  readonly operators = new Map<bigint, Address>();

  endpointOf(nodeId: bigint): Promise<string | undefined> {
    return Promise.resolve(this.endpoints.get(nodeId));
  }

  operatorOf(nodeId: bigint): Promise<Address | undefined> {
    return Promise.resolve(this.operators.get(nodeId));
  }
}

/** The operator key of a test node. */
export function operatorOf(nodeId: bigint): Wallet {
  return walletOf(`operator ${nodeId}`);
}

/** Short times, so that tests need not wait. */
export const FAST: Partial<ClusterLimits> = {
  graceMs: 1_000,
  retryMs: 100,
  maxRetryMs: 500,
  pingIntervalMs: 1_000,
  enterTimeoutMs: 1_000,
};

export interface ClusterNodeOptions extends TestNodeOptions {
  readonly cluster?: Partial<ClusterLimits>;
}

/** A node with real media, real signaling and real links to the others of a registry. */
export class ClusterNode {
  readonly nodeId: bigint;
  readonly node: TestNode;
  readonly links: ClusterLinks;
  #stopped: Promise<void> | undefined;

  static async start(
    nodeId: bigint,
    registry: TestRegistry,
    options: ClusterNodeOptions = {},
  ): Promise<ClusterNode> {
    const admission = new TestAdmission({ ...options, nodeId });
    const operator = operatorOf(nodeId);
    registry.operators.set(nodeId, parseAddress(operator.address));
    const links = createRoomLinks({
      ...{ nodeId, domain: admission.domain, signer: operator, finder: registry },
      isAppSigner: (app, signer) => admission.isAppSigner(app, signer),
      endpointFault: () => Promise.resolve(undefined),
      addressFault: () => undefined,
      listen: { addresses: [{ ip: "127.0.0.1" }] },
      limits: { ...FAST, ...options.cluster },
      logger: silent.child({ node: nodeId.toString() }),
    });
    const node = await TestNode.startWith(admission, admission, {
      ...options,
      links,
      upgrades: [links.upgrade],
    });
    registry.endpoints.set(nodeId, node.signaling.url);
    return new ClusterNode(nodeId, node, links);
  }

  private constructor(nodeId: bigint, node: TestNode, links: ClusterLinks) {
    this.nodeId = nodeId;
    this.node = node;
    this.links = links;
  }

  /** What the media workers hold: routers, transports, producers and consumers. */
  async mediaObjects(): Promise<{ routers: number; pipes: number }> {
    const dumps = await Promise.all(this.node.media.workers.map((worker) => worker.dump()));
    return dumps.reduce(
      (sum, { routers, pipes }) => ({ routers: sum.routers + routers, pipes: sum.pipes + pipes }),
      { routers: 0, pipes: 0 },
    );
  }

  stop(): Promise<void> {
    this.#stopped ??= (async () => {
      this.links.close();
      await this.node.stop();
    })();
    return this.#stopped;
  }
}

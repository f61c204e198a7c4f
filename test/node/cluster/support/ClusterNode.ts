import { createRoomLinks } from "../../../../node/cluster/createRoomLinks.js";
import type { ClusterLinks } from "../../../../node/cluster/createRoomLinks.js";
import { addressOf } from "../../support/participants.js";
import { TestAdmission } from "../../support/TestAdmission.js";
import { TestNode, silent } from "../../support/testNode.js";
import type { TestNodeOptions } from "../../support/testNode.js";
import { FAST, operatorKeyOf } from "./BareNode.js";
import type { TestRegistry } from "./BareNode.js";

/** A whole node but for the chain: real media, real signaling, and real links to the others of a registry. */
export class ClusterNode {
  readonly nodeId: bigint;
  readonly node: TestNode;
  readonly links: ClusterLinks;

  static async start(
    nodeId: bigint,
    registry: TestRegistry,
    options: TestNodeOptions = {},
  ): Promise<ClusterNode> {
    const admission = new TestAdmission({ nodeId });
    const operator = operatorKeyOf(nodeId);
    registry.operators.set(nodeId, addressOf(operator));
    const links = createRoomLinks({
      ...{ nodeId, domain: admission.domain, signer: operator, finder: registry, limits: FAST },
      isAppSigner: (app, signer) => admission.isAppSigner(app, signer),
      endpointFault: () => Promise.resolve(undefined),
      addressFault: () => undefined,
      listen: { addresses: [{ ip: "127.0.0.1" }] },
      logger: silent.child({ node: nodeId.toString() }),
    });
    const signaling = { links, upgrades: [links.upgrade] };
    const node = await TestNode.startWith(admission, admission, { ...options, signaling });
    registry.endpoints.set(nodeId, node.signaling.url);
    return new ClusterNode(nodeId, node, links);
  }

  private constructor(nodeId: bigint, node: TestNode, links: ClusterLinks) {
    this.nodeId = nodeId;
    this.node = node;
    this.links = links;
  }

  async stop(): Promise<void> {
    await this.node.stop();
    this.links.close();
  }
}

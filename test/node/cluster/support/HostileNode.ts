import type { Wallet } from "ethers";
import { pino } from "pino";
import { WebSocket } from "ws";
import { greetAsDialer } from "../../../../node/cluster/handshake.js";
import { DEFAULT_CLUSTER_LIMITS } from "../../../../node/cluster/limits.js";
import type { LinkCipher } from "../../../../node/cluster/LinkCipher.js";
import { LinkFrames } from "../../../../node/cluster/LinkFrames.js";
import { NodeLink } from "../../../../node/cluster/NodeLink.js";
import type { LinkNotice, LinkRequest } from "../../../../node/cluster/linkMessages.js";
import { NODE_LINK_SUBPROTOCOL } from "../../../../node/protocol/nodeLink.js";
import type { Membership } from "../../../../node/protocol/nodeLink.js";
import { roomHash } from "../../../../node/protocol/typedData.js";
import { addressOf, testDomain } from "../../support/participants.js";
import { APP, ROOM, memberOf, operatorKeyOf } from "./BareNode.js";
import type { JoinAs, TestRegistry } from "./BareNode.js";

export const LINKED_ROOM = { app: APP, hash: roomHash(ROOM) };

/** A registered node of somebody who wrote their own software: says whatever a test wants. */
export class HostileNode {
  readonly nodeId: bigint;
  readonly link: NodeLink;
  /** Below the link, to say on it what the link never would. */
  readonly socket: WebSocket;
  readonly #cipher: LinkCipher;
  readonly requests: LinkRequest[] = [];
  readonly notices: LinkNotice[] = [];
  readonly closed: Promise<number>;

  /** Shows who it is to a node. Rejects where that is not believed. */
  static async connect(
    nodeId: bigint,
    toNodeId: bigint,
    registry: TestRegistry,
    options: { key?: Wallet; registered?: boolean } = {},
  ): Promise<HostileNode> {
    const { key = operatorKeyOf(nodeId), registered = true } = options;
    if (registered) registry.operators.set(nodeId, addressOf(operatorKeyOf(nodeId)));
    const ws = new WebSocket(`${await registry.endpointOf(toNodeId)}link`, NODE_LINK_SUBPROTOCOL);
    const frames = new LinkFrames(ws);
    await new Promise((resolve, reject) => ws.once("open", resolve).once("error", reject));
    const identity = { nodeId, domain: testDomain, signer: key, finder: registry };
    const cipher = await greetAsDialer(
      { ws, frames, signal: AbortSignal.timeout(5_000) },
      toNodeId,
      identity,
    );
    return new HostileNode(nodeId, ws, cipher, (handler) => {
      return new NodeLink({
        ...{ ws, frames, cipher, handler, nodeId: toNodeId, dialedBy: nodeId },
        about: { instance: `0x${"ab".repeat(16)}`, families: ["ipv4"] },
        limits: DEFAULT_CLUSTER_LIMITS,
        logger: pino({ level: "silent" }),
      });
    });
  }

  private constructor(
    nodeId: bigint,
    socket: WebSocket,
    cipher: LinkCipher,
    open: (handler: ConstructorParameters<typeof NodeLink>[0]["handler"]) => NodeLink,
  ) {
    this.nodeId = nodeId;
    this.socket = socket;
    this.#cipher = cipher;
    this.link = open({
      request: (_, request) => {
        this.requests.push(request);
        return Promise.resolve({});
      },
      notice: (_, notice) => {
        this.notices.push(notice);
      },
    });
    this.closed = new Promise((resolve) => this.link.once("closed", resolve));
    this.link.start();
  }

  /** Sends a message at once, whatever the link would make of it. */
  say(message: object): void {
    this.socket.send(this.#cipher.seal(JSON.stringify(message)));
  }

  /** A participant who really came to this node, or to the one that is given. */
  async member(
    name: string,
    as: JoinAs & { nodeId?: bigint } = {},
  ): Promise<{ membership: Membership; details: string; joinedAtMs: number }> {
    const { claim } = await memberOf(name, as.nodeId ?? this.nodeId, as);
    const { grant, grantSignature, nonce, joinSignature, details } = claim;
    return { membership: { grant, grantSignature, nonce, joinSignature }, details, joinedAtMs: Date.now() };
  }

  /** Enters the room with somebody who really came. */
  async enter(name: string, as: JoinAs = {}): Promise<void> {
    const member = await this.member(name, as);
    await this.link.request("enterRoom", { room: LINKED_ROOM, membership: member.membership });
    await this.link.request("addMember", { room: LINKED_ROOM, ...member });
    this.link.notify("synced", { room: LINKED_ROOM, what: "members" });
  }
}

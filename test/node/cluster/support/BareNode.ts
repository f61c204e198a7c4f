import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Wallet } from "ethers";
import { WebSocket, WebSocketServer } from "ws";
import { createRoomLinks } from "../../../../node/cluster/createRoomLinks.js";
import type { ClusterLinks } from "../../../../node/cluster/createRoomLinks.js";
import type { ClusterLimits } from "../../../../node/cluster/limits.js";
import type { NodeFinder } from "../../../../node/cluster/NodeFinder.js";
import { MediaServer } from "../../../../node/media/MediaServer.js";
import { parseAddress } from "../../../../node/protocol/hex.js";
import type { Address } from "../../../../node/protocol/hex.js";
import { NODE_LINK_SUBPROTOCOL } from "../../../../node/protocol/nodeLink.js";
import { toWire } from "../../../../node/protocol/schemas.js";
import { roomHash } from "../../../../node/protocol/typedData.js";
import type { LinkMember, RoomLink } from "../../../../node/signaling/roomLinks.js";
import { MediaClient } from "../../media/MediaClient.js";
import { addressOf, claimFor, testDomain, walletOf } from "../../support/participants.js";
import { silent } from "../../support/testNode.js";

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
export function operatorKeyOf(nodeId: bigint): Wallet {
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

export const APP_SIGNER = walletOf("app signer");
export const APP = addressOf(walletOf("app"));
export const ROOM = "stand-up";

export interface JoinAs {
  readonly homes?: readonly bigint[];
  readonly permissions?: object;
  readonly room?: string;
  /** Whether it opens a transport to receive on; it does unless told not to. */
  readonly receives?: boolean;
}

/** Somebody in a room of a bare node: a real WebRTC endpoint, and what signaling would know of it. */
export interface BareMember {
  readonly sessionKey: Address;
  readonly client: MediaClient;
  readonly link: RoomLink;
  leave(): void;
}

/** What a participant would bring to a node. */
export async function memberOf(name: string, nodeId: bigint, as: JoinAs = {}): Promise<LinkMember> {
  const { homes = [], permissions = {}, room = ROOM } = as;
  const details = JSON.stringify(
    toWire({ identity: name, voucherUrl: "https://app.example/vouchers", permissions, homes }),
  );
  const session = walletOf(name);
  const claim = await claimFor({ app: APP, signer: APP_SIGNER, session, nodeId, room, details });
  return { info: { peerId: addressOf(session), identity: name }, hidden: "hidden" in permissions, claim };
}

export interface BareNodeOptions {
  readonly limits?: Partial<ClusterLimits>;
  readonly operator?: Wallet;
  readonly workers?: number;
  readonly endpointFault?: (url: string) => Promise<string | undefined>;
  readonly addressFault?: (ip: string) => string | undefined;
  /** Where pipes arrive; 127.0.0.1 alone unless given. */
  readonly pipeAddresses?: readonly { readonly ip: string }[];
}

/** A node without signaling: media and links to other nodes. */
export class BareNode {
  readonly nodeId: bigint;
  readonly links: ClusterLinks;
  readonly media: MediaServer;
  readonly #server: Server;
  readonly #sockets: WebSocketServer;
  readonly #clients = new Set<MediaClient>();
  #stopped: Promise<void> | undefined;

  static async start(
    nodeId: bigint,
    registry: TestRegistry,
    options: BareNodeOptions = {},
  ): Promise<BareNode> {
    const media = await MediaServer.start({
      workers: options.workers ?? 1,
      listen: { addresses: [{ ip: "127.0.0.1" }], port: 0 },
      logger: silent,
    });
    const operator = options.operator ?? operatorKeyOf(nodeId);
    const links = createRoomLinks({
      ...{ nodeId, domain: testDomain, signer: operator, finder: registry },
      isAppSigner: (app, signer) => Promise.resolve(app === APP && signer === addressOf(APP_SIGNER)),
      endpointFault: options.endpointFault ?? (() => Promise.resolve(undefined)),
      addressFault: options.addressFault ?? (() => undefined),
      listen: { addresses: options.pipeAddresses ?? [{ ip: "127.0.0.1" }] },
      limits: { ...FAST, ...options.limits },
      logger: silent.child({ node: nodeId.toString() }),
    });
    const { upgrade } = links;
    const sockets = new WebSocketServer({
      noServer: true,
      maxPayload: upgrade.maxMessageBytes,
      handleProtocols: () => NODE_LINK_SUBPROTOCOL,
    });
    const server = createServer();
    server.on("upgrade", (request, socket, head) => {
      sockets.handleUpgrade(request, socket, head, (ws) => {
        upgrade.accept(ws, { remoteAddress: request.socket.remoteAddress ?? "" });
      });
    });
    const port = await new Promise<number>((resolve) => {
      server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
    });
    registry.endpoints.set(nodeId, `ws://127.0.0.1:${port}/`);
    registry.operators.set(nodeId, parseAddress(operatorKeyOf(nodeId).address));
    return new BareNode(nodeId, links, media, server, sockets);
  }

  private constructor(
    nodeId: bigint,
    links: ClusterLinks,
    media: MediaServer,
    server: Server,
    sockets: WebSocketServer,
  ) {
    this.nodeId = nodeId;
    this.links = links;
    this.media = media;
    this.#server = server;
    this.#sockets = sockets;
  }

  async join(name: string, as: JoinAs = {}): Promise<BareMember> {
    const { homes = [], room = ROOM, receives = true } = as;
    const member = await memberOf(name, this.nodeId, as);
    const sessionKey = member.claim.grant.sessionKey;
    const client = await MediaClient.join(this.media, `${APP}/${room}`, sessionKey);
    this.#clients.add(client);
    const linked = { app: APP, name: room, hash: roomHash(room), homes };
    const link = await this.links.enter(linked, member, client.place.room);
    if (receives) await client.receive();
    const leave = () => {
      link.leave(sessionKey);
      client.close();
    };
    return { sessionKey, client, link, leave };
  }

  /** Transports in all rooms here, those of participants and those of pipes. */
  async transports(): Promise<number> {
    const dumps = await Promise.all(this.media.rooms.map(({ router }) => router.dump()));
    return dumps.reduce((sum, { transportIds }) => sum + transportIds.length, 0);
  }

  /** Connections that other nodes have opened to this one. */
  get openSockets(): number {
    return [...this.#sockets.clients].filter((socket) => socket.readyState === WebSocket.OPEN).length;
  }

  /** Breaks the connections that other nodes have opened to this one. */
  cutLinks(): void {
    for (const socket of this.#sockets.clients) socket.terminate();
  }

  /** Cuts everything at once, as a crash does: the others are told nothing. */
  async crash(): Promise<void> {
    this.cutLinks();
    await this.stop();
  }

  stop(): Promise<void> {
    this.#stopped ??= (async () => {
      for (const client of this.#clients) client.close();
      this.links.close();
      await this.media.close();
      this.cutLinks();
      await new Promise((resolve) => this.#server.close(resolve));
    })();
    return this.#stopped;
  }
}

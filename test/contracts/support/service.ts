/** Sessions of an epoch, as a node ends up with them: receipts, grants, tree, attestation, openings. */
import { ZeroHash } from "ethers";
import type { ContractTransactionResponse } from "ethers";
import type { Hex } from "../../../node/protocol/hex.js";
import { EMPTY_ROOT, ReceiptTree, toContractPathNode } from "../../../node/protocol/receiptTree.js";
import type { PathNode, ReceiptLeaf } from "../../../node/protocol/receiptTree.js";
import {
  accessGrant,
  attestation as attestationMessage,
  detailsHash,
  roomHash,
  sessionReceipt,
  toCompactSignature,
} from "../../../node/protocol/typedData.js";
import type { AccessGrant, Attestation, CompactSignature } from "../../../node/protocol/typedData.js";
import type {
  OpeningStruct,
  SignedAttestationStruct,
} from "../../../types/contracts/service/ServiceAttestations.js";
import { Account } from "./account.js";
import { networkHelpers } from "./chain.js";
import type { App, Node } from "./people.js";
import type { Protocol } from "./protocol.js";

/** What a test may want to be otherwise in a session. */
export interface SessionOptions {
  readonly bytesDelivered?: bigint;
  readonly quality?: number;
  readonly grant?: Partial<AccessGrant>;
  readonly grantSigner?: Account;
  readonly receiptSigner?: Account;
  readonly receipt?: { readonly nodeId?: bigint; readonly epoch?: number; readonly bytesDelivered?: bigint };
  readonly domain?: Protocol["serviceDomain"];
}

export interface Session extends ReceiptLeaf {
  readonly grant: AccessGrant;
  readonly grantSignature: CompactSignature;
  readonly receiptSignature: CompactSignature;
}

/** A session with its own key; honest unless told otherwise. */
export async function newSession(
  protocol: Protocol,
  app: App,
  node: Pick<Node, "nodeId">,
  epoch: number,
  label: string,
  options: SessionOptions = {},
): Promise<Session> {
  const { clock, serviceDomain } = protocol;
  const key = new Account(`session ${label}`);
  const { bytesDelivered = 1_000_000n, quality = 9_000, domain = serviceDomain } = options;
  const grant: AccessGrant = {
    app: app.account.id,
    sessionKey: key.id,
    room: roomHash("room"),
    maxBytesPerEpoch: 10_000_000_000n,
    expiresAt: BigInt(clock.startOf(epoch + 1)),
    detailsHash: detailsHash("{}"),
    ...options.grant,
  };
  const receipt = { nodeId: node.nodeId, epoch, bytesDelivered, quality, ...options.receipt };
  const [grantSignature, receiptSignature] = await Promise.all([
    accessGrant.sign(options.grantSigner ?? app.signer, domain, grant),
    sessionReceipt.sign(options.receiptSigner ?? key, domain, receipt),
  ]);
  return {
    sessionKey: grant.sessionKey,
    bytesDelivered,
    quality,
    grant,
    grantSignature: toCompactSignature(grantSignature),
    receiptSignature: toCompactSignature(receiptSignature),
  };
}

/** A node's epoch with all that is needed to attest and to prove it. */
export class Service {
  readonly tree: ReceiptTree<Session>;
  readonly attestation: Attestation;

  constructor(
    readonly protocol: Protocol,
    readonly node: Node,
    epoch: number,
    sessions: readonly Session[],
    overrides: Partial<Attestation> = {},
  ) {
    this.tree = new ReceiptTree(sessions);
    this.attestation = {
      nodeId: node.nodeId,
      epoch,
      receiptRoot: this.tree.root,
      bytesDelivered: this.tree.total,
      sessions: this.tree.sessions,
      auditCommitment: parseZero(),
      ...overrides,
    };
  }

  /** Sent by the operator. */
  attest(): Promise<ContractTransactionResponse> {
    return this.protocol.attestations.connect(this.node.operator).attest(this.attestation);
  }

  /** For a batch. */
  async signed(
    domain = this.protocol.serviceDomain,
    signer = this.node.operator,
  ): Promise<SignedAttestationStruct> {
    const signature = await attestationMessage.sign(signer, domain, this.attestation);
    return { attestation: this.attestation, signature: toCompactSignature(signature) };
  }

  /** The leaf that covers a point, opened. */
  openingAt(point: bigint): OpeningStruct {
    const { leaf, path } = this.tree.open(point);
    return openingOf(leaf, path);
  }

  /** The openings that the drawn seed asks for. */
  async openings(): Promise<OpeningStruct[]> {
    const { nodeId, epoch, bytesDelivered } = this.attestation;
    const points = await this.protocol.attestations.samplePoints(nodeId, epoch, bytesDelivered);
    return points.map((point) => this.openingAt(point));
  }

  /** Opens what the seed asks for; sent by the holder, who is a stranger to the node. */
  async prove(): Promise<ContractTransactionResponse> {
    return this.protocol.attestations.prove(this.attestation, await this.openings());
  }

  /** Sent by the holder, who is a stranger to the node. */
  claim(): Promise<ContractTransactionResponse> {
    return this.protocol.distributor.claim(this.attestation);
  }
}

export function openingOf(session: Session, path: readonly PathNode[]): OpeningStruct {
  const { bytesDelivered, quality, receiptSignature, grant, grantSignature } = session;
  return {
    bytesDelivered,
    quality,
    receiptSignature,
    grant,
    grantSignature,
    path: path.map(toContractPathNode),
  };
}

/** A service of honest sessions with 1 MB, 2 MB and so on. */
export async function honestService(
  protocol: Protocol,
  node: Node,
  app: App,
  epoch: number,
  sessions = 5,
): Promise<Service> {
  const list = await Promise.all(
    Array.from({ length: sessions }, (_, index) =>
      newSession(protocol, app, node, epoch, `${node.nodeId}-${epoch}-${index}`, {
        bytesDelivered: BigInt(index + 1) * 1_000_000n,
      }),
    ),
  );
  return new Service(protocol, node, epoch, list);
}

/** An epoch in which a node stood by and nobody came. */
export function idleService(protocol: Protocol, node: Node, epoch: number): Service {
  return new Service(protocol, node, epoch, []);
}

/** An attestation for a claim of an epoch that was not attested. */
export function unattested(node: Pick<Node, "nodeId">, epoch: number): Attestation {
  return {
    nodeId: node.nodeId,
    epoch,
    receiptRoot: EMPTY_ROOT,
    bytesDelivered: 0n,
    sessions: 0,
    auditCommitment: parseZero(),
  };
}

/** Goes to the end of an epoch's commit window, arms its seed and draws it as soon as that can be done. */
export async function drawSeed({ clock, attestations }: Protocol, epoch: number): Promise<void> {
  if ((await networkHelpers.time.latest()) < clock.startOf(epoch + 1) + clock.half) {
    await clock.nextBlockAt(epoch + 1, clock.half);
  }
  await attestations.arm(epoch);
  await networkHelpers.mine(15);
  await attestations.draw(epoch);
}

/** Goes past an epoch's proof deadline, in time and in blocks. */
export async function passProofDeadline({ attestations }: Protocol, epoch: number): Promise<void> {
  const { timestamp, blockNumber } = await attestations.proofDeadline(epoch);
  const missing = Number(blockNumber) - (await networkHelpers.time.latestBlock());
  if (missing > 0) await networkHelpers.mine(missing);
  if ((await networkHelpers.time.latest()) < timestamp) await networkHelpers.time.increaseTo(timestamp);
}

function parseZero(): Hex {
  return `0x${ZeroHash.slice(2)}`;
}

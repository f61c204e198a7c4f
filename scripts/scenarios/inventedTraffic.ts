/** Traffic that never was: a tree of sessions with correct sums, whose grants no app signed. */
import { Wallet } from "ethers";
import { parseAddress } from "../../node/protocol/hex.js";
import { ReceiptTree, toContractPathNode } from "../../node/protocol/receiptTree.js";
import type { ReceiptLeaf } from "../../node/protocol/receiptTree.js";
import {
  accessGrant,
  detailsHash,
  roomHash,
  sessionReceipt,
  toCompactSignature,
  typedDataDomain,
} from "../../node/protocol/typedData.js";
import type { AccessGrant, CompactSignature } from "../../node/protocol/typedData.js";
import type { ScriptNode, Traffic } from "./scriptNode.js";
import type { Stage } from "./stage.js";

const SESSIONS = 8;
const BYTES_EACH = 10_000_000_000n;

interface Invented extends ReceiptLeaf {
  readonly grant: AccessGrant;
  readonly grantSignature: CompactSignature;
  readonly receiptSignature: CompactSignature;
}

/** @param app Whose participants they are said to be: the grants carry its name and the node's own signature. */
export async function inventTraffic(stage: Stage, node: ScriptNode, epoch: number, app: string) {
  const domain = typedDataDomain(
    BigInt(stage.deployment.chainId),
    stage.deployment.addresses.serviceAttestations,
  );
  const leaves: Invented[] = [];
  for (let index = 0; index < SESSIONS; index++) {
    const session = Wallet.createRandom();
    const grant: AccessGrant = {
      app: parseAddress(app),
      sessionKey: parseAddress(session.address),
      room: roomHash(`room ${index}`),
      maxBytesPerEpoch: BYTES_EACH,
      expiresAt: BigInt(stage.startOf(epoch + 2)),
      detailsHash: detailsHash("{}"),
    };
    const receipt = { nodeId: node.nodeId, epoch, bytesDelivered: BYTES_EACH, quality: 10_000 };
    leaves.push({
      sessionKey: grant.sessionKey,
      bytesDelivered: BYTES_EACH,
      quality: 10_000,
      grant,
      grantSignature: toCompactSignature(await accessGrant.sign(node.operator, domain, grant)),
      receiptSignature: toCompactSignature(
        await sessionReceipt.sign(new Wallet(session.privateKey), domain, receipt),
      ),
    });
  }
  const tree = new ReceiptTree(leaves);
  const traffic: Traffic = { receiptRoot: tree.root, bytesDelivered: tree.total, sessions: SESSIONS };
  /** What the seed asks for, as well as it can be had. */
  const openings = async () => {
    const { serviceAttestations } = stage.contracts;
    const points = await serviceAttestations.samplePoints(node.nodeId, epoch, tree.total);
    return points.map((point) => {
      const { leaf, path } = tree.open(point);
      return {
        bytesDelivered: leaf.bytesDelivered,
        quality: leaf.quality,
        receiptSignature: leaf.receiptSignature,
        grant: leaf.grant,
        grantSignature: leaf.grantSignature,
        path: path.map(toContractPathNode),
      };
    });
  };
  return { traffic, openings };
}

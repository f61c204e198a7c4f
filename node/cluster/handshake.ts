import type { WebSocket } from "ws";
import type { z } from "zod";
import type { Hex } from "../protocol/hex.js";
import { acceptorHelloSchema, acceptorProofSchema, dialerHelloSchema } from "../protocol/nodeLink.js";
import { toWire } from "../protocol/schemas.js";
import { nodeProof } from "../protocol/typedData.js";
import type { TypedDataDomain, TypedDataSigner } from "../protocol/typedData.js";
import { LinkKey } from "./LinkCipher.js";
import type { LinkCipher } from "./LinkCipher.js";
import type { LinkFrames } from "./LinkFrames.js";
import type { NodeFinder } from "./NodeFinder.js";

/** Who this node is, and how it finds out who others are. */
export interface NodeIdentity {
  readonly nodeId: bigint;
  readonly domain: TypedDataDomain;
  /** The operator key. */
  readonly signer: TypedDataSigner;
  readonly finder: Pick<NodeFinder, "operatorOf">;
}

/** A socket in the handshake. */
export interface Greeting {
  readonly ws: WebSocket;
  readonly frames: LinkFrames;
  readonly signal: AbortSignal;
}

/**
 * The dialing side. Nothing is said to a node that is not the expected one but this node's own proof, which is good for
 * that node only. Rejects where the other is not the node's operator, or does not answer until the signal.
 */
export async function greetAsDialer(
  greeting: Greeting,
  expectedNodeId: bigint,
  identity: NodeIdentity,
): Promise<LinkCipher> {
  const key = new LinkKey();
  const { hello } = await read(greeting, acceptorHelloSchema);
  if (hello.nodeId !== expectedNodeId) {
    throw new Error(`the endpoint of node ${expectedNodeId} says that it is node ${hello.nodeId}`);
  }
  const cipher = key.agree(hello.nonce, "dialer");
  const signature = await prove(identity, expectedNodeId, hello.nonce);
  write(greeting, { hello: { nodeId: identity.nodeId, nonce: key.nonce, signature } });
  const { proof } = await read(greeting, acceptorProofSchema);
  await check(identity, expectedNodeId, key.nonce, proof.signature);
  return cipher;
}

/** The accepting side: it proves itself to a node that has done so, and checks nothing on chain for others. */
export async function greetAsAcceptor(
  greeting: Greeting,
  identity: NodeIdentity,
): Promise<{ nodeId: bigint; cipher: LinkCipher }> {
  const key = new LinkKey();
  write(greeting, { hello: { nodeId: identity.nodeId, nonce: key.nonce } });
  const { hello } = await read(greeting, dialerHelloSchema);
  const { nodeId, nonce, signature } = hello;
  if (nodeId === identity.nodeId) throw new Error("the other side says that it is this node");
  const cipher = key.agree(nonce, "acceptor");
  await check(identity, nodeId, key.nonce, signature);
  write(greeting, { proof: { signature: await prove(identity, nodeId, nonce) } });
  return { nodeId, cipher };
}

function prove({ nodeId, domain, signer }: NodeIdentity, toNodeId: bigint, nonce: Hex): Promise<Hex> {
  return nodeProof.sign(signer, domain, { fromNodeId: nodeId, toNodeId, nonce });
}

async function check(identity: NodeIdentity, fromNodeId: bigint, nonce: Hex, signature: Hex): Promise<void> {
  const proof = { fromNodeId, toNodeId: identity.nodeId, nonce };
  const signer = nodeProof.recover(identity.domain, proof, signature);
  const operator = await identity.finder.operatorOf(fromNodeId);
  if (operator === undefined) throw new Error(`node ${fromNodeId} is not registered, or not in service`);
  if (operator !== signer) {
    throw new Error(`the proof is by ${signer}, which is not the operator of node ${fromNodeId}`);
  }
}

function write({ ws }: Greeting, message: object): void {
  ws.send(JSON.stringify(toWire(message)));
}

async function read<S extends z.ZodType>({ frames, signal }: Greeting, schema: S): Promise<z.output<S>> {
  const { bytes, isBinary } = await frames.next(signal);
  if (isBinary) throw new Error("the other side sends sealed messages before it has shown who it is");
  const parsed = schema.safeParse(parseJson(bytes.toString("utf8")));
  if (!parsed.success) throw new Error("the other side speaks another protocol");
  return parsed.data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

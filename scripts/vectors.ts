// Writes test/vectors/*.json, which the TypeScript and the Solidity implementations must both pass.
// `tsx scripts/vectors.ts` writes them; a test compares the files with what this script makes.

import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { Wallet, concat, id, keccak256, toBeHex } from "ethers";
import { parseAddress, parseHex } from "../node/protocol/hex.js";
import { ReceiptTree, hashInner, hashLeaf } from "../node/protocol/receiptTree.js";
import type { PathNode, ReceiptLeaf } from "../node/protocol/receiptTree.js";
import { samplePoints } from "../node/protocol/sampling.js";
import { toWire } from "../node/protocol/schemas.js";
import * as typedData from "../node/protocol/typedData.js";
import type { Hex, TypedDataDomain, TypedMessage } from "../node/protocol/typedData.js";

/** An opening as the contract's harness takes it: `verify(root, total, sessionKey, bytesDelivered, quality, path)`. */
interface OpeningVector {
  readonly root: Hex;
  readonly total: bigint;
  readonly sessionKey: Hex;
  readonly bytesDelivered: bigint;
  readonly quality: number;
  readonly path: readonly PathNode[];
}

interface SubTree {
  readonly hash: Hex;
  readonly bytes: bigint;
}

/**
 * Session i of the tree of n: the bytes of keccak256(utf8("dTelecom receipt tree") ‖ uint32 n ‖ uint32 i) are the
 * session key (20 bytes), bytesDelivered − 1 (the next 5) and the quality (the next 4, mod 10,001).
 */
function sessionOf(sessions: number, index: number): ReceiptLeaf {
  const seed = concat([
    new TextEncoder().encode("dTelecom receipt tree"),
    toBeHex(sessions, 4),
    toBeHex(index, 4),
  ]);
  const bytes = keccak256(seed).slice(2);
  return {
    sessionKey: parseAddress(`0x${bytes.slice(0, 40)}`),
    bytesDelivered: BigInt(`0x${bytes.slice(40, 50)}`) + 1n,
    quality: Number(BigInt(`0x${bytes.slice(50, 58)}`) % 10_001n),
  };
}

function treeOf(sessions: number): ReceiptTree {
  return new ReceiptTree(Array.from({ length: sessions }, (_, index) => sessionOf(sessions, index)));
}

function openingOf(tree: ReceiptTree, point: bigint) {
  const { leaf, prefix, path } = tree.open(point);
  return { root: tree.root, total: tree.total, ...leaf, path, prefix };
}

function treeVector(sessions: number) {
  const tree = treeOf(sessions);
  const { leaves, total, root } = tree;
  const picked = sessions <= 7 ? leaves.keys() : [0, 1, 511, 512, 766, 998, 999].values();
  const starts = [...picked].map((index) =>
    leaves.slice(0, index).reduce((sum, leaf) => sum + leaf.bytesDelivered, 0n),
  );
  // The first and the last point of a leaf, so that an error by one shows.
  const points = [
    ...new Set([...starts, ...starts.filter((start) => start > 0n).map((start) => start - 1n), total - 1n]),
  ];
  points.sort((a, b) => (a < b ? -1 : 1));
  return {
    name: `${sessions} ${sessions === 1 ? "session" : "sessions"}`,
    sessions,
    root,
    total,
    leaves: leaves.map((leaf) => [leaf.sessionKey, leaf.bytesDelivered, leaf.quality]),
    openings: points.map((point) => ({ point, ...openingOf(tree, point) })),
  };
}

const key = (value: number) => parseAddress(toBeHex(value, 20));
const leafOf = (sessionKey: number, bytesDelivered: bigint): ReceiptLeaf => ({
  sessionKey: key(sessionKey),
  bytesDelivered,
  quality: 9_000,
});
const subTree = (leaf: ReceiptLeaf): SubTree => ({ hash: hashLeaf(leaf), bytes: leaf.bytesDelivered });
const parent = (left: SubTree, right: SubTree, separator: number): SubTree => ({
  hash: hashInner(left, right, key(separator)),
  bytes: BigInt.asUintN(64, left.bytes + right.bytes),
});
const step = (sibling: SubTree, separator: number, siblingIsLeft: boolean): PathNode => ({
  siblingHash: sibling.hash,
  siblingBytes: sibling.bytes,
  separator: key(separator),
  siblingIsLeft,
});

/** Openings that must be refused: of honest trees with something changed, and of trees built to deceive. */
function forgedVectors() {
  const seven = treeOf(7);
  const honest = openingOf(seven, seven.total / 2n);
  const other = seven.leaves.find((leaf) => leaf.sessionKey !== honest.sessionKey);
  const [first, ...above] = honest.path;
  if (other === undefined || first === undefined)
    throw new Error("a tree of seven has other leaves and a path");

  const a = leafOf(0x100, 1_000n);
  const b = leafOf(0x200, 2_000n);
  const c = leafOf(0x300, 3_000n);

  // The same session at both ends of a tree of four, under separators that let the first one open.
  const low = parent(subTree(a), subTree(b), 0x200);
  const high = parent(subTree(b), subTree(c), 0x300);
  const raisedSeparator = parent(low, high, 0x300);
  const honestSeparator = parent(low, high, 0x200);
  const swapped = parent(subTree(b), subTree(a), 0x200);
  const outOfOrder = parent(subTree(b), subTree(a), 0x300);
  const inflated: SubTree = { hash: hashLeaf(a), bytes: 5_000n };
  const inflatedRoot = parent(inflated, subTree(b), 0x200);
  const huge = leafOf(0x100, (1n << 64n) - 100n);
  const small = leafOf(0x200, 200n);
  const wrapped = parent(subTree(huge), subTree(small), 0x200);
  const innerPreimage = concat([
    "0x01",
    subTree(a).hash,
    toBeHex(a.bytesDelivered, 8),
    subTree(b).hash,
    toBeHex(b.bytesDelivered, 8),
    key(0x200),
  ]);
  const untagged: SubTree = {
    hash: parseHex(keccak256(`0x${innerPreimage.slice(4)}`), 32),
    bytes: a.bytesDelivered + b.bytesDelivered,
  };
  const leafAsInner = parseHex(
    keccak256(`0x01${a.sessionKey.slice(2)}${toBeHex(1_000n, 8).slice(2)}2328`),
    32,
  );

  const built = (name: string, reason: string, root: SubTree, leaf: ReceiptLeaf, path: PathNode[]) => ({
    name,
    reason,
    root: root.hash,
    total: root.bytes,
    ...leaf,
    path,
  });
  const changed = (name: string, reason: string, change: Partial<OpeningVector>) => {
    const { prefix: _, ...opening } = honest;
    return { name, reason, ...opening, ...change };
  };

  return [
    changed("wrong total", "total_mismatch", { total: honest.total + 1n }),
    changed("wrong root", "root_mismatch", { root: treeOf(3).root }),
    changed("wrong sum: a sibling's bytes raised", "root_mismatch", {
      path: [{ ...first, siblingBytes: first.siblingBytes + 1n }, ...above],
    }),
    changed("wrong sum: bytes moved from a sibling to the leaf", "root_mismatch", {
      bytesDelivered: honest.bytesDelivered + 1n,
      path: [{ ...first, siblingBytes: first.siblingBytes - 1n }, ...above],
    }),
    built("wrong sum: the root counts more than the leaf has", "root_mismatch", inflatedRoot, a, [
      step(subTree(b), 0x200, false),
    ]),
    built("wrong sum: the same tree, the other leaf over the true sum", "root_mismatch", inflatedRoot, b, [
      step(subTree(a), 0x200, true),
    ]),
    changed("another's leaf under this path", "root_mismatch", {
      ...other,
      path: sidesFor(other.sessionKey, honest.path),
    }),
    changed("another's receipt: other bytes", "root_mismatch", { bytesDelivered: other.bytesDelivered }),
    changed("another's receipt: other quality", "root_mismatch", { quality: (honest.quality + 1) % 10_001 }),
    changed("sides swapped", "separator_broken", {
      path: [{ ...first, siblingIsLeft: !first.siblingIsLeft }, ...above],
    }),
    changed("broken separator: another one under the honest root", "root_mismatch", {
      path: [{ ...first, separator: separatorBeside(honest.sessionKey, first) }, ...above],
    }),
    built("broken separator: a left leaf at it", "separator_broken", swapped, b, [
      step(subTree(a), 0x200, false),
    ]),
    built("broken separator: a right leaf below it", "separator_broken", outOfOrder, a, [
      step(subTree(b), 0x300, true),
    ]),
    built("a key twice, the second one opened", "separator_broken", raisedSeparator, b, [
      step(subTree(c), 0x300, false),
      step(low, 0x300, true),
    ]),
    built("a key twice, the first one opened", "separator_broken", honestSeparator, b, [
      step(subTree(a), 0x200, true),
      step(high, 0x200, false),
    ]),
    built(
      "a key twice, side by side",
      "separator_broken",
      parent(subTree(b), { hash: hashLeaf(b), bytes: b.bytesDelivered }, 0x200),
      b,
      [step(subTree(b), 0x200, false)],
    ),
    built(
      "inner node as leaf: its sum, its separator as the key",
      "root_mismatch",
      parent(low, subTree(c), 0x300),
      leafOf(0x200, low.bytes),
      [step(subTree(c), 0x300, false)],
    ),
    built("inner node hashed without its tag", "root_mismatch", untagged, a, [
      step(subTree(b), 0x200, false),
    ]),
    built(
      "leaf hashed with the tag of an inner node",
      "root_mismatch",
      parent({ hash: leafAsInner, bytes: 1_000n }, subTree(b), 0x200),
      a,
      [step(subTree(b), 0x200, false)],
    ),
    changed("path too short", "root_mismatch", { path: honest.path.slice(0, -1) }),
    changed("path too long", "root_mismatch", {
      path: [...honest.path, { ...first, separator: key(1), siblingIsLeft: true }],
    }),
    changed("no path", "root_mismatch", { path: [] }),
    built("sum overflow: a small total, a session of almost 2^64 bytes", "sum_overflow", wrapped, small, [
      step(subTree(huge), 0x200, true),
    ]),
    built("sum overflow: the same tree, the huge session opened", "sum_overflow", wrapped, huge, [
      step(subTree(small), 0x200, false),
    ]),
  ];
}

/** The path with its sides set so that another key passes the separators. */
function sidesFor(sessionKey: Hex, path: readonly PathNode[]): PathNode[] {
  return path.map((node) => ({ ...node, siblingIsLeft: BigInt(sessionKey) >= BigInt(node.separator) }));
}

/** A separator that is not the path's own, but on the same side of the key. */
function separatorBeside(sessionKey: Hex, node: PathNode): Hex {
  const separator = BigInt(node.separator);
  return parseAddress(toBeHex(BigInt(sessionKey) >= separator ? separator - 1n : separator + 1n, 20));
}

export function receiptTreeVectors() {
  return {
    about: [
      "leaf = keccak256(0x00, sessionKey(20), bytes(8), quality(2));",
      "inner = keccak256(0x01, leftHash(32), leftBytes(8), rightHash(32), rightBytes(8), separator(20)).",
      "trees[].leaves are [sessionKey, bytesDelivered, quality]; session i of the tree of n has the bytes of",
      "keccak256(utf8('dTelecom receipt tree'), uint32 n, uint32 i): sessionKey (20), bytesDelivered - 1 (5),",
      "quality mod 10001 (4). Counts of 64 bits are decimal strings. forged[].reason is the fault that the",
      "TypeScript implementation names; the contract must revert.",
    ].join(" "),
    trees: [1, 2, 3, 7, 1_000].map(treeVector),
    forged: forgedVectors(),
  };
}

export function samplingVectors() {
  const vector = (seed: Hex, nodeId: bigint, epoch: number, bytesDelivered: bigint, samples: number) => ({
    seed,
    nodeId,
    epoch,
    bytesDelivered,
    samples,
    points: samplePoints(seed, nodeId, epoch, bytesDelivered, samples),
  });
  const lanes = parseHex(
    `0x${[0, 1, 2, 3, 4, 5, 6, 7].map((lane) => toBeHex(lane, 4).slice(2)).join("")}`,
    32,
  );
  return {
    about: "point j = uint256(keccak256(abi.encode(lane j mod 8, j, nodeId, epoch, 1))) mod bytesDelivered",
    vectors: [
      vector(parseHex(id("dTelecom seed"), 32), 1n, 0, 1n, 4),
      vector(parseHex(id("dTelecom seed"), 32), 1n, 7, 123_456_789n, 4),
      vector(parseHex(id("dTelecom seed"), 32), 2n, 7, 123_456_789n, 16),
      vector(lanes, 3n, 255, (1n << 64n) - 1n, 16),
    ],
  };
}

export async function typedDataVectors() {
  const chainId = 33_380n;
  const wallet = new Wallet(id("dTelecom test vectors"));
  const signer = parseAddress(wallet.address);
  const service = typedData.typedDataDomain(chainId, key(0xa1));
  const payment = typedData.typedDataDomain(chainId, key(0xa2));
  const vector = async <T extends object>(message: TypedMessage<T>, domain: TypedDataDomain, value: T) => {
    const signature = await message.sign(wallet, domain, value);
    return {
      type: message.name,
      domain,
      value,
      digest: message.digest(domain, value),
      signature,
      compact: typedData.toCompactSignature(signature),
    };
  };
  return {
    about: "EIP-712 digests and signatures by one key; `compact` is ERC-2098",
    signer,
    vectors: [
      await vector(typedData.accessGrant, service, {
        app: key(0xb1),
        sessionKey: key(0xb2),
        room: typedData.roomHash("stand-up"),
        maxBytesPerEpoch: 1_000_000_000n,
        expiresAt: 1_900_000_000n,
        detailsHash: typedData.detailsHash('{"identity":"ada"}'),
      }),
      await vector(typedData.sessionReceipt, service, {
        nodeId: 3n,
        epoch: 42,
        bytesDelivered: 123_456_789n,
        quality: 9_512,
      }),
      await vector(typedData.attestation, service, {
        nodeId: 3n,
        epoch: 42,
        receiptRoot: treeOf(7).root,
        bytesDelivered: treeOf(7).total,
        sessions: 7,
        auditCommitment: toZero(),
      }),
      await vector(typedData.voucher, payment, {
        app: key(0xb1),
        nodeId: 3n,
        cumulativeAmount: 5_000_000_000n,
        cumulativeScore: 4_000_000_000n,
      }),
    ],
  };
}

function toZero(): Hex {
  return parseHex(toBeHex(0, 32), 32);
}

/** Indents down to where an entry is one session or one step of a path, and keeps those on one line. */
function stringify(value: unknown, indent = ""): string {
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    if (value.length === 0 || value.every((item) => typeof item !== "object")) return JSON.stringify(value);
    return `[\n${value.map((item) => inner + stringify(item, inner)).join(",\n")}\n${indent}]`;
  }
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value);
    if (entries.every(([, item]) => typeof item !== "object")) return JSON.stringify(value);
    return `{\n${entries.map(([name, item]) => `${inner}${JSON.stringify(name)}: ${stringify(item, inner)}`).join(",\n")}\n${indent}}`;
  }
  return JSON.stringify(value);
}

/** File name below test/vectors → content. */
export async function vectorFiles(): Promise<Record<string, string>> {
  const text = (value: unknown) => `${stringify(toWire(value))}\n`;
  return {
    "receipt-tree.json": text(receiptTreeVectors()),
    "sampling.json": text(samplingVectors()),
    "typed-data.json": text(await typedDataVectors()),
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, content] of Object.entries(await vectorFiles())) {
    await writeFile(new URL(`../test/vectors/${name}`, import.meta.url), content);
    console.log(`test/vectors/${name}: ${content.length} bytes`);
  }
}

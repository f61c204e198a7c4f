import { getBytes, hexlify } from "ethers";
import { FULL_QUALITY, MAX_UINT64 } from "./amounts.js";
import { parseHex } from "./hex.js";
import type { Address, Hex } from "./hex.js";
import { keccakBytes } from "./keccak.js";

/** A session in the tree: its highest receipt of the epoch. */
export interface ReceiptLeaf {
  readonly sessionKey: Address;
  readonly bytesDelivered: bigint;
  /** 0 to 10,000. */
  readonly quality: number;
}

/** One step from a leaf towards the root; the shape that `ServiceTypes.sol` gives it. */
export interface PathNode {
  readonly siblingHash: Hex;
  readonly siblingBytes: bigint;
  /** Smallest session key of the right subtree: left of the parent's middle all keys are below it. */
  readonly separator: Address;
  readonly siblingIsLeft: boolean;
}

/** The leaf whose bytes cover a point, and how it hangs in the tree. */
export interface TreeOpening<L extends ReceiptLeaf = ReceiptLeaf> {
  readonly leaf: L;
  /** Bytes of all leaves left of it. */
  readonly prefix: bigint;
  /** From the leaf's parent up to the root. */
  readonly path: readonly PathNode[];
}

export type ReceiptTreeFault =
  | "duplicate_key"
  | "sum_overflow"
  | "invalid_leaf"
  | "separator_broken"
  | "root_mismatch"
  | "total_mismatch"
  | "point_out_of_range";

/** A tree that cannot be built, or an opening that does not belong to the tree it claims. */
export class ReceiptTreeError extends Error {
  constructor(
    readonly fault: ReceiptTreeFault,
    message: string,
  ) {
    super(message);
    this.name = "ReceiptTreeError";
  }
}

/** Root of the tree without sessions. */
export const EMPTY_ROOT: Hex = `0x${"00".repeat(32)}`;

interface SubTree {
  /** 32 bytes: text would cost more than the hashing. */
  readonly hash: Uint8Array;
  readonly bytes: bigint;
  readonly smallestKey: Address;
}

const HASH_BYTES = 32;
const KEY_BYTES = 20;
const SUM_BYTES = 8;
const LEAF_BYTES = 1 + KEY_BYTES + SUM_BYTES + 2;
const INNER_BYTES = 1 + 2 * (HASH_BYTES + SUM_BYTES) + KEY_BYTES;

/** leaf = keccak256(0x00 ‖ sessionKey(20) ‖ bytes(8) ‖ quality(2)). */
export function hashLeaf(leaf: ReceiptLeaf): Hex {
  return hexOf(leafHash(leaf));
}

/** inner = keccak256(0x01 ‖ leftHash(32) ‖ leftBytes(8) ‖ rightHash(32) ‖ rightBytes(8) ‖ separator(20)). */
export function hashInner(
  left: { hash: Hex; bytes: bigint },
  right: { hash: Hex; bytes: bigint },
  separator: Address,
): Hex {
  return hexOf(
    innerHash(
      { hash: getBytes(left.hash), bytes: left.bytes },
      { hash: getBytes(right.hash), bytes: right.bytes },
      separator,
    ),
  );
}

function leafHash({ sessionKey, bytesDelivered, quality }: ReceiptLeaf): Uint8Array {
  const preimage = new Uint8Array(LEAF_BYTES);
  const view = new DataView(preimage.buffer);
  writeKey(preimage, 1, sessionKey);
  view.setBigUint64(1 + KEY_BYTES, bytesDelivered);
  view.setUint16(1 + KEY_BYTES + SUM_BYTES, quality);
  return keccakBytes(preimage);
}

function innerHash(
  left: { hash: Uint8Array; bytes: bigint },
  right: { hash: Uint8Array; bytes: bigint },
  separator: Address,
): Uint8Array {
  const preimage = new Uint8Array(INNER_BYTES);
  const view = new DataView(preimage.buffer);
  let at = 0;
  preimage[at++] = 1;
  for (const { hash, bytes } of [left, right]) {
    preimage.set(hash, at);
    view.setBigUint64(at + HASH_BYTES, bytes);
    at += HASH_BYTES + SUM_BYTES;
  }
  writeKey(preimage, at, separator);
  return keccakBytes(preimage);
}

function writeKey(target: Uint8Array, offset: number, key: Address): void {
  for (let index = 0; index < KEY_BYTES; index++) {
    const at = 2 + 2 * index;
    target[offset + index] = (digitOf(key.charCodeAt(at)) << 4) | digitOf(key.charCodeAt(at + 1));
  }
}

/** The value of a hexadecimal digit: 0-9, then letters of either case. */
function digitOf(code: number): number {
  return code < 58 ? code - 48 : (code & 0xdf) - 55;
}

function hexOf(hash: Uint8Array): Hex {
  return parseHex(hexlify(hash), HASH_BYTES);
}

/**
 * Merkle sum search tree over the sessions of a node's epoch, in the order of their keys. Each inner node commits to
 * both children's hashes and sums and to a separator, so the root fixes the total and a session counted twice fails
 * to open. Levels are built from the leaves up; an odd last node is promoted unchanged. Sessions without bytes are
 * left out.
 */
export class ReceiptTree<L extends ReceiptLeaf = ReceiptLeaf> {
  readonly #levels: SubTree[][];
  readonly #leaves: readonly L[];
  readonly #prefixes: readonly bigint[];
  /** Sum of all leaves. */
  readonly total: bigint;

  /** @throws ReceiptTreeError (`invalid_leaf`, `duplicate_key`, `sum_overflow`). */
  constructor(leaves: Iterable<L>) {
    this.#leaves = sortedLeaves(leaves);
    const prefixes: bigint[] = [];
    let total = 0n;
    for (const leaf of this.#leaves) {
      prefixes.push(total);
      total += leaf.bytesDelivered;
    }
    if (total > MAX_UINT64) {
      throw new ReceiptTreeError(
        "sum_overflow",
        `the sessions' bytes sum up to ${total}, more than 64 bits hold`,
      );
    }
    this.total = total;
    this.#prefixes = prefixes;
    this.#levels = buildLevels(this.#leaves);
  }

  /** Root hash; `EMPTY_ROOT` without sessions. */
  get root(): Hex {
    const hash = this.#levels.at(-1)?.[0]?.hash;
    return hash === undefined ? EMPTY_ROOT : hexOf(hash);
  }

  /** Number of leaves. */
  get sessions(): number {
    return this.#leaves.length;
  }

  /** The leaves in the order of their keys. */
  get leaves(): readonly L[] {
    return this.#leaves;
  }

  /**
   * Opens the leaf whose range [prefix, prefix + bytes) contains a point.
   * @throws ReceiptTreeError (`point_out_of_range`) unless 0 ≤ point < total.
   */
  open(point: bigint): TreeOpening<L> {
    const index = this.#indexAt(point);
    const leaf = this.#leaves[index];
    const prefix = this.#prefixes[index];
    if (leaf === undefined || prefix === undefined) {
      throw new ReceiptTreeError("point_out_of_range", `point ${point} is not in [0, ${this.total})`);
    }
    return { leaf, prefix, path: this.#pathOf(index) };
  }

  #indexAt(point: bigint): number {
    if (point < 0n || point >= this.total) return -1;
    let low = 0;
    let high = this.#leaves.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#prefixes[middle] ?? 0n) <= point) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #pathOf(leafIndex: number): PathNode[] {
    const path: PathNode[] = [];
    let index = leafIndex;
    for (const level of this.#levels) {
      const node = level[index];
      const sibling = level[index ^ 1];
      if (node !== undefined && sibling !== undefined) {
        const siblingIsLeft = index % 2 === 1;
        path.push({
          siblingHash: hexOf(sibling.hash),
          siblingBytes: sibling.bytes,
          separator: siblingIsLeft ? node.smallestKey : sibling.smallestKey,
          siblingIsLeft,
        });
      }
      index >>= 1;
    }
    return path;
  }
}

/** A step of a path as the contracts take it: siblingIsLeft 1 bit (the highest) | unused 31 | separator 160 | bytes 64. */
export function toContractPathNode(node: PathNode): { siblingHash: Hex; step: bigint } {
  const side = node.siblingIsLeft ? 1n << 255n : 0n;
  return {
    siblingHash: node.siblingHash,
    step: side | (BigInt(node.separator) << 64n) | node.siblingBytes,
  };
}

/**
 * Checks that a leaf belongs to the tree with this root and total.
 * @returns Bytes of all leaves left of it.
 * @throws ReceiptTreeError saying what does not hold.
 */
export function verifyOpening(
  root: Hex,
  total: bigint,
  leaf: ReceiptLeaf,
  path: readonly PathNode[],
): bigint {
  checkLeaf(leaf);
  const key = BigInt(leaf.sessionKey);
  let hash = hashLeaf(leaf);
  let bytes = leaf.bytesDelivered;
  let prefix = 0n;
  for (const [depth, { siblingHash, siblingBytes, separator, siblingIsLeft }] of path.entries()) {
    if (siblingIsLeft !== key >= BigInt(separator)) {
      const side = siblingIsLeft ? "right of" : "left of";
      throw new ReceiptTreeError(
        "separator_broken",
        `session ${leaf.sessionKey} is ${side} the separator ${separator} at depth ${depth}, against the order of keys`,
      );
    }
    const sibling = { hash: siblingHash, bytes: siblingBytes };
    const sum = bytes + checkedUint64(siblingBytes);
    if (sum > MAX_UINT64) {
      throw new ReceiptTreeError("sum_overflow", `the sums at depth ${depth} exceed 64 bits`);
    }
    hash = siblingIsLeft
      ? hashInner(sibling, { hash, bytes }, separator)
      : hashInner({ hash, bytes }, sibling, separator);
    if (siblingIsLeft) prefix += siblingBytes;
    bytes = sum;
  }
  if (hash !== root.toLowerCase()) {
    throw new ReceiptTreeError(
      "root_mismatch",
      `the opening of ${leaf.sessionKey} leads to ${hash}, not ${root}`,
    );
  }
  if (bytes !== total) {
    throw new ReceiptTreeError(
      "total_mismatch",
      `the opening of ${leaf.sessionKey} sums up to ${bytes}, not ${total}`,
    );
  }
  return prefix;
}

function sortedLeaves<L extends ReceiptLeaf>(leaves: Iterable<L>): L[] {
  const keyed: { order: string; leaf: L }[] = [];
  for (const leaf of leaves) {
    checkLeaf(leaf);
    // Keys of one length in lower case sort as the numbers they are.
    if (leaf.bytesDelivered > 0n) keyed.push({ order: leaf.sessionKey.toLowerCase(), leaf });
  }
  keyed.sort((a, b) => (a.order < b.order ? -1 : a.order > b.order ? 1 : 0));
  for (const [index, { order, leaf }] of keyed.entries()) {
    if (index > 0 && keyed[index - 1]?.order === order) {
      throw new ReceiptTreeError("duplicate_key", `session ${leaf.sessionKey} is there twice`);
    }
  }
  return keyed.map(({ leaf }) => leaf);
}

function buildLevels(leaves: readonly ReceiptLeaf[]): SubTree[][] {
  let level = leaves.map((leaf): SubTree => ({
    hash: leafHash(leaf),
    bytes: leaf.bytesDelivered,
    smallestKey: leaf.sessionKey,
  }));
  const levels = [level];
  while (level.length > 1) {
    const parents: SubTree[] = [];
    for (let index = 0; index < level.length; index += 2) {
      const left = level[index];
      const right = level[index + 1];
      if (left === undefined) continue;
      if (right === undefined) parents.push(left);
      else {
        parents.push({
          hash: innerHash(left, right, right.smallestKey),
          bytes: left.bytes + right.bytes,
          smallestKey: left.smallestKey,
        });
      }
    }
    levels.push(parents);
    level = parents;
  }
  return levels;
}

function checkLeaf(leaf: ReceiptLeaf): void {
  const { sessionKey, bytesDelivered, quality } = leaf;
  checkedUint64(bytesDelivered);
  if (!Number.isInteger(quality) || quality < 0 || quality > FULL_QUALITY) {
    throw new ReceiptTreeError(
      "invalid_leaf",
      `session ${sessionKey} has the quality ${quality}, not 0 to 10,000`,
    );
  }
}

function checkedUint64(bytes: bigint): bigint {
  if (bytes < 0n || bytes > MAX_UINT64) {
    throw new ReceiptTreeError("invalid_leaf", `${bytes} is not a byte count of 64 bits`);
  }
  return bytes;
}

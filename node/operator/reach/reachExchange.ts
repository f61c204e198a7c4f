import { keccak256 } from "ethers";
import { z } from "zod";
import { parseHex } from "../../protocol/hex.js";
import type { Hex } from "../../protocol/hex.js";
import { uint256Schema } from "../../protocol/schemas.js";

// How a node asks another one whether its media ports can be reached: POST /reach on the other's public port, the
// operator key's signature of a `NodeRequest` over the body's exact bytes in headers. The other sends STUN binding
// requests to the address that the request came from, never anywhere else, and answers what came of them.

export const REACH_PATH = "/reach";
export const REACH_HEADERS = {
  /** Unix time in seconds at which the request was signed. */
  issuedAt: "dtelecom-issued-at",
  /** The operator key's signature of the `NodeRequest`. */
  signature: "dtelecom-signature",
} as const;
/** Requests older or newer than this by the asked node's clock are refused. */
export const REACH_REQUEST_MAX_AGE_SECONDS = 60;
/** UDP and TCP of 16 workers; a node with more asks for a part of them. */
export const MAX_REACH_TARGETS = 32;
export const MAX_REACH_BODY_BYTES = 16 * 1024;
/** How long the asked node waits for an answer to its STUN requests. */
export const STUN_TIMEOUT_MS = 3_000;

export const reachRequestSchema = z.strictObject({
  fromNodeId: uint256Schema,
  toNodeId: uint256Schema,
  targets: z
    .array(
      z.strictObject({
        protocol: z.enum(["udp", "tcp"]),
        port: z.int().min(1).max(65_535),
        usernameFragment: z.string().min(4).max(256),
        password: z.string().min(22).max(256),
      }),
    )
    .min(1)
    .max(MAX_REACH_TARGETS),
});
export type ReachRequest = z.infer<typeof reachRequestSchema>;

export const reachAnswerSchema = z.strictObject({
  /** Where the request came from, and where the binding requests went. */
  address: z.string().max(64),
  results: z
    .array(
      z.strictObject({
        protocol: z.enum(["udp", "tcp"]),
        port: z.int().min(1).max(65_535),
        reached: z.boolean(),
        roundTripMs: z.number().nonnegative().optional(),
        /** Why it was not reached. */
        error: z.string().max(300).optional(),
      }),
    )
    .max(MAX_REACH_TARGETS),
});
export type ReachAnswer = z.infer<typeof reachAnswerSchema>;

/** What `NodeRequest.bodyHash` binds: keccak256 of the body's bytes. */
export function reachBodyHash(body: Uint8Array): Hex {
  return parseHex(keccak256(body), 32);
}

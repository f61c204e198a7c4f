import type { EpochClock } from "../protocol/epochClock.js";
import { parseGrantDetails } from "../protocol/grantDetails.js";
import type { GrantDetails } from "../protocol/grantDetails.js";
import type { Address } from "../protocol/hex.js";
import { JoinRefused } from "../protocol/refusals.js";
import { InvalidSignature, accessGrant, detailsHash, joinProof, roomHash } from "../protocol/typedData.js";
import type { TypedDataDomain } from "../protocol/typedData.js";
import type { JoinClaim } from "../signaling/admission.js";

export interface JoinContext {
  readonly nodeId: bigint;
  readonly domain: TypedDataDomain;
  readonly clock: EpochClock;
  readonly nowMs: number;
}

export interface CheckedJoin {
  readonly details: GrantDetails;
  /** Who signed the grant; whether it may is for the chain to say. */
  readonly grantSigner: Address;
}

/**
 * Checks everything about a claim that needs neither chain nor state.
 * @throws JoinRefused
 */
export function checkJoin(claim: JoinClaim, { nodeId, domain, clock, nowMs }: JoinContext): CheckedJoin {
  const { grant, room } = claim;
  const epochStart = clock.startOf(clock.currentEpoch(nowMs));
  if (grant.expiresAt * 1_000n <= BigInt(nowMs) || grant.expiresAt <= BigInt(epochStart)) {
    throw new JoinRefused(
      "grant_expired",
      `the grant expired at Unix time ${grant.expiresAt} s; ask the app for a new one`,
    );
  }
  if (roomHash(room) !== grant.room.toLowerCase()) {
    throw new JoinRefused(
      "grant_room_mismatch",
      `the grant is for another room than "${room.slice(0, 100)}"`,
    );
  }
  const details = readDetails(claim);
  if (grant.maxBytesPerEpoch === 0n) {
    throw new JoinRefused("grant_limit_reached", "the grant allows no bytes");
  }
  const grantSigner = recovered("grant_signature_invalid", () =>
    accessGrant.recover(domain, grant, claim.grantSignature),
  );
  const joiner = recovered("join_signature_invalid", () =>
    joinProof.recover(domain, { nodeId, room: grant.room, nonce: claim.nonce }, claim.joinSignature),
  );
  if (joiner !== grant.sessionKey) {
    throw new JoinRefused(
      "join_signature_invalid",
      `the join was signed by ${joiner}, the grant is for the session key ${grant.sessionKey}`,
    );
  }
  return { details, grantSigner };
}

function readDetails({ details, grant }: JoinClaim): GrantDetails {
  if (detailsHash(details) !== grant.detailsHash.toLowerCase()) {
    throw new JoinRefused("grant_details_mismatch", "the details are not the ones that the grant binds");
  }
  try {
    return parseGrantDetails(details);
  } catch (error) {
    if (error instanceof RangeError) throw new JoinRefused("grant_details_invalid", error.message);
    throw error;
  }
}

function recovered(
  code: "grant_signature_invalid" | "join_signature_invalid",
  recover: () => Address,
): Address {
  try {
    return recover();
  } catch (error) {
    if (error instanceof InvalidSignature) throw new JoinRefused(code, error.message);
    throw error;
  }
}

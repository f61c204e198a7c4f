import { parseGrantDetails } from "../protocol/grantDetails.js";
import type { GrantDetails } from "../protocol/grantDetails.js";
import type { Address, Hex } from "../protocol/hex.js";
import type { Membership } from "../protocol/nodeLink.js";
import { accessGrant, detailsHash, grantId, joinProof } from "../protocol/typedData.js";
import type { TypedDataDomain } from "../protocol/typedData.js";
import { LinkError } from "./linkError.js";

/** A room as nodes name it. */
export interface RoomName {
  readonly app: Address;
  /** `roomHash(name)`. */
  readonly hash: Hex;
}

export interface MembershipCheckOptions {
  readonly domain: TypedDataDomain;
  /** Whether a key signs for an app now. Rejects where nobody can tell. */
  readonly isAppSigner: (app: Address, signer: Address) => Promise<boolean>;
  /** Unix time in milliseconds. */
  readonly now?: () => number;
}

/** Memberships that were found good are shown again after each break of a link. */
const MAX_REMEMBERED = 10_000;

/**
 * Checks what another node shows of its participants: that the app let this session key into this room, and that its
 * holder signed to join at that very node. So a node can claim nobody who has not come to it.
 */
export class MembershipCheck {
  readonly #options: MembershipCheckOptions;
  readonly #good = new Set<string>();

  constructor(options: MembershipCheckOptions) {
    this.#options = options;
  }

  /** Whether a membership costs no signature checks. */
  remembers(membership: Membership, nodeId: bigint): boolean {
    return this.#good.has(keyOf(membership, nodeId));
  }

  /** @throws LinkError `membership_invalid`; whatever `isAppSigner` rejects with. */
  async check(membership: Membership, room: RoomName, nodeId: bigint): Promise<void> {
    const { grant, grantSignature, nonce, joinSignature } = membership;
    const { domain, isAppSigner, now = Date.now } = this.#options;
    if (grant.app !== room.app || grant.room !== room.hash) throw invalid("the grant is for another room");
    if (grant.expiresAt * 1_000n <= BigInt(now())) throw invalid("the grant has expired");
    const key = keyOf(membership, nodeId);
    if (this.#good.has(key)) return;
    const joined = recovered(() =>
      joinProof.recover(domain, { nodeId, room: grant.room, nonce }, joinSignature),
    );
    if (joined !== grant.sessionKey)
      throw invalid(`${grant.sessionKey} did not sign to join at node ${nodeId}`);
    const signer = recovered(() => accessGrant.recover(domain, grant, grantSignature));
    if (signer === undefined) throw invalid("the signature of the grant is malformed");
    if (!(await isAppSigner(grant.app, signer)))
      throw invalid(`${signer} does not sign for the app ${grant.app}`);
    const [oldest] = this.#good;
    if (this.#good.size >= MAX_REMEMBERED && oldest !== undefined) this.#good.delete(oldest);
    this.#good.add(key);
  }

  /** The details that a grant binds. @throws LinkError `membership_invalid`. */
  details({ grant }: Membership, text: string): GrantDetails {
    if (detailsHash(text) !== grant.detailsHash) throw invalid("the details are not those of the grant");
    let details: GrantDetails;
    try {
      details = parseGrantDetails(text);
    } catch (error) {
      throw invalid(error instanceof Error ? error.message : String(error));
    }
    if (!details.permissions.join) throw invalid("the grant does not let its holder into the room");
    if (details.audit) throw invalid("an audit concerns one node only");
    return details;
  }
}

function keyOf({ grant, grantSignature, nonce, joinSignature }: Membership, nodeId: bigint): string {
  return [nodeId, grantId(grant), grantSignature, nonce, joinSignature].join(" ");
}

function recovered(recover: () => Address): Address | undefined {
  try {
    return recover();
  } catch {
    return undefined;
  }
}

function invalid(reason: string): LinkError {
  return new LinkError("membership_invalid", reason);
}

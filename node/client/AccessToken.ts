import { parseGrantDetails } from "../protocol/grantDetails.js";
import type { GrantDetails, PermissionsInput } from "../protocol/grantDetails.js";
import { parseAddress } from "../protocol/hex.js";
import { toWire } from "../protocol/schemas.js";
import { accessGrant, detailsHash, roomHash } from "../protocol/typedData.js";
import type { Address, TypedDataDomain, TypedDataSigner } from "../protocol/typedData.js";
import type { RoomToken } from "./roomToken.js";

export interface AccessTokenOptions {
  /** The account that pays: the app in `PaymentEscrow`. */
  readonly app: Address;
  /** One of the signer keys that the app registered; an ethers `Wallet` is one. */
  readonly signerKey: TypedDataSigner;
  /** `ServiceAttestations` of the network that the token is for. */
  readonly domain: TypedDataDomain;
}

export interface IssueOptions extends Pick<GrantDetails, "identity"> {
  /** The participant's own ephemeral key; the participant proves to the node that it has it. */
  readonly sessionKey: Address;
  readonly room: string;
  /** How long the participant may join. */
  readonly ttlSeconds: number;
  /** Most bytes the app pays for this participant in one epoch. */
  readonly maxBytesPerEpoch: bigint;
  readonly name?: string | undefined;
  readonly metadata?: string | undefined;
  readonly permissions?: PermissionsInput | undefined;
  /** Where the app's `VoucherEndpoint` listens. */
  readonly voucherUrl: string;
  /** Where the app is told what happens in the room; see `verifyWebhook`. */
  readonly webhookUrl?: string | undefined;
  /** Nodes that may keep a room of several nodes together, by id, best first; the same for all of a room. */
  readonly homes?: readonly bigint[] | undefined;
  /** Unix time in milliseconds. */
  readonly nowMs?: number | undefined;
}

/** Issues tokens that let participants into rooms; for an app's backend, since it holds one of the app's keys. */
export class AccessToken {
  readonly #options: AccessTokenOptions;

  constructor(options: AccessTokenOptions) {
    this.#options = { ...options, app: parseAddress(options.app) };
  }

  /** @throws RangeError saying which of the values cannot be. */
  async issue(options: IssueOptions): Promise<RoomToken> {
    const { room, ttlSeconds, maxBytesPerEpoch, nowMs = Date.now() } = options;
    const { identity, name, metadata, permissions, voucherUrl, webhookUrl, homes } = options;
    if (!Number.isInteger(ttlSeconds) || ttlSeconds <= 0) {
      throw new RangeError(`ttlSeconds is ${ttlSeconds}: expected a positive number of whole seconds`);
    }
    if (maxBytesPerEpoch <= 0n) {
      throw new RangeError(`maxBytesPerEpoch is ${maxBytesPerEpoch}: expected more than zero`);
    }
    const details = JSON.stringify(
      toWire({ identity, name, metadata, permissions, voucherUrl, webhookUrl, homes }),
    );
    parseGrantDetails(details);
    const grant = {
      app: this.#options.app,
      sessionKey: parseAddress(options.sessionKey),
      room: roomHash(room),
      maxBytesPerEpoch,
      expiresAt: BigInt(Math.floor(nowMs / 1_000) + ttlSeconds),
      detailsHash: detailsHash(details),
    };
    const grantSignature = await accessGrant.sign(this.#options.signerKey, this.#options.domain, grant);
    return { grant, grantSignature, details };
  }
}

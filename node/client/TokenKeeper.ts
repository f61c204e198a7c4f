import { parseGrantDetails } from "../protocol/grantDetails.js";
import type { Permissions } from "../protocol/grantDetails.js";
import { roomHash } from "../protocol/typedData.js";
import type { ConnectOptions } from "./connectOptions.js";
import { Disconnected } from "./errors.js";
import type { RoomToken } from "./roomToken.js";

/** Ends after which a token of the app's own making lets the participant in again. */
const RENEWABLE = new Set([
  "grant_expired",
  "grant_limit_reached",
  "grant_signer_revoked",
  "grant_signer_unknown",
]);

/** The token that lets the participant in, and how to get another one. */
export class TokenKeeper {
  readonly #options: Pick<ConnectOptions, "token" | "room" | "sessionKey" | "renewToken">;
  #token: RoomToken;
  /** Whether the present token was fetched in the same trouble: then another one would not help either. */
  #renewed = false;

  constructor(options: Pick<ConnectOptions, "token" | "room" | "sessionKey" | "renewToken">) {
    this.#options = options;
    this.#token = options.token;
  }

  get token(): RoomToken {
    return this.#token;
  }

  /** @throws RangeError where the token's details are not in shape. */
  get permissions(): Permissions {
    return parseGrantDetails(this.#token.details).permissions;
  }

  canRenew({ code }: Disconnected): boolean {
    return this.#options.renewToken !== undefined && RENEWABLE.has(code) && !this.#renewed;
  }

  /** A node has let the participant in with the token. */
  served(): void {
    this.#renewed = false;
  }

  /** Renews a token that has expired, where the app says how. */
  async assureFresh(): Promise<void> {
    const expired = new Disconnected("grant_expired", "the token has expired");
    const nowSeconds = BigInt(Math.floor(Date.now() / 1_000));
    if (this.#token.grant.expiresAt <= nowSeconds && this.canRenew(expired)) await this.renew(expired);
  }

  /** @throws Disconnected: as `reason` where the app could not be asked, which may be tried again; or for a wrong token. */
  async renew(reason: Disconnected): Promise<void> {
    const { renewToken, room, sessionKey } = this.#options;
    if (!renewToken) throw reason;
    let token: RoomToken;
    try {
      token = await renewToken(reason);
    } catch (cause) {
      throw new Disconnected(reason.code, `${reason.message}; no other token was to be had`, { cause });
    }
    const { grant } = token;
    if (
      grant.sessionKey.toLowerCase() !== sessionKey.address.toLowerCase() ||
      grant.room !== roomHash(room)
    ) {
      throw new Disconnected(
        "grant_room_mismatch",
        "renewToken gave a token for another room or session key",
      );
    }
    this.#token = token;
    this.#renewed = true;
  }
}

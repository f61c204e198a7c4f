import { JoinRefused } from "../protocol/refusals.js";
import { PublicUrlPolicy } from "./publicUrl.js";

/**
 * Where a node is willing to ask for vouchers. The URL comes from whoever holds an app's signer key, so it must not
 * lead the node into its own network.
 */
export class VoucherUrlPolicy {
  readonly #urls: PublicUrlPolicy;

  /**
   * @param allowPrivate Takes http and private addresses too: for a devnet.
   * @param resolve The addresses of a host; by the system's resolver unless given.
   */
  constructor(allowPrivate: boolean, resolve?: (host: string) => Promise<string[]>) {
    this.#urls = new PublicUrlPolicy({ protocols: ["https:"], allowPrivate, resolve });
  }

  /**
   * Checks what can be seen in the URL itself.
   * @throws JoinRefused
   */
  check(text: string): void {
    const fault = this.#urls.fault(text);
    if (fault !== undefined) throw refused(text, fault);
  }

  /**
   * Checks where the URL leads now.
   * @throws Error where a name cannot be resolved or leads into a private network.
   */
  async checkResolved(text: string): Promise<void> {
    const fault = await this.#urls.faultResolved(text);
    if (fault !== undefined) throw refused(text, fault);
  }
}

function refused(url: string, why: string): JoinRefused {
  return new JoinRefused(
    "grant_details_invalid",
    `the voucher endpoint ${url.slice(0, 200)} is not allowed: ${why}`,
  );
}

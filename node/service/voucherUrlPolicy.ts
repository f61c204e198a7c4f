import { lookup } from "node:dns/promises";
import { BlockList, isIP, isIPv6 } from "node:net";
import { JoinRefused } from "../protocol/refusals.js";

const PRIVATE = new BlockList();
for (const [network, prefix] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
] as const) {
  PRIVATE.addSubnet(network, prefix, "ipv4");
}
for (const [network, prefix] of [
  ["::", 127],
  ["64:ff9b::", 96],
  ["fc00::", 7],
  ["fe80::", 10],
  ["ff00::", 8],
] as const) {
  PRIVATE.addSubnet(network, prefix, "ipv6");
}

/**
 * Where a node is willing to ask for vouchers. The URL comes from whoever holds an app's signer key, so it must not
 * lead the node into its own network.
 */
export class VoucherUrlPolicy {
  readonly #allowPrivate: boolean;
  readonly #resolve: (host: string) => Promise<string[]>;

  /**
   * @param allowPrivate Takes http and private addresses too: for a devnet.
   * @param resolve The addresses of a host; by the system's resolver unless given.
   */
  constructor(allowPrivate: boolean, resolve: (host: string) => Promise<string[]> = addressesOf) {
    this.#allowPrivate = allowPrivate;
    this.#resolve = resolve;
  }

  /**
   * Checks what can be seen in the URL itself.
   * @throws JoinRefused
   */
  check(text: string): void {
    const url = URL.parse(text);
    if (url === null) throw refused(text, "it is no URL");
    if (url.username !== "" || url.password !== "") throw refused(text, "it holds credentials");
    if (this.#allowPrivate) return;
    if (url.protocol !== "https:") throw refused(text, "it is not https");
    const host = hostOf(url);
    if (host === "localhost" || host.endsWith(".localhost") || isPrivate(host)) {
      throw refused(text, "it leads into a private network");
    }
  }

  /**
   * Checks where the URL leads now.
   * @throws Error where a name cannot be resolved or leads into a private network.
   */
  async checkResolved(text: string): Promise<void> {
    this.check(text);
    if (this.#allowPrivate) return;
    const addresses = await this.#resolve(hostOf(new URL(text)));
    if (addresses.some(isPrivate)) {
      throw refused(text, "its name leads into a private network");
    }
  }
}

async function addressesOf(host: string): Promise<string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}

function isPrivate(host: string): boolean {
  if (isIP(host) === 0) return false;
  return PRIVATE.check(host, isIPv6(host) ? "ipv6" : "ipv4");
}

function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, "");
}

function refused(url: string, why: string): JoinRefused {
  return new JoinRefused(
    "grant_details_invalid",
    `the voucher endpoint ${url.slice(0, 200)} is not allowed: ${why}`,
  );
}

import { lookup } from "node:dns/promises";
import { BlockList, isIP, isIPv6 } from "node:net";

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

export interface PublicUrlOptions {
  /** Protocols that are allowed, with their colon. */
  readonly protocols: readonly string[];
  /** Takes any protocol and private addresses too: for a devnet. */
  readonly allowPrivate: boolean;
  /** The addresses of a host; by the system's resolver unless given. */
  readonly resolve?: ((host: string) => Promise<string[]>) | undefined;
}

/** Which URLs of strangers a node is willing to connect to: none that leads into its own network. */
export class PublicUrlPolicy {
  readonly #options: PublicUrlOptions;

  constructor(options: PublicUrlOptions) {
    this.#options = options;
  }

  /** What is wrong with a URL, as far as it shows in the URL itself. */
  fault(text: string): string | undefined {
    const url = URL.parse(text);
    if (url === null) return "it is no URL";
    if (url.username !== "" || url.password !== "") return "it holds credentials";
    if (this.#options.allowPrivate) return undefined;
    if (!this.#options.protocols.includes(url.protocol)) {
      return `it is not ${this.#options.protocols.map((protocol) => protocol.slice(0, -1)).join(" or ")}`;
    }
    const host = hostOf(url);
    if (host === "localhost" || host.endsWith(".localhost") || isPrivateAddress(host))
      return "it leads into a private network";
    return undefined;
  }

  /**
   * What is wrong with a URL, and with where it leads now.
   * @throws Error where a name cannot be resolved.
   */
  async faultResolved(text: string): Promise<string | undefined> {
    const fault = this.fault(text);
    if (fault !== undefined || this.#options.allowPrivate) return fault;
    const addresses = await (this.#options.resolve ?? addressesOf)(hostOf(new URL(text)));
    return addresses.some(isPrivateAddress) ? "its name leads into a private network" : undefined;
  }
}

async function addressesOf(host: string): Promise<string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}

/** Whether an IP address is none of the public internet; a name is never one. */
export function isPrivateAddress(host: string): boolean {
  if (isIP(host) === 0) return false;
  return PRIVATE.check(host, isIPv6(host) ? "ipv6" : "ipv4");
}

function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, "");
}

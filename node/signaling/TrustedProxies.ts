import type { IncomingMessage } from "node:http";
import { BlockList, isIP, isIPv6 } from "node:net";

/** Tells whom a request is from where proxies in front of the node, known by address, say so in `X-Forwarded-For`. */
export class TrustedProxies {
  readonly #list = new BlockList();

  /**
   * @param proxies IP addresses, or networks such as "10.0.0.0/8". Each must append the address that it sees to the
   * header: what it would only pass on could be a client's invention.
   * @throws RangeError where one is neither.
   */
  constructor(proxies: readonly string[]) {
    for (const proxy of proxies) {
      const [address = "", prefix] = proxy.split("/");
      const bits = isIPv6(address) ? 128 : 32;
      const length = prefix === undefined ? bits : Number(prefix);
      if (isIP(address) === 0 || prefix === "" || !Number.isInteger(length) || length < 0 || length > bits) {
        throw new RangeError(`"${proxy}" is neither an IP address nor a network of them`);
      }
      this.#list.addSubnet(address, length, familyOf(address));
    }
  }

  has(address: string): boolean {
    return isIP(address) !== 0 && this.#list.check(address, familyOf(address));
  }

  /** The address nearest to the node that is no trusted proxy's. */
  clientOf(request: IncomingMessage): string {
    let address = plain(request.socket.remoteAddress ?? "unknown");
    const header = request.headers["x-forwarded-for"];
    const forwarded = (Array.isArray(header) ? header.join(",") : (header ?? "")).split(",");
    for (const hop of forwarded.reverse().map((text) => plain(text.trim()))) {
      if (!this.has(address) || isIP(hop) === 0) return address;
      address = hop;
    }
    return address;
  }
}

/** An IPv4 address as such, where a socket for both families shows it inside an IPv6 one. */
function plain(address: string): string {
  return /^::ffff:([0-9.]+)$/i.exec(address)?.[1] ?? address;
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return isIPv6(address) ? "ipv6" : "ipv4";
}

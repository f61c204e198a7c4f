import { lookup } from "node:dns/promises";
import { isIP, isIPv6 } from "node:net";
import type { NodePipeListen } from "../media/NodePipe.js";
import type { AddressFamily } from "../protocol/nodeLink.js";
import { LinkError } from "./linkError.js";

export interface PipeAddressesOptions {
  /** Where media arrives, best first. */
  readonly addresses: readonly { readonly ip: string; readonly announcedAddress?: string | undefined }[];
  /** UDP ports for pipes; without them any that is free. */
  readonly ports?: { readonly from: number; readonly to: number } | undefined;
  /** What speaks against sending to an IP address, or undefined. */
  readonly addressFault: (ip: string) => string | undefined;
}

/** Between which addresses pipes go. */
export class PipeAddresses {
  readonly #options: PipeAddressesOptions;

  constructor(options: PipeAddressesOptions) {
    this.#options = options;
  }

  /** Address families at which this node can be reached. */
  get families(): AddressFamily[] {
    return [...new Set(this.#options.addresses.map(({ ip }) => familyOf(ip)))];
  }

  /** This node's end of a pipe to a node with these families. Throws `LinkError` where they have none in common. */
  listenFor(families: readonly AddressFamily[]): NodePipeListen {
    const { addresses, ports } = this.#options;
    for (const family of ["ipv4", "ipv6"] as const) {
      const listen = addresses.find(({ ip }) => familyOf(ip) === family);
      if (listen && families.includes(family)) return { ...listen, ports };
    }
    throw new LinkError("failed", "this node and the other one have no address family in common");
  }

  /** Where the other node's end is. Throws `LinkError` where nothing may be sent there. */
  async resolve(address: string): Promise<string> {
    const ip = isIP(address) === 0 ? (await lookup(address)).address : address;
    const fault = this.#options.addressFault(ip);
    if (fault !== undefined) throw new LinkError("failed", `nothing is sent to ${ip}: ${fault}`);
    return ip;
  }
}

function familyOf(ip: string): AddressFamily {
  return isIPv6(ip) ? "ipv6" : "ipv4";
}

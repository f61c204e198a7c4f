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
    const { listen } = this.#way(families);
    return { ...listen, ports: this.#options.ports };
  }

  /**
   * Where the end of a node with these families is, in the family that both have chosen. Throws `LinkError` where nothing
   * may be sent there.
   */
  async resolve(address: string, families: readonly AddressFamily[]): Promise<string> {
    const { family } = this.#way(families);
    const isName = isIP(address) === 0;
    const ip = isName ? (await lookup(address, { family: FAMILY_NUMBERS[family] })).address : address;
    const fault =
      familyOf(ip) === family
        ? this.#options.addressFault(ip)
        : `the pipe is for ${family}, which both nodes have`;
    if (fault !== undefined) throw new LinkError("failed", `nothing is sent to ${ip}: ${fault}`);
    return ip;
  }

  /** Both ends come to the same family: the first that both have. */
  #way(families: readonly AddressFamily[]): { family: AddressFamily; listen: NodePipeListen } {
    for (const family of ["ipv4", "ipv6"] as const) {
      const listen = this.#options.addresses.find(({ ip }) => familyOf(ip) === family);
      if (listen && families.includes(family)) return { family, listen };
    }
    throw new LinkError("failed", "this node and the other one have no address family in common");
  }
}

const FAMILY_NUMBERS = { ipv4: 4, ipv6: 6 } as const;

function familyOf(ip: string): AddressFamily {
  return isIPv6(ip) ? "ipv6" : "ipv4";
}

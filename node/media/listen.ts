import { randomInt } from "node:crypto";
import { isIPv6 } from "node:net";
import { networkInterfaces } from "node:os";
import type { TransportListenInfo } from "mediasoup/types";

export interface MediaListenAddress {
  /** IPv4 or IPv6 address to bind; `0.0.0.0` and `::` are all of the machine's. */
  readonly ip: string;
  /**
   * Address or host name that participants are told, where it is another one than `ip`. Of `0.0.0.0` and `::`, which
   * nobody can connect to, the machine's first outward address is told unless this says otherwise.
   */
  readonly announcedAddress?: string | undefined;
}

export interface MediaListen {
  /** In order of preference. */
  readonly addresses: readonly MediaListenAddress[];
  /** UDP and TCP port of the first worker, on every address; the next one for the next. 0: any that are free. */
  readonly port: number;
}

/** Where ports are chosen from for `port: 0`: below those that systems give to outgoing connections. */
const CHOSEN_PORTS = { from: 10_000, to: 32_768 };

/** How many are tried, in case that it is not the ports but the addresses that cannot be bound. */
export const CHOSEN_PORT_ATTEMPTS = 20;

export function choosePort(): number {
  return randomInt(CHOSEN_PORTS.from, CHOSEN_PORTS.to);
}

/** UDP before TCP, each on all addresses, on one and the same port. */
export function listenInfos(addresses: readonly MediaListenAddress[], port: number): TransportListenInfo[] {
  return (["udp", "tcp"] as const).flatMap((protocol) =>
    addresses.map(({ ip, announcedAddress = outwardAddress(ip) }) => ({
      protocol,
      ip,
      port,
      ...(announcedAddress !== undefined && { announcedAddress }),
      // So that `0.0.0.0` and `::` can have the same port, and no IPv4 peer shows up as an IPv6 one.
      ...(isIPv6(ip) && { flags: { ipv6Only: true } }),
    })),
  );
}

/** For a wildcard address: this machine's first address of the family that others can reach, else loopback. */
function outwardAddress(ip: string): string | undefined {
  if (ip !== "0.0.0.0" && ip !== "::") return undefined;
  const family = isIPv6(ip) ? "IPv6" : "IPv4";
  const addresses = Object.values(networkInterfaces()).flatMap((entries) => entries ?? []);
  const outward = addresses.find(
    (entry) => entry.family === family && !entry.internal && !entry.address.startsWith("fe80:"),
  );
  return outward?.address ?? (family === "IPv6" ? "::1" : "127.0.0.1");
}

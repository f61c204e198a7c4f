import { lookup } from "node:dns/promises";
import { isIP, isIPv6 } from "node:net";
import type { NodeConfig } from "../../config/schema.js";
import { PublicUrlPolicy } from "../../service/publicUrl.js";
import { plainAddress } from "../reach/stunMessage.js";
import { fail, messageOf, ok } from "./finding.js";
import type { Finding } from "./finding.js";

type Listen = NodeConfig["media"]["listen"][number];

const WILDCARDS = new Set(["0.0.0.0", "::"]);
const internet = new PublicUrlPolicy({ protocols: ["http:"], allowPrivate: false });

/** Whether an address is one of a private network. */
export function isPrivateAddress(address: string): boolean {
  const host = isIPv6(address) ? `[${address}]` : address;
  return internet.fault(`http://${host}/`) !== undefined;
}

/** What participants are told: the announced address where there is one, else what is bound. */
export function announced({ ip, announcedAddress }: Listen): string {
  return announcedAddress ?? ip;
}

/** Whether what is announced can be right at all. */
export async function checkAnnounced(
  { media }: Pick<NodeConfig, "media">,
  allowPrivate: boolean,
): Promise<Finding[]> {
  return Promise.all(media.listen.map((listen) => checkOne(listen, allowPrivate)));
}

async function checkOne(listen: Listen, allowPrivate: boolean): Promise<Finding> {
  const told = announced(listen);
  const where = `media.listen, ip ${listen.ip}`;
  if (WILDCARDS.has(told)) {
    const change = `${where}: set announcedAddress to the address that others reach this machine at`;
    return fail("announced", `participants are told ${told}, which is no address to send to`, change);
  }
  let addresses: string[];
  try {
    addresses = isIP(told) === 0 ? (await lookup(told, { all: true })).map(({ address }) => address) : [told];
  } catch (error) {
    return fail(
      "announced",
      `${told} cannot be resolved: ${messageOf(error)}`,
      `${where}: correct announcedAddress`,
    );
  }
  const hidden = addresses.filter(isPrivateAddress);
  if (hidden.length === 0) return ok("announced", `participants are told ${told}`);
  if (allowPrivate)
    return ok("announced", `participants are told ${told}, a private address, as on a devnet`);
  const change = `${where}: set announcedAddress to the public address`;
  return fail("announced", `participants are told ${hidden.join(", ")}, which is a private address`, change);
}

/** What others see this machine as, against what it announces. */
export async function checkSeenAddress({ media }: Pick<NodeConfig, "media">, seen: string): Promise<Finding> {
  const address = plainAddress(seen);
  const wanted = isIPv6(address);
  const told = media.listen.filter(({ ip }) => isIPv6(ip) === wanted).map(announced);
  const resolved = await Promise.all(
    told.map(async (name) => {
      if (isIP(name) !== 0) return [name];
      return (await lookup(name, { all: true }).catch(() => [])).map((found) => found.address);
    }),
  );
  if (resolved.flat().includes(address))
    return ok("announced.seen", `others see this machine at ${address}, as announced`);
  return fail(
    "announced.seen",
    `others see this machine at ${address}, participants are told ${told.join(", ")}`,
    `set announcedAddress to ${address}, unless this machine sends from another address than it receives at`,
  );
}

import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, isIPv6 } from "node:net";
import type { NodeConfig } from "../../config/schema.js";
import { fail, messageOf, ok } from "./finding.js";
import type { Finding } from "./finding.js";

/** Whether the ports of a node that does not run can be bound: media ports are bound by the media worker itself. */
export async function checkPorts(config: NodeConfig): Promise<Finding[]> {
  const { public: open, private: hidden, cluster } = config;
  const findings = [
    await checkTcp("ports.public", open, "public.port"),
    await checkTcp("ports.private", hidden, "private.port"),
  ];
  if (cluster.enabled) findings.push(await checkClusterPorts(config));
  return findings;
}

async function checkTcp(
  check: string,
  { host, port }: { host: string; port: number },
  member: string,
): Promise<Finding> {
  const server = createServer();
  try {
    server.listen(port, host);
    await once(server, "listening");
    server.close();
    return ok(check, port === 0 ? `${host}, any free port` : `${host}, port ${port} is free`);
  } catch (error) {
    const change = `end what uses the port, or change ${member}`;
    return fail(check, `TCP port ${port} of ${host} cannot be bound: ${messageOf(error)}`, change);
  }
}

/** One of the range stands for all: they are taken one by one as links need them. */
async function checkClusterPorts({ cluster, media }: NodeConfig): Promise<Finding> {
  const { from, to } = cluster.ports;
  const workers = media.workers ?? 1;
  if (media.port !== 0 && media.port <= to && media.port + workers - 1 >= from) {
    return fail(
      "ports.cluster",
      `the media ports from ${media.port} on lie in the range of cluster.ports, ${from} to ${to}`,
      "change media.port or cluster.ports",
    );
  }
  const [{ ip } = { ip: "0.0.0.0" }] = media.listen;
  const socket = createSocket(isIPv6(ip) ? "udp6" : "udp4");
  try {
    socket.bind(from, ip);
    await once(socket, "listening");
    return ok("ports.cluster", `UDP ${from} to ${to} of ${ip}`);
  } catch (error) {
    return fail("ports.cluster", `UDP port ${from} of ${ip}: ${messageOf(error)}`, "change cluster.ports");
  } finally {
    try {
      socket.close();
    } catch {
      // It was never open.
    }
  }
}

/** Free ports of this machine. */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";

const HOST = "127.0.0.1";

/** A port that is free for TCP now; for UDP as well, because media goes over either. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = await bindTcp(0);
    if (port !== undefined && (await isUdpFree(port))) return port;
  }
}

/** The wanted port if it is free, else any. */
export async function portOr(wanted: number): Promise<number> {
  return (await bindTcp(wanted)) ?? freePort();
}

async function bindTcp(wanted: number): Promise<number | undefined> {
  const server = createServer();
  server.listen(wanted, HOST);
  try {
    await once(server, "listening");
  } catch {
    return undefined;
  }
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : undefined;
}

async function isUdpFree(port: number): Promise<boolean> {
  const socket = createSocket("udp4");
  socket.bind(port, HOST);
  try {
    await once(socket, "listening");
  } catch {
    return false;
  }
  socket.close();
  await once(socket, "close");
  return true;
}

/** Free ports of this machine. */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";

const HOST = "127.0.0.1";
/** Below the range from which systems take the local ports of outgoing connections, which come and go meanwhile. */
const FIRST_PORT = 20_000;
const PORTS = 12_000;
const ATTEMPTS = 200;

/**
 * A port that is free now, for TCP and, because media goes over either, for UDP.
 * @throws Error where none is found.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const port = FIRST_PORT + Math.floor(Math.random() * PORTS);
    if ((await isTcpFree(port)) && (await isUdpFree(port))) return port;
  }
  throw new Error(`no free port from ${FIRST_PORT} to ${FIRST_PORT + PORTS}`);
}

/** The wanted port if it is free, else any. */
export async function portOr(wanted: number): Promise<number> {
  return (await isTcpFree(wanted)) ? wanted : freePort();
}

async function isTcpFree(port: number): Promise<boolean> {
  const server = createServer();
  server.listen(port, HOST);
  try {
    await once(server, "listening");
  } catch {
    return false;
  }
  server.close();
  await once(server, "close");
  return true;
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

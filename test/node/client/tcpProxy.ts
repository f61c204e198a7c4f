import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { Server, Socket } from "node:net";

/** A way to one of a node's TCP ports that a test can cut and close. */
export class TcpProxy {
  readonly #server: Server;
  readonly #target: number;
  readonly #sockets = new Set<Socket>();
  readonly url: string;
  /** While true, new connections are cut at once. */
  closed = false;
  /** Connections so far, and attempts while it was closed. */
  connections = 0;
  refused = 0;

  /**
   * @param targetUrl Of a port of 127.0.0.1, the signaling port for example.
   * @param listen Another address or port of this machine than any that is free.
   */
  static async open(
    targetUrl: string,
    listen: { readonly address: string; readonly port: number } = { address: "127.0.0.1", port: 0 },
  ): Promise<TcpProxy> {
    const server = createServer();
    server.listen(listen.port, listen.address);
    await once(server, "listening");
    return new TcpProxy(server, targetUrl);
  }

  private constructor(server: Server, targetUrl: string) {
    this.#server = server;
    const url = new URL(targetUrl);
    this.#target = Number(url.port);
    const address = server.address();
    if (typeof address !== "object" || !address) throw new Error("no port");
    url.port = String(address.port);
    this.url = url.href;
    server.on("connection", (near) => this.#connect(near));
  }

  /** Cuts all connections, without a closing handshake. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** From now on nothing gets through, and nothing says so: as when a phone's network is gone. */
  stall(): void {
    for (const socket of this.#sockets) {
      socket.removeAllListeners("data");
      socket.pause();
    }
  }

  async close(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, "close");
  }

  #connect(near: Socket): void {
    if (this.closed) {
      this.refused += 1;
      return void near.destroy();
    }
    this.connections += 1;
    const far = connect(this.#target, "127.0.0.1");
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(socket);
      socket.on("data", (data) => other.write(data));
      socket.on("error", () => undefined);
      socket.once("close", () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
  }
}

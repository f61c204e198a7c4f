import { connect, createServer } from "node:net";
import type { Server, Socket } from "node:net";
import { once } from "node:events";
import { LossyRelay } from "../../../devnet/lossyRelay.js";
import type { RelayImpairment } from "../../../devnet/lossyRelay.js";
import { NodeSfu } from "../sfu/NodeSfu.js";

/** The node itself is at 127.0.0.1; this is where it tells participants to send. */
const RELAY_ADDRESS = "127.0.0.9";

/** A node behind a relay: media is lost and delayed, signaling delayed, each way. */
export class BadNetwork {
  readonly node: NodeSfu;
  /** The way to the node's signaling. */
  readonly url: string;
  readonly #proxy: Server;
  readonly #sockets: Set<Socket>;
  #relay: LossyRelay;

  static async start(impairment: RelayImpairment): Promise<BadNetwork> {
    const node = await NodeSfu.start({ announcedAddress: RELAY_ADDRESS });
    const relay = await LossyRelay.open({ address: RELAY_ADDRESS, port: node.mediaPort }, "127.0.0.1");
    relay.impair(impairment);
    const sockets = new Set<Socket>();
    const proxy = createServer((client) => {
      const { hostname, port } = new URL(node.url);
      const server = connect(Number(port), hostname);
      for (const [from, to] of [
        [client, server],
        [server, client],
      ] as const) {
        sockets.add(from);
        from.on("data", (data) => setTimeout(() => to.write(data), impairment.delayMs ?? 0));
        from.on("error", () => undefined);
        from.once("close", () => {
          sockets.delete(from);
          setTimeout(() => to.destroy(), impairment.delayMs ?? 0);
        });
      }
    });
    proxy.listen(0, "127.0.0.1");
    await once(proxy, "listening");
    return new BadNetwork(node, relay, proxy, sockets);
  }

  private constructor(node: NodeSfu, relay: LossyRelay, proxy: Server, sockets: Set<Socket>) {
    this.node = node;
    this.#relay = relay;
    this.#proxy = proxy;
    this.#sockets = sockets;
    const address = proxy.address();
    if (address === null || typeof address === "string") throw new Error("the proxy has no port");
    this.url = `ws://127.0.0.1:${address.port}/`;
  }

  /** Of media, from now on. */
  impair(impairment: RelayImpairment): void {
    this.#relay.impair(impairment);
  }

  /** The node sees all participants at other addresses from now on, as where a NAT forgets who they are. */
  async rebind(): Promise<void> {
    await this.#relay.close();
    this.#relay = await LossyRelay.open({ address: RELAY_ADDRESS, port: this.node.mediaPort }, "127.0.0.1");
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all([this.#relay.close(), new Promise((resolve) => this.#proxy.close(resolve))]);
    await this.node.stop();
  }
}

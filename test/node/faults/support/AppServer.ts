import { once } from "node:events";
import { createServer } from "node:http";
import type { RequestListener, Server } from "node:http";
import type { Wallet } from "ethers";
import { SqliteVoucherStore } from "../../../../node/client/SqliteVoucherStore.js";
import { VoucherEndpoint } from "../../../../node/client/VoucherEndpoint.js";
import { voucherListener } from "../../../../node/client/voucherHttp.js";
import { createEpochClock } from "../../../../node/protocol/epochClock.js";
import { parseAddress } from "../../../../node/protocol/hex.js";
import type { Address } from "../../../../node/protocol/hex.js";
import { typedDataDomain } from "../../../../node/protocol/typedData.js";
import type { LocalChain } from "../../support/localChain.js";
import { PRICE_WEI_PER_GB } from "../../support/testOperator.js";

/** An app with its real voucher endpoint over HTTP, which can fail and lie. */
export class AppServer {
  readonly app: Address;
  readonly signer: Wallet;
  readonly url: string;
  /** Answers instead of the endpoint where it is set. */
  instead: RequestListener | undefined;
  readonly #server: Server;
  readonly #vouchers: SqliteVoucherStore;

  private constructor(
    app: Address,
    signer: Wallet,
    server: Server,
    vouchers: SqliteVoucherStore,
    url: string,
  ) {
    this.app = app;
    this.signer = signer;
    this.#server = server;
    this.#vouchers = vouchers;
    this.url = url;
  }

  /** @param nowMs The time by which receipts are judged, Unix time in milliseconds. */
  static async start(
    chain: LocalChain,
    { app, signer, nowMs }: { app: Address; signer: Wallet; nowMs: () => number },
  ): Promise<AppServer> {
    const { chainId, addresses, genesisSeconds, epochSeconds } = chain.deployment;
    const domainOf = (contract: Address) => typedDataDomain(BigInt(chainId), contract);
    const vouchers = new SqliteVoucherStore(":memory:");
    const endpoint = new VoucherEndpoint({
      ...{ app, signerKey: signer, store: vouchers, nowMs, maxPriceWeiPerGB: PRICE_WEI_PER_GB },
      clock: createEpochClock({ genesisSeconds, epochSeconds }),
      isGrantSigner: (key) => key === signer.address,
      attestationsDomain: domainOf(addresses.serviceAttestations),
      escrowDomain: domainOf(addresses.paymentEscrow),
      lookUpNode: async (nodeId) => ({
        operatorKey: parseAddress(await chain.contracts().serviceAttestations.operatorOf(nodeId)),
        priceWeiPerGB: PRICE_WEI_PER_GB,
      }),
    });
    const honest = voucherListener(endpoint);
    let listener = honest;
    const server = createServer((request, response) => listener(request, response));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("the server has no port");
    const started = new AppServer(app, signer, server, vouchers, `http://127.0.0.1:${address.port}/vouchers`);
    listener = (request, response) => (started.instead ?? honest)(request, response);
    return started;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
    await this.#vouchers.close();
  }
}

/** An endpoint that is out of order. */
export const outOfOrder: RequestListener = (_, response) => {
  response.writeHead(503).end();
};

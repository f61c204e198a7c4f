/** The backend of an app that pays for calls: gives tokens to participants and vouchers to nodes. */
import { Wallet, parseEther } from "ethers";
import type { JsonRpcProvider } from "ethers";
import { z } from "zod";
import { loadDeployment } from "../../../node/chain/deployment.js";
import { AccessToken, SqliteVoucherStore, VoucherEndpoint } from "../../../node/client/server.js";
import { createEpochClock } from "../../../node/protocol/epochClock.js";
import { toWire } from "../../../node/protocol/schemas.js";
import { typedDataDomain } from "../../../node/protocol/typedData.js";
import { HttpError, serveHttp } from "./http.js";
import type { HttpAnswer, HttpRequest, HttpServer } from "./http.js";
import { NodeTermsCache } from "./nodeTerms.js";
import type { AppSettings } from "./settings.js";
import { tokenRequestSchema } from "./tokenExchange.js";
import type { TokenAnswer } from "./tokenExchange.js";

const TOKEN_SECONDS = 24 * 60 * 60;
/** About the most that a laptop's connection carries in a minute. */
const MAX_BYTES_PER_EPOCH = 1_000_000_000n;
const MAX_PRICE_PER_GB = parseEther("1000");

/** Runs until the server is closed. */
export async function startAppServer(settings: AppSettings, provider: JsonRpcProvider): Promise<HttpServer> {
  const deployment = await loadDeployment(settings.deploymentFile);
  const { addresses, chainId } = deployment;
  const signerKey = new Wallet(settings.signerKey);
  const domain = typedDataDomain(BigInt(chainId), addresses.serviceAttestations);
  const tokens = new AccessToken({ app: settings.account, signerKey, domain });
  const store = new SqliteVoucherStore(settings.databaseFile);
  const terms = new NodeTermsCache(deployment, provider);
  const endpoint = new VoucherEndpoint({
    app: settings.account,
    signerKey,
    isGrantSigner: (signer) => signer === signerKey.address,
    attestationsDomain: domain,
    escrowDomain: typedDataDomain(BigInt(chainId), addresses.paymentEscrow),
    clock: createEpochClock(deployment),
    lookUpNode: (nodeId) => terms.lookUp(nodeId),
    store,
    maxPriceWeiPerGB: MAX_PRICE_PER_GB,
    onError: (error) => console.error(JSON.stringify({ level: 50, msg: "vouchers", error: String(error) })),
  });

  const issue = async ({ body }: HttpRequest): Promise<HttpAnswer> => {
    const { sessionKey, room: name, identity } = parseTokenRequest(body);
    const room = settings.rooms.find((one) => one.name === name);
    if (room === undefined) throw new HttpError(404, `there is no room "${name}"`);
    const token = await tokens.issue({
      sessionKey,
      room: name,
      identity: `${identity}-${sessionKey.slice(2, 8).toLowerCase()}`,
      name: identity,
      ttlSeconds: TOKEN_SECONDS,
      maxBytesPerEpoch: MAX_BYTES_PER_EPOCH,
      voucherUrl: `http://127.0.0.1:${server.port}/vouchers`,
      homes: room.nodes.map(({ nodeId }) => nodeId),
    });
    return json({ nodes: room.nodes, domain, token } satisfies TokenAnswer);
  };
  const server = await serveHttp(
    {
      "GET /rooms": async () => json({ rooms: settings.rooms.map(({ name }) => name) }),
      "POST /token": issue,
      "POST /vouchers": ({ body, headers }) => endpoint.handle({ body, header: (name) => headers[name] }),
    },
    settings.port,
  );
  return {
    port: server.port,
    async close() {
      await server.close();
      await store.close();
    },
  };
}

function parseTokenRequest(body: Uint8Array): z.output<typeof tokenRequestSchema> {
  let request: unknown;
  try {
    request = JSON.parse(Buffer.from(body).toString("utf8"));
  } catch {
    throw new HttpError(400, "the body is no JSON");
  }
  const parsed = tokenRequestSchema.safeParse(request);
  if (!parsed.success) throw new HttpError(400, z.prettifyError(parsed.error));
  return parsed.data;
}

function json(value: unknown): HttpAnswer {
  return { status: 200, body: JSON.stringify(toWire(value)) };
}

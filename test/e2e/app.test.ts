import { expect } from "chai";
import { Wallet, ZeroAddress } from "ethers";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startAppServer } from "../../scripts/devnet/app/appServer.js";
import type { HttpServer } from "../../scripts/devnet/app/http.js";
import { appSettingsSchema } from "../../scripts/devnet/app/settings.js";
import { listRooms, requestToken } from "../../scripts/devnet/app/tokenExchange.js";
import { devnetProvider } from "../../scripts/devnet/chain.js";
import { saveDeployment } from "../../scripts/devnet/deployment.js";
import { parseAddress } from "../../node/protocol/hex.js";
import { accessGrant, detailsHash, roomHash } from "../../node/protocol/typedData.js";

const ADDRESS = parseAddress("0x00000000000000000000000000000000000000a1");
const NODES = [
  { nodeId: "7", url: "ws://127.0.0.1:4443" },
  { nodeId: "9", url: "ws://127.0.0.1:4444" },
];
const ROOM = { name: "talk", nodes: NODES };

describe("the devnet's app", () => {
  const account = Wallet.createRandom();
  const signer = Wallet.createRandom();
  const sessionKey = parseAddress(Wallet.createRandom().address);
  let directory: string;
  let server: HttpServer;
  let appUrl: string;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "dtelecom-app-"));
    const deploymentFile = join(directory, "deployment.json");
    await saveDeployment(deploymentFile, {
      chainId: 33_380,
      addresses: {
        token: ADDRESS,
        nodeRegistry: ADDRESS,
        nodeStaking: ADDRESS,
        paymentEscrow: ADDRESS,
        serviceAttestations: ADDRESS,
        rewardDistributor: ADDRESS,
        auditRing: ADDRESS,
        accessManager: ADDRESS,
        treasury: ADDRESS,
      },
      genesisSeconds: 1_700_000_000,
      epochSeconds: 60,
      epochBlocks: 60,
      auditors: 3,
      startBlock: 0,
    });
    const settings = appSettingsSchema.parse({
      deploymentFile,
      rpcUrl: "http://127.0.0.1:9",
      account: account.address,
      signerKey: signer.privateKey,
      rooms: [ROOM],
      databaseFile: join(directory, "app.sqlite"),
      port: 0,
    });
    // Tokens need no chain: nothing is asked of it here.
    const provider = devnetProvider(settings.rpcUrl);
    server = await startAppServer(settings, provider);
    provider.destroy();
    appUrl = `http://127.0.0.1:${server.port}/`;
  });

  after(async () => {
    await server.close();
    await rm(directory, { recursive: true, force: true });
  });

  const post = (body: string) => fetch(new URL("token", appUrl), { method: "POST", body });

  it("tells its rooms, and gives whoever asks a grant for the own session key, signed by its signer", async () => {
    expect(await listRooms(appUrl)).to.deep.equal(["talk"]);
    const { nodes, domain, token } = await requestToken(appUrl, {
      sessionKey,
      room: "talk",
      identity: "Ada",
    });
    expect(nodes).to.deep.equal(NODES.map(({ nodeId, url }) => ({ nodeId: BigInt(nodeId), url })));
    const { grant, grantSignature, details } = token;
    expect(accessGrant.recover(domain, grant, grantSignature)).to.equal(signer.address);
    expect(grant.app).to.equal(account.address);
    expect(grant.sessionKey).to.equal(sessionKey);
    expect(grant.room).to.equal(roomHash("talk"));
    expect(grant.detailsHash).to.equal(detailsHash(details));
    expect(JSON.parse(details)).to.deep.include({
      name: "Ada",
      voucherUrl: `${appUrl}vouchers`,
      homes: ["7", "9"],
    });
  });

  it("refuses a room that it does not have, and requests that make no sense, with the reason", async () => {
    const unknown = await requestToken(appUrl, { sessionKey, room: "secret", identity: "Ada" }).then(
      () => "",
      String,
    );
    expect(unknown).to.contain('there is no room "secret"');
    for (const [body, status, reason] of [
      ["{", 400, "no JSON"],
      [
        JSON.stringify({ sessionKey: ZeroAddress.slice(4), room: "talk", identity: "Ada" }),
        400,
        "sessionKey",
      ],
      [JSON.stringify({ sessionKey, room: "talk", identity: " " }), 400, "identity"],
      [JSON.stringify({ sessionKey, room: "talk", identity: "Ada", admin: true }), 400, "admin"],
      ["x".repeat(2 * 1024 * 1024), 413, "longer than"],
    ] as const) {
      const answer = await post(body);
      expect(answer.status, reason).to.equal(status);
      expect(await answer.text()).to.contain(reason);
    }
    expect((await fetch(new URL("admin", appUrl))).status).to.equal(404);
  });
});

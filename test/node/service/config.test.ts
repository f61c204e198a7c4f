import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { encryptKeystoreJson, parseEther, parseUnits } from "ethers";
import { stringify } from "yaml";
import { InvalidConfig, loadConfig } from "../../../node/config/load.js";
import { loadOperatorKey } from "../../../node/config/operatorKey.js";
import { DEFAULT_MEDIA_LIMITS } from "../../../node/media/limits.js";
import { walletOf } from "../support/participants.js";

const SAMPLE = fileURLToPath(new URL("../../../node/config/sample.yaml", import.meta.url));

describe("configuration", function () {
  this.timeout(20_000);
  let directory: string;
  before(async function () {
    directory = await mkdtemp(join(tmpdir(), "dtelecom-config-"));
  });
  after(async function () {
    await rm(directory, { recursive: true });
  });

  const least = {
    nodeId: 5,
    dataDirectory: "./data",
    deploymentFile: "../d.json",
    chain: { rpcUrls: ["http://127.0.0.1:1"] },
  };
  async function load(settings: object | string, environment: NodeJS.ProcessEnv = {}) {
    const path = join(directory, "node.yaml");
    await writeFile(path, typeof settings === "string" ? settings : stringify(settings));
    return loadConfig(path, environment);
  }
  async function refusal(settings: object | string, environment: NodeJS.ProcessEnv = {}): Promise<string> {
    try {
      await load(settings, environment);
    } catch (error) {
      if (error instanceof InvalidConfig) return error.message;
      throw error;
    }
    return "none";
  }

  it("has defaults for all but the essentials, and paths relative to its file", async function () {
    const config = await load(least);
    expect(config).to.deep.include({
      nodeId: 5n,
      dataDirectory: join(directory, "data"),
      deploymentFile: join(directory, "..", "d.json"),
    });
    expect(config.chain).to.deep.include({ pollSeconds: 2_000, maxGasPriceGwei: parseUnits("2000", "gwei") });
    expect(config.payment).to.deep.include({ credit: parseEther("1"), allowPrivateVoucherUrls: false });
    expect(config.service.maxUnsignedMegabytes).to.equal(32_000_000n);
    const { maxSubscriptionsPerWorker, maxDataMessageBytes } = DEFAULT_MEDIA_LIMITS;
    expect(config.media).to.include({ maxSubscriptionsPerWorker, maxDataMessageBytes });
    expect(config.public).to.deep.equal({ host: "0.0.0.0", port: 4443, trustedProxies: [] });
  });

  it("is shown whole by the sample, whose comments state the defaults", async function () {
    const sample = await loadConfig(SAMPLE, {});
    const text = await readFile(SAMPLE, "utf8");
    // Also members of members, and those of lists.
    const uncommented = text.replace(/^( {2})# (?=( {2})*(- )?([a-zA-Z]+:|"))/gm, "$1");
    const path = join(directory, "uncommented.yaml");
    await writeFile(path, uncommented);
    const { key, media, service, ...rest } = await loadConfig(path, {});
    expect(key.keystoreFile).to.equal(join(directory, "operator.json"));
    expect(media).to.deep.equal({
      ...sample.media,
      listen: [
        { ip: "0.0.0.0", announcedAddress: "203.0.113.7" },
        { ip: "::", announcedAddress: "2001:db8::7" },
      ],
      workers: 2,
      maxOutgoingMegabitsPerSecond: 1_000,
    });
    expect(service).to.deep.equal({ ...sample.service, receiptGraceSeconds: 5_000 });
    const others = ["chain", "public", "private", "cluster", "webhooks", "payment", "audits", "log"] as const;
    for (const section of others) {
      expect(rest[section], section).to.deep.equal(sample[section]);
    }
  });

  it("names keys that it does not know, wherever they are", async function () {
    expect(await refusal({ ...least, prot: 5 })).to.contain('"prot"');
    expect(await refusal({ ...least, public: { prot: 5 } })).to.match(/"prot"[^]*public/);
    expect(await refusal({ ...least, chain: { ...least.chain, gas: 1 } })).to.contain('"gas"');
  });

  it("says what is missing or wrong", async function () {
    const { nodeId: _, ...withoutId } = least;
    expect(await refusal(withoutId)).to.contain("nodeId");
    expect(await refusal({ ...least, nodeId: 0 })).to.contain("nodeId");
    expect(await refusal({ ...least, nodeId: -1 })).to.contain("nodeId");
    expect(await refusal({ ...least, media: { listen: [] } })).to.contain("media.listen");
    expect(await refusal({ ...least, media: { listen: [{ ip: "localhost" }] } })).to.contain("media.listen");
    const most = await refusal({ ...least, media: { maxDataMessageBytes: 262_145 } });
    expect(most).to.contain("media.maxDataMessageBytes");
    const none = await refusal({ ...least, media: { maxSubscriptionsPerWorker: 0 } });
    expect(none).to.contain("media.maxSubscriptionsPerWorker");
    expect(await refusal({ ...least, cluster: { ports: { from: 5, to: 4 } } })).to.contain("range of ports");
    expect(await refusal({ ...least, public: { port: 70_000 } })).to.contain("public.port");
    expect(await refusal({ ...least, chain: { rpcUrls: ["ftp://x"] } })).to.contain("chain.rpcUrls");
    expect(await refusal({ ...least, payment: { credit: 1 } })).to.contain("payment.credit");
    expect(await refusal({ ...least, payment: { credit: "1e3" } })).to.contain("amount of DTEL");
    expect(await refusal("nodeId: [")).to.contain("not YAML");
    expect(await refusal("nodeId: 1\nnodeId: 2")).to.contain("not YAML");
    expect(await refusal("just text")).to.contain("does not hold members");
    const missing = await loadConfig(join(directory, "nowhere.yaml"), {}).catch((error: unknown) =>
      String(error),
    );
    expect(missing).to.contain("cannot be read");
  });

  it("takes a node that is not registered yet only where that is asked for", async function () {
    expect(await refusal({ ...least, nodeId: 0 })).to.contain("dtelecom-node register");
    const path = join(directory, "node.yaml");
    expect((await loadConfig(path, {}, { unregistered: true })).nodeId).to.equal(0n);
  });

  it("is overridden by the environment, which is checked alike", async function () {
    const config = await load(least, {
      DTEL_NODE__PUBLIC__PORT: "0",
      DTEL_NODE__CHAIN__RPC_URLS: '["http://a.example", "http://b.example"]',
      DTEL_NODE__PAYMENT__ALLOW_PRIVATE_VOUCHER_URLS: "true",
      DTEL_NODE__MEDIA__MAX_SUBSCRIPTIONS_PER_WORKER: "900",
      DTEL_NODE__MEDIA__MAX_DATA_MESSAGE_BYTES: "16384",
      UNRELATED: "x",
    });
    expect(config.public.port).to.equal(0);
    expect(config.chain.rpcUrls).to.deep.equal(["http://a.example", "http://b.example"]);
    expect(config.payment.allowPrivateVoucherUrls).to.equal(true);
    expect(config.media).to.include({ maxSubscriptionsPerWorker: 900, maxDataMessageBytes: 16_384 });
    expect(await refusal(least, { DTEL_NODE__PUBLIC__PROT: "0" })).to.contain('"prot"');
    expect(await refusal(least, { DTEL_NODE__NODE_ID__X: "0" })).to.contain("nodeId has no members");
    expect(await refusal(least, { DTEL_NODE__: "0" })).to.contain("names no member");
  });

  describe("operator key", function () {
    const wallet = walletOf("operator");
    const keyless = { key: {} };
    const message = async (
      key: { keystoreFile?: string; passwordFile?: string },
      environment: NodeJS.ProcessEnv,
    ) => {
      const error: unknown = await loadOperatorKey({ key }, environment).catch((reason: unknown) => reason);
      return error instanceof InvalidConfig ? error.message : "none";
    };

    it("comes from the environment", async function () {
      expect((await loadOperatorKey(keyless, { DTEL_OPERATOR_KEY: wallet.privateKey })).address).to.equal(
        wallet.address,
      );
    });

    it("comes from a keystore file, with its password from the environment or a file", async function () {
      const keystoreFile = join(directory, "operator.json");
      const passwordFile = join(directory, "password");
      const { address, privateKey } = wallet;
      await writeFile(
        keystoreFile,
        await encryptKeystoreJson({ address, privateKey }, "correct horse", {
          scrypt: { N: 1_024, r: 8, p: 1 },
        }),
      );
      await writeFile(passwordFile, "correct horse\n");
      expect((await loadOperatorKey({ key: { keystoreFile, passwordFile } }, {})).address).to.equal(
        wallet.address,
      );
      const environment = { DTEL_KEYSTORE_PASSWORD: "correct horse" };
      expect((await loadOperatorKey({ key: { keystoreFile } }, environment)).address).to.equal(
        wallet.address,
      );
      expect(await message({ keystoreFile }, { DTEL_KEYSTORE_PASSWORD: "wrong" })).to.contain(
        "does not open",
      );
      expect(await message({ keystoreFile }, {})).to.contain("no password");
      expect(await message({ keystoreFile: passwordFile }, environment)).to.contain("no Ethereum keystore");
      expect(await message({ keystoreFile: join(directory, "none") }, environment)).to.contain("ENOENT");
    });

    it("appears in no error", async function () {
      expect(await message({}, {})).to.contain("no operator key");
      for (const bad of [
        "0x1234",
        `0x${"00".repeat(32)}`,
        `0x${"ff".repeat(32)}`,
        wallet.privateKey.slice(2),
      ]) {
        const text = await message({}, { DTEL_OPERATOR_KEY: bad });
        expect(text).to.contain("no private key");
        expect(text).to.not.contain(bad);
      }
    });
  });
});

import { expect } from "chai";
import { hexlify, toUtf8Bytes } from "ethers";
import { fundedAccount } from "../support/account.js";
import type { Account } from "../support/account.js";
import { networkHelpers } from "../support/chain.js";
import { freshProtocol } from "../support/protocol.js";
import { BATCH, DID, installBatch, installDid, installStorage, STORAGE } from "./precompiles.js";

const NAME = hexlify(toUtf8Bytes("name"));
const bytes = (length: number) => hexlify(new Uint8Array(length));

/** As the precompiles do it. */
describe("peaq's stand-ins", function () {
  let account: Account;
  let other: Account;
  beforeEach(async function () {
    const { holder } = await freshProtocol();
    account = holder;
    other = await fundedAccount("other");
  });

  describe("DID", function () {
    it("has the selectors of the precompile", async function () {
      const { interface: abi } = await installDid(account);
      const selectors = ["readAttribute", "addAttribute", "updateAttribute", "removeAttribute"].map(
        (name) => abi.getFunction(name as "readAttribute").selector,
      );
      expect(selectors).to.deep.equal(["0xb2028b7d", "0xcc4a70ca", "0x68b4b2c1", "0xe8a81690"]);
    });

    it("gives a name to whoever is first, under whatever account", async function () {
      const did = await installDid(account);
      const asOther = did.connect(other);
      await expect(asOther.addAttribute(account, NAME, "0x01", 0))
        .to.emit(did, "AddAttribute")
        .withArgs(other.address, account.address, NAME, "0x01", 0n);
      await expect(did.addAttribute(account, NAME, "0x02", 0)).to.be.revertedWith(/AttributeAlreadyExist/);
      await expect(did.updateAttribute(account, NAME, "0x02", 0)).to.be.revertedWith(
        /AttributeAuthorizationFailed/,
      );
      await expect(did.removeAttribute(account, NAME)).to.be.revertedWith(/AttributeAuthorizationFailed/);
      await asOther.updateAttribute(account, NAME, "0x03", 100);
      const { value, validity } = await did.readAttribute(account, NAME);
      expect(value).to.equal("0x03");
      expect(validity).to.equal(100 + (await networkHelpers.time.latestBlock()));
      await expect(asOther.removeAttribute(account, NAME))
        .to.emit(did, "RemoveAttribute")
        .withArgs(account.address, NAME);
      await expect(did.readAttribute(account, NAME)).to.be.revertedWith(/AttributeNotFound/);
      await did.addAttribute(account, NAME, "0x02", 0);
    });

    it("bounds names, values and validity, and wants a deposit", async function () {
      const did = await installDid(account);
      await did.addAttribute(account, bytes(64), bytes(2_560), 0);
      await expect(did.addAttribute(account, bytes(65), "0x", 0)).to.be.revertedWith(
        /AttributeNameExceedMax64/,
      );
      await expect(did.addAttribute(account, NAME, bytes(2_561), 0)).to.be.revertedWith(/too large/);
      await expect(did.addAttribute(account, NAME, "0x", 0xffff_ffff)).to.be.revertedWith(
        /MaxBlockNumberExceeded/,
      );
      await networkHelpers.setBalance(other.address, 4n * 10n ** 15n);
      const poor = { gasLimit: 500_000n, gasPrice: 2_000_000_000n };
      await expect(did.connect(other).addAttribute(account, NAME, "0x", 0, poor)).to.be.revertedWith(
        /InsufficientBalance/,
      );
    });

    it("does not index its events", async function () {
      const did = await installDid(account);
      const receipt = await (await did.addAttribute(account, NAME, "0x01", 0)).wait();
      expect(receipt?.logs.map(({ address, topics }) => [address, topics.length])).to.deep.equal([[DID, 1]]);
    });
  });

  describe("storage", function () {
    it("keeps items by account and type, within bounds", async function () {
      const storage = await installStorage(account);
      const { interface: abi } = storage;
      const selectors = (["addItem", "updateItem", "getItem"] as const).map(
        (name) => abi.getFunction(name).selector,
      );
      expect(selectors).to.deep.equal(["0x257c3c03", "0x1cd4bf09", "0x30878a43"]);
      expect(await storage.getAddress()).to.equal(STORAGE);
      await expect(storage.updateItem(NAME, "0x01")).to.be.revertedWith(/ItemNotFound/);
      await storage.addItem(NAME, "0x01");
      await expect(storage.addItem(NAME, "0x02")).to.be.revertedWith(/ItemTypeAlreadyExists/);
      await storage.connect(other).addItem(NAME, "0x03");
      await storage.updateItem(NAME, "0x02");
      expect(await storage.getItem(account, NAME)).to.equal("0x02");
      expect(await storage.getItem(other, NAME)).to.equal("0x03");
      await expect(storage.getItem(account, "0x99")).to.be.revertedWith(/ItemNotFound/);
      await expect(storage.addItem(bytes(65), "0x")).to.be.revertedWith(/ItemTypeExceedMax64/);
      await expect(storage.addItem("0x99", bytes(257))).to.be.revertedWith(/ItemExceedMax256/);
    });
  });

  describe("batch", function () {
    it("makes all calls or none, all that work, or all until one fails", async function () {
      const batch = await installBatch(account);
      const storage = await installStorage(account);
      const add = (item: string) => storage.interface.encodeFunctionData("addItem", [item, item]);
      const calls = [add("0x01"), add("0x01"), add("0x02")];
      const to = calls.map(() => STORAGE);
      await expect(batch.batchAll(to, [], calls, [])).to.be.revertedWith(/ItemTypeAlreadyExists/);
      const some = await batch.batchSome(to, [], calls, []);
      await expect(some).to.emit(batch, "SubcallSucceeded").withArgs(0n);
      await expect(some).to.emit(batch, "SubcallFailed").withArgs(1n);
      await expect(some).to.emit(batch, "SubcallSucceeded").withArgs(2n);
      expect(await storage.getItem(BATCH, "0x02")).to.equal("0x02");
      const until = await batch.batchSomeUntilFailure(to, [], [add("0x03"), add("0x03"), add("0x04")], []);
      await expect(until).to.emit(batch, "SubcallFailed").withArgs(1n);
      await expect(storage.getItem(BATCH, "0x04")).to.be.revertedWith(/ItemNotFound/);
      await batch.batchAll([STORAGE], [0n], [add("0x05")], [300_000n]);
    });

    it("pays out of its own balance, and is not for contracts", async function () {
      const batch = await installBatch(account);
      const nobody = "0x000000000000000000000000000000000000dEaD";
      await account.sendTransaction({ to: BATCH, value: 5n });
      await batch.batchAll([nobody], [5n], [], []);
      const selectors = (["batchAll", "batchSome", "batchSomeUntilFailure"] as const).map(
        (name) => batch.interface.getFunction(name).selector,
      );
      expect(selectors).to.deep.equal(["0x96e292b8", "0x79df4b9c", "0xcf0491c7"]);
      const nested = batch.interface.encodeFunctionData("batchAll", [[], [], [], []]);
      await expect(batch.batchAll([BATCH], [], [nested], [])).to.be.revertedWith(/not callable/);
      const many = Array.from({ length: 513 }, () => nobody);
      await expect(batch.batchAll(many, [], [], [])).to.be.revertedWith(/too large/);
    });
  });
});

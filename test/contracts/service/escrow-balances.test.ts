import { expect } from "chai";
import { AbiCoder, MaxUint256, Signature, ZeroAddress } from "ethers";
import { ethers } from "../support/chain.js";
import { addApp, addNode, collect, dtel } from "../support/people.js";
import { freshProtocol } from "../support/protocol.js";
import type { Protocol } from "../support/protocol.js";

const NODE = 1n;

describe("PaymentEscrow: balances", function () {
  let protocol: Protocol;
  beforeEach(async function () {
    protocol = await freshProtocol();
  });

  describe("deposit", function () {
    it("is free balance, whoever pays it in and in whichever way", async function () {
      const { escrow, token, newAccount } = protocol;
      const app = await newAccount(dtel(10));
      const payer = await newAccount(dtel(10));

      await token.connect(payer).approve(escrow, dtel(1));
      await expect(escrow.connect(payer).deposit(app, dtel(1)))
        .to.emit(escrow, "Deposited")
        .withArgs(app.address, payer.address, dtel(1));
      await expect(token.connect(app)["transferAndCall(address,uint256)"](escrow, dtel(2)))
        .to.emit(escrow, "Deposited")
        .withArgs(app.address, app.address, dtel(2));
      const data = AbiCoder.defaultAbiCoder().encode(["address"], [app.address]);
      await expect(token.connect(payer)["transferAndCall(address,uint256,bytes)"](escrow, dtel(3), data))
        .to.emit(escrow, "Deposited")
        .withArgs(app.address, payer.address, dtel(3));

      expect(await escrow.balanceOf(app)).to.equal(dtel(6));
      expect(await escrow.balanceOf(payer)).to.equal(0n);
      expect(await token.balanceOf(escrow)).to.equal(dtel(6));
    });

    it("works with a permit, also where a stranger has used the permit up", async function () {
      const { escrow, token, newAccount, paymentDomain } = protocol;
      const app = await newAccount(dtel(10));
      const types = {
        Permit: ["owner", "spender", "value", "nonce", "deadline"].map((name) => ({
          name,
          type: name === "owner" || name === "spender" ? "address" : "uint256",
        })),
      };
      const domain = { ...paymentDomain, verifyingContract: await token.getAddress() };
      const permit = async (nonce: bigint) => {
        const spender = await escrow.getAddress();
        const value = { owner: app.address, spender, value: dtel(1), nonce, deadline: MaxUint256 };
        return Signature.from(await app.signTypedData(domain, types, value));
      };

      const first = await permit(0n);
      await escrow.connect(app).depositWithPermit(app, dtel(1), MaxUint256, first.v, first.r, first.s);
      const second = await permit(1n);
      await token.permit(app, escrow, dtel(1), MaxUint256, second.v, second.r, second.s);
      await escrow.connect(app).depositWithPermit(app, dtel(1), MaxUint256, second.v, second.r, second.s);
      expect(await escrow.balanceOf(app)).to.equal(dtel(2));

      await expect(
        escrow.connect(app).depositWithPermit(app, dtel(1), MaxUint256, second.v, second.r, second.s),
      ).to.be.revertedWithCustomError(token, "ERC20InsufficientAllowance");
      // A permit is the payer's own: nobody else can deposit with it.
      const third = await permit(2n);
      await expect(
        escrow.depositWithPermit(app, dtel(1), MaxUint256, third.v, third.r, third.s),
      ).to.be.revertedWithCustomError(token, "ERC20InsufficientAllowance");
    });

    it("refuses nothing, fractions of a gwei, nobody's balance, strange data and a token of its own", async function () {
      const { escrow, token, holder } = protocol;
      const transferAndCall = token.connect(holder)["transferAndCall(address,uint256,bytes)"];
      const zero = AbiCoder.defaultAbiCoder().encode(["address"], [ZeroAddress]);
      await expect(escrow.deposit(holder, 0n)).to.be.revertedWithCustomError(escrow, "ZeroAmount");
      await expect(escrow.deposit(holder, 1n))
        .to.be.revertedWithCustomError(escrow, "NotWholeGwei")
        .withArgs(1n);
      await expect(escrow.deposit(holder, (1n << 64n) * 1_000_000_000n)).to.be.revertedWithCustomError(
        escrow,
        "NotWholeGwei",
      );
      await expect(escrow.deposit(ZeroAddress, dtel(1))).to.be.revertedWithCustomError(escrow, "ZeroAddress");
      await expect(transferAndCall(escrow, dtel(1), zero)).to.be.revertedWithCustomError(
        escrow,
        "ZeroAddress",
      );
      await expect(transferAndCall(escrow, dtel(1), "0x01"))
        .to.be.revertedWithCustomError(escrow, "InvalidDepositData")
        .withArgs(1n);
      // An address that does not fit 20 bytes.
      await expect(transferAndCall(escrow, dtel(1), `0x01${"00".repeat(31)}`)).to.revert(ethers);
      await expect(escrow.onTransferReceived(holder, holder, dtel(1), "0x"))
        .to.be.revertedWithCustomError(escrow, "NotToken")
        .withArgs(holder.address);
      expect(await token.balanceOf(escrow)).to.equal(0n);
    });
  });

  describe("withdraw", function () {
    it("takes free balance out at any time, to whom the app wants", async function () {
      const { escrow, token, newAccount } = protocol;
      const { account } = await addApp(protocol, dtel(5));
      const receiver = await newAccount();
      await expect(escrow.connect(account).withdraw(receiver, dtel(5)))
        .to.emit(escrow, "Withdrawn")
        .withArgs(account.address, receiver.address, dtel(5));
      expect(await token.balanceOf(receiver)).to.equal(dtel(5));
      expect(await escrow.balanceOf(account)).to.equal(0n);
    });

    it("does not reach reserves, nor another app's balance", async function () {
      const { escrow } = protocol;
      const { account } = await addApp(protocol, dtel(5));
      await addApp(protocol, dtel(5));
      await escrow.connect(account).reserve(NODE, dtel(3));
      await expect(escrow.connect(account).withdraw(account, dtel(3)))
        .to.be.revertedWithCustomError(escrow, "InsufficientBalance")
        .withArgs(account.address, dtel(3), dtel(2));
      await expect(escrow.connect(account).withdraw(account, 0n)).to.be.revertedWithCustomError(
        escrow,
        "ZeroAmount",
      );
    });
  });

  describe("reserves", function () {
    it("come out of the free balance: one balance cannot be promised to several nodes", async function () {
      const { escrow } = protocol;
      const { account } = await addApp(protocol, dtel(5));
      await expect(escrow.connect(account).reserve(NODE, dtel(3)))
        .to.emit(escrow, "Reserved")
        .withArgs(account.address, NODE, dtel(3));
      await expect(escrow.connect(account).reserve(2n, dtel(3)))
        .to.be.revertedWithCustomError(escrow, "InsufficientBalance")
        .withArgs(account.address, dtel(3), dtel(2));
      expect((await escrow.accountOf(account, NODE)).reserved).to.equal(dtel(3) / 10n ** 9n);
    });

    it("stay collectable through the thaw and come back after it, to the second", async function () {
      const { escrow, clock } = protocol;
      const node = await addNode(protocol);
      const app = await addApp(protocol, dtel(5));
      const asApp = escrow.connect(app.account);
      await asApp.reserve(node.nodeId, dtel(5));
      await clock.nextBlockAt(3, 100);
      await asApp.requestRelease(node.nodeId, dtel(5));
      const { releasableEpoch } = await escrow.thawOf(app.account, node.nodeId);
      // Two whole epochs lie between the request and the release.
      expect(releasableEpoch).to.equal(6n);

      await collect(protocol, app, node.nodeId, dtel(2));
      await clock.nextBlockAt(6, -1);
      await expect(asApp.release(node.nodeId))
        .to.be.revertedWithCustomError(escrow, "StillThawing")
        .withArgs(app.account.address, node.nodeId, 6n);
      await clock.nextBlockAt(6, 0);
      await expect(asApp.release(node.nodeId))
        .to.emit(escrow, "Released")
        .withArgs(app.account.address, node.nodeId, dtel(3));
      expect(await escrow.balanceOf(app.account)).to.equal(dtel(3));
      expect((await escrow.accountOf(app.account, node.nodeId)).reserved).to.equal(0n);
      await expect(asApp.release(node.nodeId)).to.be.revertedWithCustomError(escrow, "ZeroAmount");
    });

    it("a new request replaces the old one and starts the thaw anew", async function () {
      const { escrow, clock } = protocol;
      const { account } = await addApp(protocol, dtel(5));
      const asApp = escrow.connect(account);
      await asApp.reserve(NODE, dtel(5));
      await clock.goTo(3, 10);
      await asApp.requestRelease(NODE, dtel(1));
      await clock.goTo(5, 10);
      await asApp.requestRelease(NODE, dtel(5));
      await clock.goTo(6, 10);
      await expect(asApp.release(NODE)).to.be.revertedWithCustomError(escrow, "StillThawing");
      await expect(asApp.requestRelease(NODE, dtel(6)))
        .to.be.revertedWithCustomError(escrow, "InsufficientReserve")
        .withArgs(account.address, NODE, dtel(6), dtel(5));
    });

    it("that were made after a request do not go back with it", async function () {
      const { escrow, clock } = protocol;
      const node = await addNode(protocol);
      const app = await addApp(protocol, dtel(20));
      const asApp = escrow.connect(app.account);
      await clock.goTo(3, 10);
      await asApp.reserve(node.nodeId, dtel(10));
      await asApp.requestRelease(node.nodeId, dtel(10));
      await collect(protocol, app, node.nodeId, dtel(10));
      await clock.goTo(9, 10);
      // The node counts on this: nobody has asked it back.
      await asApp.reserve(node.nodeId, dtel(10));
      await expect(asApp.release(node.nodeId)).to.be.revertedWithCustomError(escrow, "ZeroAmount");
      expect((await escrow.accountOf(app.account, node.nodeId)).reserved).to.equal(dtel(10) / 10n ** 9n);
    });
  });

  describe("signers", function () {
    it("count from the epoch they are added in until the one they are revoked in, and never again", async function () {
      const { escrow, clock } = protocol;
      const app = await addApp(protocol, 0n);
      const asApp = escrow.connect(app.account);
      const key = await protocol.newAccount();
      await clock.goTo(5, 10);
      await expect(asApp.addSigner(key))
        .to.emit(escrow, "SignerAdded")
        .withArgs(app.account.address, key.address, 5n);
      await clock.goTo(7, 3_590);
      await expect(asApp.revokeSigner(key))
        .to.emit(escrow, "SignerRevoked")
        .withArgs(app.account.address, key.address, 7n);
      const grants = [4n, 5n, 7n, 8n].map((epoch) => escrow.isGrantSigner(app.account, key, epoch));
      expect(await Promise.all(grants)).to.deep.equal([false, true, true, false]);

      await expect(asApp.addSigner(key)).to.be.revertedWithCustomError(escrow, "SignerKnown");
      await expect(asApp.revokeSigner(key)).to.be.revertedWithCustomError(escrow, "SignerUnknown");
      await clock.goTo(20);
      await expect(asApp.addSigner(key)).to.be.revertedWithCustomError(escrow, "SignerKnown");
    });

    it("are each app's own", async function () {
      const { escrow } = protocol;
      const app = await addApp(protocol, 0n);
      const other = await addApp(protocol, 0n);
      expect(await escrow.isGrantSigner(other.account, app.signer, 0n)).to.equal(false);
      expect(await escrow.isVoucherSigner(other.account, app.signer)).to.equal(false);
      await expect(escrow.connect(other.account).revokeSigner(app.signer)).to.be.revertedWithCustomError(
        escrow,
        "SignerUnknown",
      );
      await expect(escrow.connect(app.account).addSigner(ZeroAddress)).to.be.revertedWithCustomError(
        escrow,
        "ZeroAddress",
      );
    });
  });
});

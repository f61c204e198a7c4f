import { expect } from "chai";
import { Signature, Wallet, id, verifyTypedData } from "ethers";
import { parseAddress, parseHex } from "../../../node/protocol/hex.js";
import {
  InvalidSignature,
  detailsHash,
  grantId,
  joinProof,
  roomHash,
  sessionReceipt,
  toCompactSignature,
  typedDataDomain,
  voucher,
  voucherRequest,
} from "../../../node/protocol/typedData.js";
import { randomFrom } from "../support/random.js";

const CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

describe("typed data", function () {
  this.timeout(20_000);
  const random = randomFrom(1);
  const wallet = new Wallet(id("a session key"));
  const domain = typedDataDomain(33_380n, random.address());
  const receipt = { nodeId: 3n, epoch: 12, bytesDelivered: 1_000n, quality: 9_876 };

  it("recovers the signer from 65 bytes and from the compact 64 bytes", async function () {
    const signature = await sessionReceipt.sign(wallet, domain, receipt);
    const { r, vs } = toCompactSignature(signature);
    expect(sessionReceipt.recover(domain, receipt, signature)).to.equal(wallet.address);
    expect(sessionReceipt.recover(domain, receipt, parseHex(r + vs.slice(2), 64))).to.equal(wallet.address);
  });

  it("hashes as ethers and every EIP-712 wallet do", async function () {
    const types = {
      SessionReceipt: [
        { name: "nodeId", type: "uint256" },
        { name: "epoch", type: "uint256" },
        { name: "bytesDelivered", type: "uint256" },
        { name: "quality", type: "uint256" },
      ],
    };
    const signature = await wallet.signTypedData(domain, types, receipt);
    expect(await sessionReceipt.sign(wallet, domain, receipt)).to.equal(signature);
    expect(verifyTypedData(domain, types, receipt, signature)).to.equal(wallet.address);
  });

  it("a signature is worth nothing for another message, node, epoch, contract or chain", async function () {
    const signature = await sessionReceipt.sign(wallet, domain, receipt);
    const others = [
      { ...receipt, nodeId: 4n },
      { ...receipt, epoch: 13 },
      { ...receipt, bytesDelivered: 1_001n },
      { ...receipt, quality: 9_877 },
    ];
    for (const other of others)
      expect(sessionReceipt.recover(domain, other, signature)).to.not.equal(wallet.address);
    const elsewhere = typedDataDomain(33_380n, random.address());
    expect(sessionReceipt.recover(elsewhere, receipt, signature)).to.not.equal(wallet.address);
    const otherChain = typedDataDomain(3_338n, domain.verifyingContract);
    expect(sessionReceipt.recover(otherChain, receipt, signature)).to.not.equal(wallet.address);
  });

  it("refuses signatures that a contract would refuse: malleable, cut, empty, not on the curve", async function () {
    const signature = await sessionReceipt.sign(wallet, domain, receipt);
    const { r, s, v } = Signature.from(signature);
    const highS = (CURVE_ORDER - BigInt(s)).toString(16).padStart(64, "0");
    const malleable = parseHex(`${r}${highS}${v === 27 ? "1c" : "1b"}`, 65);
    const zero = parseHex(`0x${"00".repeat(64)}1b`, 65);
    const offCurve = parseHex(`0x${"ff".repeat(32)}${s.slice(2)}1b`, 65);
    for (const bad of [malleable, parseHex(signature.slice(0, 100)), parseHex("0x"), zero, offCurve]) {
      expect(() => sessionReceipt.recover(domain, receipt, bad), bad).to.throw(InvalidSignature);
    }
  });

  it("signs vouchers, join proofs and voucher requests in the same way", async function () {
    const app = random.address();
    const promise = { app, nodeId: 1n, cumulativeAmount: 10n ** 18n, cumulativeScore: 10n ** 17n };
    expect(voucher.recover(domain, promise, await voucher.sign(wallet, domain, promise))).to.equal(
      wallet.address,
    );
    const proof = { nodeId: 1n, room: roomHash("stand-up"), nonce: random.hex(32) };
    expect(joinProof.recover(domain, proof, await joinProof.sign(wallet, domain, proof))).to.equal(
      wallet.address,
    );
    const request = { nodeId: 1n, app, bodyHash: random.hex(32), issuedAt: 1_900_000_000n };
    const signature = await voucherRequest.sign(wallet, domain, request);
    expect(voucherRequest.recover(domain, request, signature)).to.equal(wallet.address);
  });

  it("names rooms and details by the hash of their UTF-8 bytes", function () {
    expect(roomHash("Kaffeeküche")).to.equal(id("Kaffeeküche"));
    expect(detailsHash('{"identity":"ada"}')).to.equal(id('{"identity":"ada"}'));
    const grant = {
      app: random.address(),
      sessionKey: random.address(),
      room: roomHash("a"),
      maxBytesPerEpoch: 1n,
      expiresAt: 2n,
      detailsHash: detailsHash("{}"),
    };
    expect(grantId(grant)).to.not.equal(grantId({ ...grant, maxBytesPerEpoch: 2n }));
  });

  it("brings addresses into one form and refuses what is none", function () {
    expect(parseAddress(wallet.address.toLowerCase())).to.equal(wallet.address);
    const wrongChecksum = wallet.address.replace(/[a-f]/, (letter) => letter.toUpperCase());
    for (const bad of [wrongChecksum, "0x12", "", undefined, wallet.address.slice(2), 5]) {
      expect(() => parseAddress(bad), String(bad)).to.throw(RangeError, "expected an address");
    }
  });
});

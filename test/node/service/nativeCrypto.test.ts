import { expect } from "chai";
import { Signature, SigningKey, Wallet, hexlify, keccak256, randomBytes, recoverAddress } from "ethers";
import { parseAddress, toHex } from "../../../node/protocol/hex.js";
import type { Hex } from "../../../node/protocol/hex.js";
import { recoverSigner } from "../../../node/protocol/recovery.js";
import { sessionReceipt } from "../../../node/protocol/typedData.js";
import { useNativeCrypto } from "../../../node/service/nativeCrypto.js";
import { testDomain } from "../support/participants.js";

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

describe("native crypto", function () {
  const hashesBefore = new Map<Hex, string>();

  before(async function () {
    for (let length = 0; length < 300; length += 7) {
      const data = toHex(randomBytes(length));
      hashesBefore.set(data, keccak256(data));
    }
    if (!(await useNativeCrypto())) this.skip();
  });

  it("hashes as before, and keeps no hash that a later one overwrites", function () {
    const hashes = [...hashesBefore.keys()].map((data) => keccak256(data));
    expect(hashes).to.deep.equal([...hashesBefore.values()]);
    expect(keccak256("0x")).to.equal("0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
  });

  it("recovers whom ethers recovers, from any digest", function () {
    for (let round = 0; round < 50; round++) {
      const key = new SigningKey(hexlify(randomBytes(32)));
      const digest = toHex(randomBytes(32));
      const signature = key.sign(digest);
      expect(parseAddress(recoverSigner(digest, signature))).to.equal(recoverAddress(digest, signature));
    }
  });

  it("judges signatures that are changed, out of range or of no key as ethers does", function () {
    const outcome = (recover: () => string): string => {
      try {
        return recover().toLowerCase();
      } catch {
        return "refused";
      }
    };
    const digest = toHex(randomBytes(32));
    const good = new SigningKey(hexlify(randomBytes(32))).sign(digest);
    const word = (value: bigint): Hex => `0x${value.toString(16).padStart(64, "0")}`;
    const rs: [string, string][] = Array.from({ length: 60 }, () => [hexlify(randomBytes(32)), good.s]);
    rs.push([word(0n), good.s], [good.r, word(0n)], [word(ORDER), good.s], [good.r, word(ORDER)]);
    rs.push([word(ORDER - 1n), good.s], [word(1n), word(1n)], [word((1n << 256n) - 1n), good.s]);
    let refused = 0;
    for (const [r, s] of rs) {
      for (const yParity of [0, 1] as const) {
        let signature: Signature;
        try {
          signature = Signature.from({ r, s, yParity });
        } catch {
          continue;
        }
        const expected = outcome(() => recoverAddress(digest, signature));
        if (expected === "refused") refused += 1;
        expect(
          outcome(() => recoverSigner(digest, signature)),
          `${r} ${s} ${yParity}`,
        ).to.equal(expected);
      }
    }
    expect(refused, "some were no signatures at all").to.be.greaterThan(10);
  });

  it("leaves receipts signed and checked as before, malleable signatures refused", async function () {
    const wallet = Wallet.createRandom();
    const receipt = { nodeId: 3n, epoch: 10, bytesDelivered: 12_345n, quality: 9_000 };
    const signature = await sessionReceipt.sign(wallet, testDomain, receipt);
    expect(sessionReceipt.recover(testDomain, receipt, signature)).to.equal(wallet.address);
    const { r, s, yParity } = Signature.from(signature);
    const high = (ORDER - BigInt(s)).toString(16).padStart(64, "0");
    const malleable: Hex = `0x${r.slice(2)}${high}${yParity === 0 ? "1c" : "1b"}`;
    expect(() => sessionReceipt.recover(testDomain, receipt, malleable)).to.throw("canonical");
    const compact = toHex(Buffer.from(Signature.from(signature).compactSerialized.slice(2), "hex"));
    expect(sessionReceipt.recover(testDomain, receipt, compact)).to.equal(wallet.address);
  });
});

import { expect } from "chai";
import { LinkKey } from "../../../node/cluster/LinkCipher.js";
import type { LinkCipher } from "../../../node/cluster/LinkCipher.js";

describe("LinkCipher", () => {
  function pair(): [LinkCipher, LinkCipher] {
    const [dialer, acceptor] = [new LinkKey(), new LinkKey()];
    return [dialer.agree(acceptor.nonce, "dialer"), acceptor.agree(dialer.nonce, "acceptor")];
  }

  it("opens what the other side sealed, in both directions", () => {
    const [dialer, acceptor] = pair();
    for (const text of ["first", "", "zweite Nachricht ✓"]) {
      expect(acceptor.open(dialer.seal(text))).to.equal(text);
      expect(dialer.open(acceptor.seal(text))).to.equal(text);
    }
  });

  it("opens nothing that was changed, repeated, left out or sent back", () => {
    const sealed = () => {
      const [dialer, acceptor] = pair();
      return { dialer, acceptor, first: dialer.seal("first"), second: dialer.seal("second") };
    };
    const changed = sealed();
    changed.first[0] = (changed.first[0] ?? 0) ^ 1;
    expect(() => changed.acceptor.open(changed.first)).to.throw();
    const repeated = sealed();
    repeated.acceptor.open(repeated.first);
    expect(() => repeated.acceptor.open(repeated.first)).to.throw();
    const leftOut = sealed();
    expect(() => leftOut.acceptor.open(leftOut.second)).to.throw();
    const sentBack = sealed();
    expect(() => sentBack.dialer.open(sentBack.first)).to.throw();
    expect(() => sealed().acceptor.open(Buffer.alloc(3))).to.throw("too short");
  });

  it("agrees on nothing with another key, and not with one that everybody knows the secret of", () => {
    const [dialer] = pair();
    const [, stranger] = pair();
    expect(() => stranger.open(dialer.seal("first"))).to.throw();
    expect(() => new LinkKey().agree(`0x${"00".repeat(32)}`, "dialer")).to.throw();
  });
});

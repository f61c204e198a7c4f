import { expect } from "chai";
import { AbiCoder, dataLength, dataSlice, concat, toBeHex } from "ethers";
import { samplePoints } from "../../../node/protocol/sampling.js";
import { parseHex } from "../../../node/protocol/hex.js";
import { ServiceProofs__factory } from "../../../types/contracts/index.js";
import type { ServiceProofs } from "../../../types/contracts/index.js";
import type { OpeningStruct } from "../../../types/contracts/service/ServiceAttestations.js";
import { ethers, networkHelpers } from "../support/chain.js";
import { actingAs } from "../support/impersonate.js";
import { addApp, addNode, dtel } from "../support/people.js";
import type { App, Node } from "../support/people.js";
import { freshProtocol, protocolFixture } from "../support/protocol.js";
import type { Protocol } from "../support/protocol.js";
import { drawSeed, honestService, idleService, passProofDeadline } from "../support/service.js";
import type { Service } from "../support/service.js";

const EPOCH = 3;
const SAMPLES = 4;
const SELECTOR = 4;
const WORD = 32;
/** Words of an attestation, which stand before the openings' offset. */
const ATTESTATION_WORDS = 6;
const everybodyPicked = protocolFixture({ sampling: { pickProbability: "1/1" } });

/** Calldata in words, to be changed one by one. */
class Calldata {
  constructor(readonly data: string) {}

  word(index: number): bigint {
    return BigInt(dataSlice(this.data, SELECTOR + WORD * index, SELECTOR + WORD * (index + 1)));
  }

  with(index: number, value: bigint): Calldata {
    const at = SELECTOR + WORD * index;
    return new Calldata(
      concat([dataSlice(this.data, 0, at), toBeHex(value, WORD), dataSlice(this.data, at + WORD)]),
    );
  }

  followedBy(...parts: string[]): Calldata {
    return new Calldata(concat([this.data, ...parts]));
  }

  withoutLast(bytes: number): Calldata {
    return new Calldata(dataSlice(this.data, 0, dataLength(this.data) - bytes));
  }
}

/**
 * `prove` hands its calldata on as it came, with the domain, the seed and the epoch's start behind it. Whatever somebody
 * writes there instead, or however he arranges what comes before, must not be taken for them.
 */
describe("ServiceAttestations: calldata of prove", function () {
  let protocol: Protocol;
  let proofs: ServiceProofs;
  let node: Node;
  let app: App;
  let service: Service;
  let openings: OpeningStruct[];
  let honest: Calldata;
  beforeEach(async function () {
    protocol = await freshProtocol(everybodyPicked);
    proofs = ServiceProofs__factory.connect(await protocol.attestations.PROOFS(), protocol.holder);
    node = await addNode(protocol);
    app = await addApp(protocol);
    service = await honestService(protocol, node, app, EPOCH, 6);
    await protocol.clock.goTo(EPOCH + 1, 10);
    await service.attest();
    await drawSeed(protocol, EPOCH);
    openings = await service.openings();
    honest = encode(openings);
  });

  const encode = (list: OpeningStruct[]) =>
    new Calldata(protocol.attestations.interface.encodeFunctionData("prove", [service.attestation, list]));
  const send = ({ data }: Calldata) => protocol.holder.sendTransaction({ to: protocol.attestations, data });
  const context = (domain: string, seed: string, start: bigint) =>
    AbiCoder.defaultAbiCoder().encode(["bytes32", "bytes32", "uint256"], [domain, seed, start]);
  const domain = () => protocol.attestations.domainSeparator();
  const start = () => BigInt(protocol.clock.startOf(EPOCH));
  const isProven = async () => (await protocol.attestations.attestationOf(node.nodeId, EPOCH))[0] === 2n;

  /** Index of the word where the array of openings begins: its length. */
  const arrayAt = () => Number(honest.word(ATTESTATION_WORDS)) / WORD;

  it("counts as it is, with anything behind it", async function () {
    for (const tail of ["0x", "0x00", "0x" + "ff".repeat(95), "0x" + "ab".repeat(1_000)]) {
      const snapshot = await networkHelpers.takeSnapshot();
      await expect(send(honest.followedBy(tail)), `${dataLength(tail)} bytes`)
        .to.emit(protocol.attestations, "ServiceProven")
        .withArgs(node.nodeId, EPOCH);
      await snapshot.restore();
    }
  });

  it("a seed of one's own behind it picks no other leaves", async function () {
    const { nodeId, bytesDelivered } = service.attestation;
    const own = parseHex("0x" + "5a".repeat(WORD), 32);
    const asked = samplePoints(own, nodeId, EPOCH, bytesDelivered, SAMPLES);
    const convenient = encode(asked.map((point) => service.openingAt(point)));
    expect(convenient.data).not.to.equal(honest.data);
    for (const tail of [
      context(await domain(), own, start()),
      context(await domain(), own, start()) + "00".repeat(96),
      "00".repeat(32),
    ]) {
      const changed = convenient.followedBy(tail.startsWith("0x") ? tail : `0x${tail}`);
      await expect(send(changed)).to.be.revertedWithCustomError(proofs, "SampleNotCovered");
    }
    expect(await isProven()).to.equal(false);
  });

  it("a domain or an epoch's start of one's own behind it lets no foreign signature or expired grant in", async function () {
    const other = await addNode(protocol);
    const late = await honestService(protocol, other, app, EPOCH, 1);
    expect(late.attestation.nodeId).to.equal(other.nodeId);
    const seed = await protocol.attestations.seedOf(EPOCH);
    const stolen = openings.map((opening) => ({ ...opening, receiptSignature: opening.grantSignature }));
    await expect(
      send(encode(stolen).followedBy(context(await protocol.escrow.domainSeparator(), seed, 0n))),
    ).to.be.revertedWithCustomError(proofs, "SessionKeyMismatch");
    expect(await isProven()).to.equal(false);
  });

  it("cut short, so that its end would be read from what is appended, is refused", async function () {
    for (const bytes of [1, 31, 32, 64, 96, 128]) {
      await expect(send(honest.withoutLast(bytes)), `${bytes} bytes`).to.be.revert(ethers);
    }
    expect(await isProven()).to.equal(false);
  });

  it("offsets that lead outside, into what is appended, or round the number range are refused", async function () {
    const array = arrayAt();
    const length = BigInt(dataLength(honest.data) - SELECTOR);
    for (const offset of [length, length + 96n, 1n << 64n, (1n << 256n) - 32n, 0n]) {
      await expect(send(honest.with(ATTESTATION_WORDS, offset)), `array at ${offset}`).to.be.revert(ethers);
    }
    for (const offset of [length, 1n << 64n, (1n << 255n) + honest.word(array + 1), (1n << 256n) - 32n]) {
      await expect(send(honest.with(array + 1, offset)), `opening at ${offset}`).to.be.revert(ethers);
    }
    for (const count of [0n, 3n, 5n, 1n << 64n, (1n << 256n) - 1n]) {
      await expect(send(honest.with(array, count)), `${count} openings`).to.be.revert(ethers);
    }
    expect(await isProven()).to.equal(false);
  });

  it("one opening in the place of all is taken only where it covers all points", async function () {
    const array = arrayAt();
    const first = honest.word(array + 1);
    let aliased = honest;
    for (let sample = 1; sample < SAMPLES; sample++) aliased = aliased.with(array + 1 + sample, first);
    const points = await protocol.attestations.samplePoints(
      node.nodeId,
      EPOCH,
      service.attestation.bytesDelivered,
    );
    const leaves = new Set(points.map((point) => service.tree.open(point).leaf.sessionKey));
    if (leaves.size > 1) {
      await expect(send(aliased)).to.be.revertedWithCustomError(proofs, "SampleNotCovered");
    } else {
      await send(aliased);
    }
  });

  it("dirty bits of an address or a wrong path are refused", async function () {
    // Opening: bytes, quality, receipt signature (2), grant: app, session key, …
    const opening = arrayAt() + 1 + Number(honest.word(arrayAt() + 1)) / WORD;
    expect(honest.word(opening + 4)).to.equal(BigInt(app.account.address));
    for (const field of [4, 5]) {
      const dirty = honest.word(opening + field) | (1n << 160n);
      await expect(send(honest.with(opening + field, dirty)), `word ${field}`).to.be.revert(ethers);
    }
    for (const field of [0, 1, 2, 3, 6, 7, 8, 9, 10, 11, 12]) {
      const changed = honest.with(opening + field, honest.word(opening + field) ^ 1n);
      await expect(send(changed), `word ${field}`).to.be.revert(ethers);
    }
    expect(await isProven()).to.equal(false);
    await send(honest);
    expect(await isProven()).to.equal(true);
  });

  describe("a missing proof", function () {
    it("is noted for the penalty manager alone", async function () {
      const { attestations, holder } = protocol;
      await passProofDeadline(protocol, EPOCH);
      await expect(attestations.markProofMissing(service.attestation, 0n))
        .to.be.revertedWithCustomError(attestations, "NotPeer")
        .withArgs(holder.address);
    });

    it("is none where nothing was delivered, whatever was earned; nor where it came; and once", async function () {
      const { attestations, penalties, clock } = protocol;
      const idleNode = await addNode(protocol);
      const idle = idleService(protocol, idleNode, EPOCH + 1);
      const next = await honestService(protocol, node, app, EPOCH + 1, 2);
      await passProofDeadline(protocol, EPOCH);
      await clock.goTo(EPOCH + 2, 100);
      await idle.attest();
      await next.attest();
      await drawSeed(protocol, EPOCH + 1);
      const asPenalties = attestations.connect(await actingAs(penalties));
      await expect(asPenalties.markProofMissing(next.attestation, 0n)).to.be.revertedWithCustomError(
        attestations,
        "ProofDeadlineNotPassed",
      );
      await next.prove();
      await passProofDeadline(protocol, EPOCH + 1);
      for (const { attestation } of [idle, next]) {
        await expect(asPenalties.markProofMissing(attestation, dtel(1_000_000)))
          .to.be.revertedWithCustomError(attestations, "NoProofMissing")
          .withArgs(attestation.nodeId, EPOCH + 1);
      }
      await expect(
        asPenalties.markProofMissing({ ...service.attestation, sessions: 5 }, 0n),
      ).to.be.revertedWithCustomError(attestations, "AttestationMismatch");
      await expect(asPenalties.markProofMissing(service.attestation, 0n))
        .to.emit(attestations, "ProofMissing")
        .withArgs(node.nodeId, EPOCH);
      await expect(asPenalties.markProofMissing(service.attestation, 0n)).to.be.revertedWithCustomError(
        attestations,
        "NoProofMissing",
      );
      // Nor can it be proven afterwards, or be missed again after a claim.
      await service.claim();
      await expect(asPenalties.markProofMissing(service.attestation, 0n)).to.be.revertedWithCustomError(
        attestations,
        "NoProofMissing",
      );
    });
  });
});

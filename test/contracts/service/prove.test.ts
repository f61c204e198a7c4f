import { expect } from "chai";
import { ZeroHash } from "ethers";
import { ReceiptTree, hashInner, hashLeaf } from "../../../node/protocol/receiptTree.js";
import { roomHash } from "../../../node/protocol/typedData.js";
import { ServiceProofs__factory } from "../../../types/contracts/index.js";
import type { ServiceProofs } from "../../../types/contracts/index.js";
import { addApp, addNode } from "../support/people.js";
import type { App, Node } from "../support/people.js";
import { freshProtocol } from "../support/protocol.js";
import type { Protocol } from "../support/protocol.js";
import { Service, drawSeed, honestService, idleService, newSession, openingOf } from "../support/service.js";
import type { Session, SessionOptions } from "../support/service.js";

const PROVEN = 2n;
const EPOCH = 3;
const SAMPLES = 4;

describe("ServiceAttestations: prove", function () {
  let protocol: Protocol;
  let node: Node;
  let app: App;
  let proofs: ServiceProofs;
  beforeEach(async function () {
    protocol = await freshProtocol();
    proofs = ServiceProofs__factory.connect(await protocol.attestations.PROOFS(), protocol.holder);
    node = await addNode(protocol);
    app = await addApp(protocol);
  });

  /** Attests in the first half of the next epoch, draws the seed in the second. */
  async function attestAndDraw(...services: Service[]): Promise<void> {
    await protocol.clock.goTo(EPOCH + 1, 10);
    for (const service of services) await service.attest();
    await drawSeed(protocol, EPOCH);
  }

  /** An epoch with one session only: every sample opens it. */
  async function singleSession(options: SessionOptions = {}): Promise<Service> {
    const session = await newSession(protocol, app, node, EPOCH, "single", options);
    return new Service(protocol, node, EPOCH, [session]);
  }

  it("opens what the seed asks for; anyone may, once", async function () {
    const { attestations } = protocol;
    const service = await honestService(protocol, node, app, EPOCH, 7);
    await attestAndDraw(service);
    await expect(service.prove()).to.emit(attestations, "ServiceProven").withArgs(node.nodeId, EPOCH);
    expect((await attestations.attestationOf(node.nodeId, EPOCH))[0]).to.equal(PROVEN);
    await expect(service.prove())
      .to.be.revertedWithCustomError(attestations, "AttestationMismatch")
      .withArgs(node.nodeId, EPOCH);
  });

  it("takes trees of any size", async function () {
    for (const sessions of [1, 2, 3, 64, 100]) {
      protocol = await freshProtocol();
      node = await addNode(protocol);
      app = await addApp(protocol);
      const service = await honestService(protocol, node, app, EPOCH, sessions);
      await attestAndDraw(service);
      await expect(service.prove(), `${sessions} sessions`).to.emit(protocol.attestations, "ServiceProven");
    }
  });

  it("takes sessions of several apps, and one grant on several nodes", async function () {
    const { attestations } = protocol;
    const other = await addApp(protocol);
    const second = await addNode(protocol);
    const services = await Promise.all(
      [node, second].map(async (each) => {
        const sessions = await Promise.all([
          newSession(protocol, app, each, EPOCH, "a roaming participant"),
          newSession(protocol, other, each, EPOCH, "somebody else"),
        ]);
        return new Service(protocol, each, EPOCH, sessions);
      }),
    );
    await attestAndDraw(...services);
    for (const service of services) {
      await expect(service.prove()).to.emit(attestations, "ServiceProven");
    }
  });

  describe("refuses what is not on record", function () {
    it("no attestation, another one, that of another node", async function () {
      const { attestations } = protocol;
      const service = await honestService(protocol, node, app, EPOCH);
      await attestAndDraw(service);
      const openings = await service.openings();
      const silent = await addNode(protocol);
      for (const change of [
        { nodeId: silent.nodeId },
        { epoch: EPOCH - 1 },
        { bytesDelivered: service.attestation.bytesDelivered + 1n },
        { sessions: 4 },
      ]) {
        await expect(
          attestations.prove({ ...service.attestation, ...change }, openings),
        ).to.be.revertedWithCustomError(attestations, "AttestationMismatch");
      }
    });

    it("an epoch without sessions has nothing to prove", async function () {
      const { attestations } = protocol;
      const service = idleService(protocol, node, EPOCH);
      await attestAndDraw(service);
      await expect(attestations.prove(service.attestation, []))
        .to.be.revertedWithCustomError(attestations, "NothingToProve")
        .withArgs(node.nodeId, EPOCH);
    });

    it("fewer or more openings than samples", async function () {
      const { attestations } = protocol;
      const service = await singleSession();
      await attestAndDraw(service);
      for (const count of [0, SAMPLES - 1, SAMPLES + 1]) {
        const openings = Array.from({ length: count }, () => service.openingAt(0n));
        await expect(attestations.prove(service.attestation, openings))
          .to.be.revertedWithCustomError(proofs, "WrongSampleCount")
          .withArgs(count, SAMPLES);
      }
    });

    it("another leaf than the one that covers the point, at either end of its range", async function () {
      const { attestations } = protocol;
      const service = await honestService(protocol, node, app, EPOCH, 6);
      await attestAndDraw(service);
      const openings = await service.openings();
      const points = await attestations.samplePoints(node.nodeId, EPOCH, service.tree.total);
      for (const [sample, point] of points.entries()) {
        const covering = service.tree.open(point);
        const from = covering.prefix;
        const to = from + covering.leaf.bytesDelivered;
        for (const wrong of [from - 1n, to]) {
          if (wrong < 0n || wrong >= service.tree.total) continue;
          const neighbour = service.tree.open(wrong);
          await expect(
            attestations.prove(service.attestation, openings.with(sample, service.openingAt(wrong))),
          )
            .to.be.revertedWithCustomError(proofs, "SampleNotCovered")
            .withArgs(sample, point, neighbour.prefix, neighbour.prefix + neighbour.leaf.bytesDelivered);
        }
      }
    });
  });

  it("ranges of leaves begin with their prefix and end before their sum", async function () {
    const { attestations } = protocol;
    // Leaves of one byte: every point lies on the edge of its left neighbour.
    const sessions = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        newSession(protocol, app, node, EPOCH, `byte ${index}`, { bytesDelivered: 1n }),
      ),
    );
    const service = new Service(protocol, node, EPOCH, sessions);
    await attestAndDraw(service);
    const points = await attestations.samplePoints(node.nodeId, EPOCH, 8n);
    const openings = await service.openings();
    for (const [sample, point] of points.entries()) {
      if (point === 0n) continue;
      const changed = openings.with(sample, service.openingAt(point - 1n));
      await expect(attestations.prove(service.attestation, changed))
        .to.be.revertedWithCustomError(proofs, "SampleNotCovered")
        .withArgs(sample, point, point - 1n, point);
    }
    await service.prove();
  });

  describe("refuses a receipt", function () {
    for (const [what, options] of [
      ["for another node", { receipt: { nodeId: 99n } }],
      ["for another epoch", { receipt: { epoch: EPOCH - 1 } }],
      ["for fewer bytes than the leaf counts", { receipt: { bytesDelivered: 999_999n } }],
    ] as const) {
      it(what, async function () {
        const service = await singleSession(options);
        await attestAndDraw(service);
        await expect(service.prove()).to.be.revertedWithCustomError(proofs, "SessionKeyMismatch");
      });
    }

    it("signed by another key than the grant names", async function () {
      const { newAccount } = protocol;
      const other = await newAccount();
      const service = await singleSession({ receiptSigner: other });
      await attestAndDraw(service);
      const [leaf] = service.tree.leaves;
      await expect(service.prove())
        .to.be.revertedWithCustomError(proofs, "SessionKeyMismatch")
        .withArgs(0n, other.address, leaf?.sessionKey);
    });

    it("with a quality above 10,000", async function () {
      const { attestations } = protocol;
      const service = await singleSession();
      await attestAndDraw(service);
      for (const quality of [10_001, 0x1_0000 + 9_000]) {
        const openings = (await service.openings()).map((opening) => ({ ...opening, quality }));
        await expect(attestations.prove(service.attestation, openings))
          .to.be.revertedWithCustomError(proofs, "InvalidQuality")
          .withArgs(0n, quality);
      }
    });

    it("for another chain or contract", async function () {
      const { serviceDomain, paymentDomain } = protocol;
      const foreign: Service[] = [];
      for (const domain of [{ ...serviceDomain, chainId: 1n }, paymentDomain]) {
        const each = await addNode(protocol);
        const session = await newSession(protocol, app, each, EPOCH, "foreign", { domain });
        foreign.push(new Service(protocol, each, EPOCH, [session]));
      }
      await attestAndDraw(...foreign);
      for (const service of foreign) {
        await expect(service.prove()).to.be.revertedWithCustomError(proofs, "SessionKeyMismatch");
      }
    });
  });

  describe("refuses a grant", function () {
    it("that had expired as the epoch began, to the second", async function () {
      const { clock } = protocol;
      const start = clock.startOf(EPOCH);
      const other = await addNode(protocol);
      const expired = await singleSession({ grant: { expiresAt: BigInt(start) } });
      const session = await newSession(protocol, app, other, EPOCH, "in time", {
        grant: { expiresAt: BigInt(start + 1) },
      });
      const valid = new Service(protocol, other, EPOCH, [session]);
      await attestAndDraw(expired, valid);
      await expect(expired.prove()).to.be.revertedWithCustomError(proofs, "GrantExpired").withArgs(0n, start);
      await valid.prove();
    });

    it("whose limit the receipt exceeds, by one byte", async function () {
      const other = await addNode(protocol);
      const over = await singleSession({ grant: { maxBytesPerEpoch: 999_999n } });
      const session = await newSession(protocol, app, other, EPOCH, "full", {
        grant: { maxBytesPerEpoch: 1_000_000n },
      });
      const full = new Service(protocol, other, EPOCH, [session]);
      await attestAndDraw(over, full);
      await expect(over.prove())
        .to.be.revertedWithCustomError(proofs, "GrantLimitExceeded")
        .withArgs(0n, 1_000_000n, 999_999n);
      await full.prove();
    });

    it("by a key that is not the app's, or another app's", async function () {
      const { newAccount } = protocol;
      const stranger = await newAccount();
      const forged = await singleSession({ grantSigner: stranger });
      await attestAndDraw(forged);
      await expect(forged.prove())
        .to.be.revertedWithCustomError(proofs, "NotGrantSigner")
        .withArgs(0n, app.account.address, stranger.address);
    });

    it("of another app with this app's signature", async function () {
      const other = await addApp(protocol);
      const swapped = await singleSession({ grant: { app: other.account.id } });
      await attestAndDraw(swapped);
      await expect(swapped.prove())
        .to.be.revertedWithCustomError(proofs, "NotGrantSigner")
        .withArgs(0n, other.account.address, app.signer.address);
    });

    it("that was changed after it was signed", async function () {
      const { attestations } = protocol;
      const service = await singleSession();
      await attestAndDraw(service);
      const openings = await service.openings();
      const [leaf] = service.tree.leaves;
      for (const change of [
        { maxBytesPerEpoch: 1n << 60n },
        { room: roomHash("other") },
        { expiresAt: 1n << 60n },
      ]) {
        const grant = { ...leaf!.grant, ...change };
        const changed = openings.map((opening) => ({ ...opening, grant }));
        await expect(attestations.prove(service.attestation, changed)).to.be.revertedWithCustomError(
          proofs,
          "NotGrantSigner",
        );
      }
    });

    it("by a key revoked before the epoch; one revoked during it still counts", async function () {
      const { escrow, clock } = protocol;
      const other = await addNode(protocol);
      const second = await addApp(protocol);
      await clock.goTo(EPOCH - 1, 3_000);
      await escrow.connect(app.account).revokeSigner(app.signer);
      await clock.goTo(EPOCH, 10);
      await escrow.connect(second.account).revokeSigner(second.signer);
      const revoked = await singleSession();
      const session = await newSession(protocol, second, other, EPOCH, "during");
      const during = new Service(protocol, other, EPOCH, [session]);
      await attestAndDraw(revoked, during);
      await expect(revoked.prove()).to.be.revertedWithCustomError(proofs, "NotGrantSigner");
      await during.prove();
    });

    it("by a key added after the epoch", async function () {
      const { escrow, clock, newAccount } = protocol;
      const late = await newAccount();
      const service = await singleSession({ grantSigner: late });
      await clock.goTo(EPOCH + 1, 5);
      await escrow.connect(app.account).addSigner(late);
      await attestAndDraw(service);
      await expect(service.prove()).to.be.revertedWithCustomError(proofs, "NotGrantSigner");
    });
  });

  describe("refuses a tree", function () {
    it("that sums up to less than was attested", async function () {
      const { attestations } = protocol;
      const session = await newSession(protocol, app, node, EPOCH, "single");
      const inflated = new Service(protocol, node, EPOCH, [session], { bytesDelivered: 1_000_001n });
      await attestAndDraw(inflated);
      const openings = Array.from({ length: SAMPLES }, () => openingOf(session, []));
      await expect(attestations.prove(inflated.attestation, openings))
        .to.be.revertedWithCustomError(proofs, "TotalMismatch")
        .withArgs(1_000_000n, 1_000_001n);
    });

    it("that counts one session twice", async function () {
      const { attestations } = protocol;
      const session = await newSession(protocol, app, node, EPOCH, "twice");
      const half = { hash: hashLeaf(session), bytes: session.bytesDelivered };
      // The separator can be right for one of the two only.
      const receiptRoot = hashInner(half, half, session.sessionKey);
      const doubled = new Service(protocol, node, EPOCH, [session], {
        receiptRoot,
        bytesDelivered: 2n * session.bytesDelivered,
        sessions: 2,
      });
      await attestAndDraw(doubled);
      const points = await attestations.samplePoints(node.nodeId, EPOCH, doubled.attestation.bytesDelivered);
      const openings = points.map((point) =>
        openingOf(session, [
          {
            siblingHash: half.hash,
            siblingBytes: half.bytes,
            separator: session.sessionKey,
            siblingIsLeft: point >= half.bytes,
          },
        ]),
      );
      const leftIsAsked = points.some((point) => point < half.bytes);
      if (leftIsAsked) {
        await expect(attestations.prove(doubled.attestation, openings)).to.be.revertedWithCustomError(
          proofs,
          "SeparatorViolated",
        );
      }
      // Whichever half the points fall into: the left one cannot be opened at all.
      const left = openings.map((opening) => ({
        ...opening,
        path: openingOf(session, [
          {
            siblingHash: half.hash,
            siblingBytes: half.bytes,
            separator: session.sessionKey,
            siblingIsLeft: false,
          },
        ]).path,
      }));
      await expect(attestations.prove(doubled.attestation, left))
        .to.be.revertedWithCustomError(proofs, "SeparatorViolated")
        .withArgs(session.sessionKey, session.sessionKey, true);
    });

    it("of which an inner node is passed off as a leaf, or a leaf as an inner node", async function () {
      const { attestations } = protocol;
      const service = await honestService(protocol, node, app, EPOCH, 4);
      await attestAndDraw(service);
      const [leaf] = service.tree.leaves;
      // A session that claims all bytes: its leaf would have to have the root's hash.
      const openings = Array.from({ length: SAMPLES }, () => openingOf(leaf!, []));
      await expect(attestations.prove(service.attestation, openings)).to.be.revertedWithCustomError(
        proofs,
        "TotalMismatch",
      );
      const whole: Session = await newSession(protocol, app, node, EPOCH, "whole", {
        bytesDelivered: service.tree.total,
      });
      const impostor = Array.from({ length: SAMPLES }, () => openingOf(whole, []));
      await expect(attestations.prove(service.attestation, impostor))
        .to.be.revertedWithCustomError(proofs, "RootMismatch")
        .withArgs(new ReceiptTree([whole]).root, service.tree.root);
    });

    it("whose sums overflow", async function () {
      const { attestations } = protocol;
      const session = await newSession(protocol, app, node, EPOCH, "overflow");
      const service = new Service(protocol, node, EPOCH, [session]);
      await attestAndDraw(service);
      const step = {
        siblingHash: ZeroHash as `0x${string}`,
        siblingBytes: (1n << 64n) - 1n,
        separator: session.sessionKey,
        siblingIsLeft: true,
      };
      const openings = Array.from({ length: SAMPLES }, () => openingOf(session, [step]));
      await expect(attestations.prove(service.attestation, openings)).to.be.revertedWithPanic(0x11);
    });

    it("with a step that has bits of no meaning", async function () {
      const { attestations } = protocol;
      const service = await honestService(protocol, node, app, EPOCH, 2);
      await attestAndDraw(service);
      const openings = await service.openings();
      const [{ siblingHash, step }] = openings[0]!.path as [{ siblingHash: string; step: bigint }];
      for (const bit of [224n, 240n, 254n]) {
        const malformed = step | (1n << bit);
        const changed = openings.with(0, { ...openings[0]!, path: [{ siblingHash, step: malformed }] });
        await expect(attestations.prove(service.attestation, changed))
          .to.be.revertedWithCustomError(proofs, "MalformedStep")
          .withArgs(malformed);
      }
    });
  });
});

import { expect } from "chai";
import { ZeroHash, id, toBeHex } from "ethers";
import { addApp, addNode } from "../support/people.js";
import type { App, Node } from "../support/people.js";
import { freshProtocol } from "../support/protocol.js";
import type { Protocol } from "../support/protocol.js";
import { honestService, idleService } from "../support/service.js";
import type { Service } from "../support/service.js";

/** As `Status` in Solidity. */
const [NONE, ATTESTED] = [0n, 1n];
const EPOCH = 3;

describe("ServiceAttestations: attest", function () {
  let protocol: Protocol;
  let node: Node;
  let app: App;
  let service: Service;
  beforeEach(async function () {
    protocol = await freshProtocol();
    node = await addNode(protocol);
    app = await addApp(protocol);
    service = await honestService(protocol, node, app, EPOCH);
  });

  it("records and publishes what the operator states", async function () {
    const { attestations, clock } = protocol;
    await clock.goTo(EPOCH + 1);
    const { receiptRoot, bytesDelivered } = service.attestation;
    await expect(service.attest())
      .to.emit(attestations, "Attested")
      .withArgs(node.nodeId, EPOCH, receiptRoot, bytesDelivered, 5n, ZeroHash);
    const [status, claimed, hash] = await attestations.attestationOf(node.nodeId, EPOCH);
    expect([status, claimed, hash]).to.deep.equal([
      ATTESTED,
      false,
      await attestations.hashAttestation(service.attestation),
    ]);
    expect(hash.slice(-8)).to.equal("00000000");
  });

  it("is open from the first second of the next epoch to the last one of its first half", async function () {
    const { attestations, clock } = protocol;
    const [opensAt, closesAt] = [clock.startOf(EPOCH + 1), clock.startOf(EPOCH + 1) + clock.half];
    const other = await honestService(protocol, await addNode(protocol), app, EPOCH);
    const late = await honestService(protocol, await addNode(protocol), app, EPOCH);

    await clock.nextBlockAt(EPOCH + 1, -1);
    await expect(service.attest())
      .to.be.revertedWithCustomError(attestations, "OutsideCommitWindow")
      .withArgs(EPOCH, opensAt, closesAt);
    await clock.nextBlockAt(EPOCH + 1, 0);
    await service.attest();
    await clock.nextBlockAt(EPOCH + 1, clock.half - 1);
    await other.attest();
    await clock.nextBlockAt(EPOCH + 1, clock.half);
    await expect(late.attest()).to.be.revertedWithCustomError(attestations, "OutsideCommitWindow");
    await expect(attestations.attestBatch([await late.signed()])).to.be.revertedWithCustomError(
      attestations,
      "OutsideCommitWindow",
    );
  });

  it("cannot be done for other epochs than the last", async function () {
    const { attestations, clock } = protocol;
    await clock.goTo(EPOCH + 1, 10);
    for (const epoch of [0, EPOCH - 1, EPOCH + 1, EPOCH + 256]) {
      await expect(idleService(protocol, node, epoch).attest()).to.be.revertedWithCustomError(
        attestations,
        "OutsideCommitWindow",
      );
    }
  });

  it("stands: a second one changes nothing", async function () {
    const { attestations, clock } = protocol;
    await clock.goTo(EPOCH + 1, 10);
    await service.attest();
    const other = idleService(protocol, node, EPOCH);
    for (const second of [service, other]) {
      await expect(second.attest())
        .to.be.revertedWithCustomError(attestations, "AlreadyAttested")
        .withArgs(node.nodeId, EPOCH);
    }
    await expect(attestations.attestBatch([await other.signed()])).not.to.emit(attestations, "Attested");
    const [, , hash] = await attestations.attestationOf(node.nodeId, EPOCH);
    expect(hash).to.equal(await attestations.hashAttestation(service.attestation));
  });

  it("is the operator's alone: no stranger, not the owner, nobody for an unknown node", async function () {
    const { attestations, clock, newAccount } = protocol;
    const other = await addNode(protocol);
    const stranger = await newAccount();
    await clock.goTo(EPOCH + 1, 10);
    for (const sender of [stranger, node.owner, other.operator]) {
      await expect(attestations.connect(sender).attest(service.attestation))
        .to.be.revertedWithCustomError(attestations, "NotOperator")
        .withArgs(node.nodeId, sender.address);
    }
    await expect(
      attestations.connect(stranger).attest({ ...service.attestation, nodeId: 99n }),
    ).to.be.revertedWithCustomError(attestations, "NotOperator");
  });

  it("a replaced operator key is worth nothing from then on", async function () {
    const { attestations, registry, clock, newAccount } = protocol;
    const next = await newAccount();
    await clock.goTo(EPOCH + 1, 10);
    await expect(registry.connect(node.owner).setOperator(node.nodeId, next))
      .to.emit(attestations, "OperatorChanged")
      .withArgs(node.nodeId, next.address);
    await expect(service.attest()).to.be.revertedWithCustomError(attestations, "NotOperator");
    await expect(attestations.attestBatch([await service.signed()])).not.to.emit(attestations, "Attested");
    await attestations.attestBatch([await service.signed(protocol.serviceDomain, next)]);
    expect((await attestations.attestationOf(node.nodeId, EPOCH))[0]).to.equal(ATTESTED);
  });

  it("refuses totals that contradict each other", async function () {
    const { attestations, clock } = protocol;
    await clock.goTo(EPOCH + 1, 10);
    const root = id("a root");
    const wrong = [
      { receiptRoot: root, bytesDelivered: 0n, sessions: 0 },
      { receiptRoot: ZeroHash, bytesDelivered: 5n, sessions: 1 },
      { receiptRoot: root, bytesDelivered: 0n, sessions: 1 },
      { receiptRoot: root, bytesDelivered: 5n, sessions: 0 },
      { receiptRoot: root, bytesDelivered: 5n, sessions: 6 },
      { receiptRoot: root, bytesDelivered: 1n << 64n, sessions: 1 },
    ];
    for (const totals of wrong) {
      await expect(
        attestations.connect(node.operator).attest({ ...service.attestation, ...totals }),
        JSON.stringify(totals, (_, value: unknown) => (typeof value === "bigint" ? value.toString() : value)),
      )
        .to.be.revertedWithCustomError(attestations, "InvalidTotals")
        .withArgs(node.nodeId, totals.bytesDelivered, totals.sessions);
    }
    await idleService(protocol, node, EPOCH).attest();
  });

  describe("a batch", function () {
    it("records for all who signed, sent by anyone; what is attested already does not stop it", async function () {
      const { attestations, clock } = protocol;
      const nodes = [node, await addNode(protocol), await addNode(protocol)];
      const services = await Promise.all(nodes.map((each) => honestService(protocol, each, app, EPOCH)));
      const batch = await Promise.all(services.map((each) => each.signed()));
      await clock.goTo(EPOCH + 1, 10);
      // Somebody sends one of it first, another in its own name.
      await attestations.attestBatch(batch.slice(1, 2));
      await services[2]?.attest();
      await attestations.attestBatch([...batch, ...batch]);
      for (const { nodeId } of nodes) {
        expect((await attestations.attestationOf(nodeId, EPOCH))[0]).to.equal(ATTESTED);
      }
    });

    it("passes over what the operator did not sign so: other key, chain, contract, content", async function () {
      const { attestations, clock, serviceDomain, paymentDomain, newAccount } = protocol;
      const good = await service.signed();
      const forged = [
        await service.signed(serviceDomain, await newAccount()),
        await service.signed({ ...serviceDomain, chainId: 1n }),
        await service.signed(paymentDomain),
        { ...good, attestation: { ...service.attestation, bytesDelivered: 16_000_000n } },
        { ...good, attestation: { ...service.attestation, nodeId: node.nodeId + 1n } },
        { ...good, attestation: { ...service.attestation, auditCommitment: id("other") } },
      ];
      await clock.goTo(EPOCH + 1, 10);
      await expect(attestations.attestBatch(forged)).not.to.emit(attestations, "Attested");
      expect((await attestations.attestationOf(node.nodeId, EPOCH))[0]).to.equal(NONE);
    });

    it("refuses an s in the upper half of the order: no signature has a second form", async function () {
      const { attestations, clock } = protocol;
      const good = await service.signed();
      const highest = (1n << 255n) - 1n;
      const signature = { r: good.signature.r, vs: toBeHex(highest, 32) };
      await clock.goTo(EPOCH + 1, 10);
      await expect(attestations.attestBatch([{ ...good, signature }]))
        .to.be.revertedWithCustomError(attestations, "ECDSAInvalidSignatureS")
        .withArgs(signature.vs);
    });
  });

  it("reuses the slot 256 epochs later; the old epoch then reads as empty", async function () {
    const { attestations, clock } = protocol;
    await clock.goTo(EPOCH + 1, 10);
    await service.attest();
    const later = EPOCH + 256;
    await clock.goTo(later + 1, 10);
    expect((await attestations.attestationOf(node.nodeId, EPOCH))[0]).to.equal(ATTESTED);
    expect((await attestations.attestationOf(node.nodeId, later))[0]).to.equal(NONE);
    await idleService(protocol, node, later).attest();
    expect((await attestations.attestationOf(node.nodeId, later))[0]).to.equal(ATTESTED);
    expect([...(await attestations.attestationOf(node.nodeId, EPOCH))]).to.deep.equal([
      NONE,
      false,
      ZeroHash,
    ]);
  });
});

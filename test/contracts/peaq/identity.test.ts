import { expect } from "chai";
import { id, parseEther, toUtf8Bytes, toUtf8String, ZeroAddress } from "ethers";
import { PeaqIdentity__factory } from "../../../types/contracts/index.js";
import type { IPeaqDid } from "../../../types/contracts/index.js";
import { typedDataDomain } from "../../../node/protocol/typedData.js";
import { parseAddress } from "../../../node/protocol/hex.js";
import type { Account } from "../support/account.js";
import { ethers, networkHelpers } from "../support/chain.js";
import { addNode } from "../support/people.js";
import type { Node } from "../support/people.js";
import { freshProtocol } from "../support/protocol.js";
import type { Protocol } from "../support/protocol.js";
import { deployMachine } from "./machine.js";
import { BROKEN, DID, installDid, LYING, RETURNING, TAKING } from "./precompiles.js";

const DEPOSIT = parseEther("0.005");
const CONSENT = {
  LinkConsent: [
    { name: "nodeId", type: "uint256" },
    { name: "owner", type: "address" },
    { name: "machine", type: "address" },
    { name: "didHash", type: "bytes32" },
    { name: "nonce", type: "uint256" },
    { name: "deadline", type: "uint256" },
  ],
};

const didOf = (address: string) => `did:peaq:${address}`;

describe("PeaqIdentity", function () {
  let protocol: Protocol;
  let node: Node;
  let machine: Account;
  let precompile: IPeaqDid;
  beforeEach(async function () {
    protocol = await freshProtocol();
    node = await addNode(protocol, { bond: 0n });
    machine = await protocol.newAccount();
    precompile = await installDid(protocol.holder);
  });

  const asOwner = (owner = node.owner) => protocol.identity.connect(owner);

  async function consent(overrides: {
    signer?: Account;
    nodeId?: bigint;
    owner?: string;
    machine?: string;
    did?: string;
    nonce?: bigint;
    deadline?: number;
  }): Promise<{ deadline: number; signature: string }> {
    const { identity, serviceDomain } = protocol;
    const address = parseAddress(await identity.getAddress());
    const deadline = overrides.deadline ?? (await networkHelpers.time.latest()) + 1_000;
    const signature = await (overrides.signer ?? machine).signTypedData(
      typedDataDomain(BigInt(Number(serviceDomain.chainId)), address),
      CONSENT,
      {
        nodeId: overrides.nodeId ?? node.nodeId,
        owner: overrides.owner ?? node.owner.address,
        machine: overrides.machine ?? machine.address,
        didHash: id(overrides.did ?? didOf(machine.address)),
        nonce: overrides.nonce ?? 0n,
        deadline,
      },
    );
    return { deadline, signature };
  }

  async function linkNode(): Promise<void> {
    const did = didOf(machine.address);
    await asOwner().propose(node.nodeId, machine, did);
    await protocol.identity.connect(machine).accept(node.nodeId, id(did));
  }

  describe("a link", function () {
    it("is proposed by the owner and accepted by the machine", async function () {
      const { identity } = protocol;
      const did = didOf(machine.address);
      await expect(asOwner().propose(node.nodeId, machine, did))
        .to.emit(identity, "LinkProposed")
        .withArgs(node.nodeId, machine.address, did);
      expect((await identity.proposalOf(node.nodeId)).machine).to.equal(machine.address);
      await expect(identity.connect(machine).accept(node.nodeId, id(did)))
        .to.emit(identity, "NodeLinked")
        .withArgs(node.nodeId, machine.address, id(did));
      const { machine: linked, didHash } = await identity.linkOf(node.nodeId);
      expect([linked, didHash]).to.deep.equal([machine.address, id(did)]);
      expect(await identity.nodeOf(machine)).to.equal(node.nodeId);
      expect((await identity.proposalOf(node.nodeId)).machine).to.equal(ZeroAddress);
    });

    it("is nobody else's to propose or accept, nor for another DID", async function () {
      const { identity, newAccount } = protocol;
      const did = didOf(machine.address);
      const stranger = await newAccount();
      await expect(identity.connect(stranger).propose(node.nodeId, stranger, did))
        .to.be.revertedWithCustomError(identity, "NotNodeOwner")
        .withArgs(node.nodeId, stranger.address);
      await asOwner().propose(node.nodeId, machine, did);
      for (const [account, didHash] of [
        [stranger, id(did)],
        [machine, id("did:peaq:another")],
      ] as const) {
        await expect(identity.connect(account).accept(node.nodeId, didHash))
          .to.be.revertedWithCustomError(identity, "NotProposed")
          .withArgs(node.nodeId, account.address, didHash);
      }
      for (const wrong of ["", "did:peaq:", "did:web:example.org", `did:peaq:${"x".repeat(120)}`]) {
        await expect(asOwner().propose(node.nodeId, machine, wrong))
          .to.be.revertedWithCustomError(identity, "InvalidDid")
          .withArgs(wrong.length);
      }
    });

    it("is made by the owner with the machine's signature, which serves once", async function () {
      const { identity } = protocol;
      const did = didOf(machine.address);
      const { deadline, signature } = await consent({});
      await expect(asOwner().link(node.nodeId, machine, did, deadline, signature))
        .to.emit(identity, "ConsentUsed")
        .withArgs(machine.address, 0n);
      expect(await identity.nonceOf(machine)).to.equal(1n);
      await asOwner().unlink(node.nodeId);
      await expect(asOwner().link(node.nodeId, machine, did, deadline, signature))
        .to.be.revertedWithCustomError(identity, "InvalidConsent")
        .withArgs(node.nodeId, machine.address);
    });

    it("needs a signature by that machine, for that node, owner and DID, in time", async function () {
      const { identity, newAccount } = protocol;
      const did = didOf(machine.address);
      const late = (await networkHelpers.time.latest()) - 1;
      for (const wrong of [
        { signer: await newAccount() },
        { nodeId: node.nodeId + 1n },
        { owner: machine.address },
        { machine: node.owner.address },
        { did: "did:peaq:another" },
        { nonce: 1n },
        { deadline: late },
      ]) {
        const { deadline, signature } = await consent(wrong);
        await expect(
          asOwner().link(node.nodeId, machine, did, deadline, signature),
        ).to.be.revertedWithCustomError(identity, "InvalidConsent");
      }
      const { deadline, signature } = await consent({});
      await expect(
        identity.connect(machine).link(node.nodeId, machine, did, deadline, signature),
      ).to.be.revertedWithCustomError(identity, "NotNodeOwner");
    });

    it("works for a machine that is a smart account, both ways", async function () {
      const { identity } = protocol;
      const account = await deployMachine(machine);
      const { address } = account;
      const did = didOf(address);
      const { deadline, signature } = await consent({ machine: address, did });
      await asOwner().link(node.nodeId, address, did, deadline, signature);
      expect(await identity.nodeOf(address)).to.equal(node.nodeId);
      await account.call(identity, "unlink", [node.nodeId]);
      await asOwner().propose(node.nodeId, address, did);
      await account.call(identity, "accept", [node.nodeId, id(did)]);
      expect(await identity.nodeOf(address)).to.equal(node.nodeId);
    });

    it("is one machine's to one node, until either ends it", async function () {
      const { identity, newAccount, holder } = protocol;
      await linkNode();
      const other = await addNode(protocol, { bond: 0n });
      const did = didOf(machine.address);
      await asOwner(other.owner).propose(other.nodeId, machine, did);
      await expect(identity.connect(machine).accept(other.nodeId, id(did)))
        .to.be.revertedWithCustomError(identity, "MachineTaken")
        .withArgs(machine.address, node.nodeId);
      const second = await newAccount();
      await asOwner().propose(node.nodeId, second, did);
      await expect(identity.connect(second).accept(node.nodeId, id(did)))
        .to.be.revertedWithCustomError(identity, "AlreadyLinked")
        .withArgs(node.nodeId, machine.address);
      await expect(identity.unlink(node.nodeId))
        .to.be.revertedWithCustomError(identity, "NotOwnerOrMachine")
        .withArgs(node.nodeId, holder.address);
      await expect(identity.connect(machine).unlink(node.nodeId))
        .to.emit(identity, "NodeUnlinked")
        .withArgs(node.nodeId, machine.address);
      await expect(asOwner().unlink(node.nodeId))
        .to.be.revertedWithCustomError(identity, "NotLinked")
        .withArgs(node.nodeId);
      await identity.connect(machine).accept(other.nodeId, id(did));
      await identity.connect(second).accept(node.nodeId, id(did));
    });
  });

  describe("the attribute", function () {
    it("names chain, registry and node under the machine's account", async function () {
      const { identity, registry, holder } = protocol;
      await linkNode();
      expect(await identity.isVerified(node.nodeId)).to.equal(false);
      const transaction = await identity.publish(node.nodeId, 0, { value: DEPOSIT });
      const name = toUtf8Bytes(`dtelecom.node.${node.nodeId}.0`);
      const value = toUtf8Bytes(`eip155:31337:${await registry.getAddress()}/${node.nodeId}`);
      await expect(transaction)
        .to.emit(precompile, "AddAttribute")
        .withArgs(await identity.getAddress(), machine.address, name, value, 0n);
      await expect(transaction)
        .to.emit(identity, "AttributePublished")
        .withArgs(node.nodeId, machine.address, 0n, holder.address, 0n);
      const attribute = await precompile.readAttribute(machine, name);
      expect(toUtf8String(attribute.value)).to.equal(toUtf8String(value));
      expect(await identity.isVerified(node.nodeId)).to.equal(true);
      // Written again: the same name, whatever salt is given.
      await expect(identity.publish(node.nodeId, 7)).to.emit(precompile, "UpdateAttribute");
      expect((await identity.attributeOf(node.nodeId)).salt).to.equal(0n);
    });

    it("is not trusted where somebody else wrote it; another name is at hand", async function () {
      const { identity } = protocol;
      await linkNode();
      const name = await identity.attributeName(node.nodeId, 0);
      const value = await identity.attributeValue(node.nodeId);
      await precompile.addAttribute(machine, name, value, 0);
      expect(await identity.isVerified(node.nodeId)).to.equal(false);
      await expect(identity.publish(node.nodeId, 0, { value: DEPOSIT }))
        .to.emit(identity, "PrecompileFailed")
        .withArgs(node.nodeId, machine.address);
      expect(await identity.isVerified(node.nodeId)).to.equal(false);
      await identity.publish(node.nodeId, 1, { value: DEPOSIT });
      expect(await identity.isVerified(node.nodeId)).to.equal(true);
      await expect(
        precompile
          .connect(machine)
          .updateAttribute(machine, await identity.attributeName(node.nodeId, 1), "0x", 0),
      ).to.be.revertedWith(/AttributeAuthorizationFailed/);
    });

    it("stops to count with the link, and is taken back before another machine gets one", async function () {
      const { identity, newAccount, holder } = protocol;
      await linkNode();
      await identity.publish(node.nodeId, 0, { value: DEPOSIT });
      await expect(identity.unpublish(node.nodeId))
        .to.be.revertedWithCustomError(identity, "NotOwnerOrMachine")
        .withArgs(node.nodeId, holder.address);
      await identity.connect(machine).unlink(node.nodeId);
      expect(await identity.isVerified(node.nodeId)).to.equal(false);
      const first = machine;
      machine = await newAccount();
      await linkNode();
      await expect(identity.publish(node.nodeId, 0))
        .to.be.revertedWithCustomError(identity, "AttributeElsewhere")
        .withArgs(node.nodeId, first.address);
      await expect(identity.unpublish(node.nodeId))
        .to.emit(precompile, "RemoveAttribute")
        .withArgs(first.address, await identity.attributeName(node.nodeId, 0));
      await expect(identity.unpublish(node.nodeId))
        .to.be.revertedWithCustomError(identity, "NotPublished")
        .withArgs(node.nodeId);
      await identity.publish(node.nodeId, 0);
      expect(await identity.isVerified(node.nodeId)).to.equal(true);
    });

    it("needs a link", async function () {
      const { identity } = protocol;
      await expect(identity.publish(node.nodeId, 0))
        .to.be.revertedWithCustomError(identity, "NotLinked")
        .withArgs(node.nodeId);
    });

    for (const [kind, code] of Object.entries(BROKEN)) {
      it(`is not written, and nothing reverts, by a precompile that is ${kind}`, async function () {
        const { identity, holder } = protocol;
        await linkNode();
        await networkHelpers.setCode(DID, code);
        await expect(identity.publish(node.nodeId, 0, { value: DEPOSIT }))
          .to.emit(identity, "PrecompileFailed")
          .withArgs(node.nodeId, machine.address);
        expect((await identity.attributeOf(node.nodeId)).written).to.equal(false);
        expect(await identity.isVerified(node.nodeId)).to.equal(false);
        expect(await identity.creditOf(holder)).to.equal(DEPOSIT);

        await installDid(holder);
        await identity.publish(node.nodeId, 0, { value: DEPOSIT });
        await networkHelpers.setCode(DID, code);
        expect(await identity.isVerified(node.nodeId)).to.equal(false);
        await expect(asOwner().unpublish(node.nodeId)).to.emit(identity, "PrecompileFailed");
        expect((await identity.attributeOf(node.nodeId)).written).to.equal(true);
        await asOwner().unlink(node.nodeId);
      });
    }

    it("of a precompile that lies is not verified", async function () {
      const { identity } = protocol;
      await linkNode();
      await networkHelpers.setCode(DID, LYING);
      await identity.publish(node.nodeId, 0, { value: DEPOSIT });
      expect((await identity.attributeOf(node.nodeId)).written).to.equal(true);
      expect(await identity.isVerified(node.nodeId)).to.equal(false);
    });
  });

  describe("deposits", function () {
    it("not taken are credited to who sent them, who takes them out once", async function () {
      const { identity, holder } = protocol;
      await linkNode();
      await expect(identity.publish(node.nodeId, 0, { value: 2n * DEPOSIT }))
        .to.emit(identity, "Credited")
        .withArgs(holder.address, 2n * DEPOSIT);
      await expect(identity.withdraw()).to.changeEtherBalances(
        ethers,
        [identity, holder],
        [-2n * DEPOSIT, 2n * DEPOSIT],
      );
      await expect(identity.withdraw())
        .to.be.revertedWithCustomError(identity, "NothingToWithdraw")
        .withArgs(holder.address);
    });

    it("are missing where nothing was sent: the precompile refuses, nothing else happens", async function () {
      const { identity } = protocol;
      await linkNode();
      await expect(identity.publish(node.nodeId, 0)).to.emit(identity, "PrecompileFailed");
    });

    it("come back to who paid, whoever removes the attribute", async function () {
      const { identity, holder } = protocol;
      await linkNode();
      await identity.publish(node.nodeId, 0, { value: DEPOSIT });
      await identity.withdraw();
      await networkHelpers.setCode(DID, RETURNING);
      await networkHelpers.setBalance(DID, DEPOSIT);
      await expect(asOwner().unpublish(node.nodeId))
        .to.emit(identity, "AttributeRemoved")
        .withArgs(node.nodeId, machine.address, DEPOSIT);
      expect(await identity.creditOf(holder)).to.equal(DEPOSIT);
    });

    it("are never paid from what belongs to others", async function () {
      const { identity } = protocol;
      await linkNode();
      // Somebody's coins lie in the contract: here the precompile's own, which it takes out when it is called.
      await networkHelpers.impersonateAccount(DID);
      await networkHelpers.setBalance(DID, parseEther("1"));
      const signer = await ethers.getSigner(DID);
      await networkHelpers.setCode(DID, "0x");
      const asPrecompile = PeaqIdentity__factory.connect(await identity.getAddress(), signer);
      await asPrecompile.publish(node.nodeId, 0, { value: DEPOSIT });
      expect(await identity.creditOf(DID)).to.equal(DEPOSIT);
      await networkHelpers.setCode(DID, TAKING);
      await expect(identity.publish(node.nodeId, 0, { value: 1n }))
        .to.be.revertedWithCustomError(identity, "DepositTooSmall")
        .withArgs(DEPOSIT, 1n);
    });

    it("stay credited where an account does not take coins", async function () {
      const { identity } = protocol;
      await linkNode();
      const { address } = await deployMachine(machine);
      await networkHelpers.impersonateAccount(address);
      await networkHelpers.setBalance(address, parseEther("1"));
      const asAccount = PeaqIdentity__factory.connect(
        await identity.getAddress(),
        await ethers.getSigner(address),
      );
      await asAccount.publish(node.nodeId, 0, { value: DEPOSIT });
      await expect(asAccount.withdraw())
        .to.be.revertedWithCustomError(identity, "PaymentFailed")
        .withArgs(address, DEPOSIT);
      expect(await identity.creditOf(address)).to.equal(DEPOSIT);
    });
  });
});

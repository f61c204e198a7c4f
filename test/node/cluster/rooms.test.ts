import { expect } from "chai";
import { testPattern, testTone } from "../../../node/client/testMedia.js";
import { eventually } from "../support/eventually.js";
import { BareNode, TestRegistry } from "./support/BareNode.js";
import type { BareMember } from "./support/BareNode.js";

describe("rooms across nodes", () => {
  const stops: (() => unknown)[] = [];
  const nodes: BareNode[] = [];
  let registry: TestRegistry;

  beforeEach(() => (registry = new TestRegistry()));
  afterEach(async () => {
    for (const stop of stops.splice(0)) await stop();
    await Promise.all(nodes.splice(0).map((node) => node.stop()));
  });

  async function node(...args: [bigint, Parameters<typeof BareNode.start>[2]?]): Promise<BareNode> {
    const started = await BareNode.start(args[0], registry, args[1]);
    nodes.push(started);
    return started;
  }

  async function publish(member: BareMember): Promise<void> {
    for (const test of [testPattern(), testTone()]) {
      stops.push(() => test.stop());
      await member.client.publish(test.track);
    }
  }

  it("carries what is published on one node to another, and back", async () => {
    const [a, b] = [await node(1n), await node(2n)];
    const ada = await a.join("ada", { homes: [1n] });
    const bob = await b.join("bob", { homes: [1n] });
    expect(bob.link.homeNodeId).to.equal(1n);
    await publish(ada);
    await publish(bob);
    await eventually("bob sees ada's tracks", () => bob.client.received.length === 2);
    await eventually("ada sees bob's tracks", () => ada.client.received.length === 2);
    expect(bob.client.received.map(({ subscription }) => subscription.publication.peerId)).to.deep.equal([
      ada.sessionKey,
      ada.sessionKey,
    ]);
    for (const { client } of [ada, bob]) {
      await eventually("frames are decoded", async () => {
        const reports = [...(await client.receiveReport()).values()] as Record<string, unknown>[];
        return reports.some((report) => report["kind"] === "video" && Number(report["framesDecoded"]) > 10);
      });
    }
    expect(ada.link.remotePeers).to.deep.equal([{ peerId: bob.sessionKey, identity: "bob" }]);
    expect(bob.link.remotePeers).to.deep.equal([{ peerId: ada.sessionKey, identity: "ada" }]);
  });
});

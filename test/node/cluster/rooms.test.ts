import { setTimeout as pause } from "node:timers/promises";
import { expect } from "chai";
import { testPattern, testTone } from "../../../node/client/testMedia.js";
import { PublicUrlPolicy } from "../../../node/service/publicUrl.js";
import { eventually } from "../support/eventually.js";
import { APP, BareNode, ROOM, TestRegistry } from "./support/BareNode.js";
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

  /** Whose tracks arrive, by name; more than once where there are several. */
  function seenBy(member: BareMember, names: Record<string, BareMember>): string[] {
    const nameOf = (key: string) =>
      Object.keys(names).find((name) => names[name]?.sessionKey === key) ?? "nobody";
    return member.client.received
      .filter(({ subscription }) => !subscription.publication.closed)
      .map(({ subscription }) => nameOf(subscription.publication.peerId))
      .sort();
  }

  async function framesDecoded({ client }: BareMember): Promise<number> {
    let frames = 0;
    for (const report of (await client.receiveReport()).values()) {
      frames += Number((report as Record<string, unknown>)["framesDecoded"] ?? 0);
    }
    return frames;
  }

  async function framesGoOn(member: BareMember): Promise<void> {
    const before = await framesDecoded(member);
    await eventually("more frames are decoded", async () => (await framesDecoded(member)) > before + 10);
  }

  const identities = ({ link }: BareMember) => link.remotePeers.map(({ identity }) => identity).sort();

  it("carries what is published on one node to another, and back", async () => {
    const [a, b] = [await node(1n), await node(2n)];
    const ada = await a.join("ada", { homes: [1n] });
    const bob = await b.join("bob", { homes: [1n] });
    expect(ada.link.homeNodeId).to.equal(1n);
    expect(bob.link.homeNodeId).to.equal(1n);
    await publish(ada);
    await publish(bob);
    await eventually("bob sees ada", () => seenBy(bob, { ada }).join() === "ada,ada");
    await eventually("ada sees bob", () => seenBy(ada, { bob }).join() === "bob,bob");
    await framesGoOn(ada);
    await framesGoOn(bob);
    expect(identities(ada)).to.deep.equal(["bob"]);
    expect(identities(bob)).to.deep.equal(["ada"]);
    expect(a.links.status).to.deep.equal({ links: [2n], sharedRooms: 1, homeOf: 1 });
  });

  it("goes over IPv6 where one of two nodes has nothing else", async () => {
    const both = [{ ip: "127.0.0.1" }, { ip: "::1" }];
    const sentTo: string[] = [];
    const addressFault = (ip: string) => void sentTo.push(ip);
    const a = await node(1n, { pipeAddresses: both, addressFault });
    const b = await node(2n, { pipeAddresses: [{ ip: "::1" }], addressFault });
    const [ada, bob] = [await a.join("ada", { homes: [1n] }), await b.join("bob", { homes: [1n] })];
    await publish(ada);
    await publish(bob);
    await framesGoOn(ada);
    await framesGoOn(bob);
    expect([...new Set(sentTo)]).to.deep.equal(["::1"]);
  });

  it("says so where two nodes have no address family in common, and keeps the room", async () => {
    const [a, b] = [await node(1n), await node(2n, { pipeAddresses: [{ ip: "::1" }] })];
    const [ada, bob] = [await a.join("ada", { homes: [1n] }), await b.join("bob", { homes: [1n] })];
    await publish(ada);
    await eventually("they know each other", () => identities(bob).join() === "ada");
    await pause(500);
    expect(seenBy(bob, { ada })).to.deep.equal([]);
    expect(identities(ada)).to.deep.equal(["bob"]);
  });

  it("links three nodes through a home that nobody of the room is on", async () => {
    const [home, a, b, c] = [await node(1n), await node(2n), await node(3n), await node(4n)];
    const homes = [1n];
    const members = {
      ada: await a.join("ada", { homes }),
      bob: await b.join("bob", { homes }),
      eve: await c.join("eve", { homes }),
    };
    await Promise.all(Object.values(members).map((member) => publish(member)));
    for (const [name, member] of Object.entries(members)) {
      const others = Object.keys(members).filter((other) => other !== name);
      const expected = others.flatMap((other) => [other, other]).sort();
      await eventually(`${name} sees the others`, () => seenBy(member, members).join() === expected.join());
      expect(identities(member)).to.deep.equal(others);
      await framesGoOn(member);
    }
    expect(home.links.status).to.deep.equal({ links: [2n, 3n, 4n], sharedRooms: 0, homeOf: 1 });
    expect(home.media.roomCount).to.equal(0);
  });

  it("goes on without its home, and lets newcomers in by the next one", async () => {
    const [home, a, b] = [await node(1n), await node(2n), await node(3n)];
    const homes = [1n, 2n];
    const [ada, bob] = [await a.join("ada", { homes }), await b.join("bob", { homes })];
    await publish(ada);
    await eventually("bob sees ada", () => seenBy(bob, { ada }).join() === "ada,ada");
    expect(bob.link.homeNodeId).to.equal(1n);
    // Nobody believes it any more, whatever it still says.
    registry.operators.delete(1n);
    await home.crash();
    await framesGoOn(bob);
    await eventually("the next home counts", () => bob.link.homeNodeId === 2n && ada.link.homeNodeId === 2n);
    const eve = await (await node(4n)).join("eve", { homes });
    await publish(eve);
    await eventually("eve sees ada", () => seenBy(eve, { ada }).join() === "ada,ada");
    await eventually("bob sees both", () => seenBy(bob, { ada, eve }).join() === "ada,ada,eve,eve");
    await framesGoOn(bob);
    await framesGoOn(eve);
  });

  it("heals where a home comes back", async () => {
    const [a, b] = [await node(2n), await node(3n)];
    const homes = [1n];
    const [ada, bob] = [await a.join("ada", { homes }), await b.join("bob", { homes })];
    expect([ada.link.homeNodeId, bob.link.homeNodeId]).to.deep.equal([2n, 3n]);
    await publish(ada);
    expect(identities(bob)).to.deep.equal([]);
    await node(1n);
    await eventually("bob sees ada", () => seenBy(bob, { ada }).join() === "ada,ada");
    expect([ada.link.homeNodeId, bob.link.homeNodeId]).to.deep.equal([1n, 1n]);
  });

  it("keeps one link where two nodes dial each other at the same moment, each as the other's home", async () => {
    const [a, b] = [await node(1n), await node(2n)];
    const [ada, bob] = await Promise.all([a.join("ada", { homes: [2n] }), b.join("bob", { homes: [1n] })]);
    await publish(ada);
    await publish(bob);
    await eventually("bob sees ada", () => seenBy(bob, { ada }).join() === "ada,ada");
    await eventually("ada sees bob", () => seenBy(ada, { bob }).join() === "bob,bob");
    await framesGoOn(bob);
    expect(a.openSockets + b.openSockets).to.equal(1);
  });

  it("gives everything back where participants leave", async () => {
    const [a, b] = [await node(1n), await node(2n)];
    const homes = [1n];
    const ada = await a.join("ada", { homes });
    await publish(ada);
    await eventually("ada publishes", async () => (await a.transports()) === 2);
    for (let round = 0; round < 3; round += 1) {
      const bob = await b.join("bob", { homes });
      await publish(bob);
      await eventually("both see each other", () => {
        return seenBy(bob, { ada }).join() === "ada,ada" && seenBy(ada, { bob }).join() === "bob,bob";
      });
      expect(await a.transports()).to.equal(3);
      bob.leave();
      await eventually("bob is gone", async () => {
        return (await a.transports()) === 2 && identities(ada).length === 0 && b.media.roomCount === 0;
      });
    }
    ada.leave();
    await eventually("all is gone", () => a.media.roomCount === 0);
    expect(a.links.status.homeOf).to.equal(0);
  });

  it("pipes nothing where nobody receives", async () => {
    const [a, b] = [await node(1n), await node(2n)];
    const ada = await a.join("ada", { homes: [1n] });
    const bob = await b.join("bob", { homes: [1n], receives: false });
    await publish(ada);
    await eventually("bob is told of ada", () => identities(bob).join() === "ada");
    await pause(500);
    expect([await a.transports(), await b.transports()]).to.deep.equal([2, 0]);
    await bob.client.receive();
    await eventually("bob sees ada", () => seenBy(bob, { ada }).join() === "ada,ada");
    expect([await a.transports(), await b.transports()]).to.deep.equal([3, 2]);
  });

  it("sends nothing to a node whose participants may not receive", async () => {
    const [a, b] = [await node(1n), await node(2n)];
    const ada = await a.join("ada", { homes: [1n] });
    await b.join("bob", { homes: [1n], permissions: { subscribe: false } });
    await publish(ada);
    await eventually("ada is told of bob", () => identities(ada).join() === "bob");
    await pause(500);
    expect(await b.transports()).to.equal(1);
  });

  it("does not show who is hidden, but lets them see", async () => {
    const [a, b] = [await node(1n), await node(2n)];
    const ada = await a.join("ada", { homes: [1n] });
    const ghost = await b.join("ghost", { homes: [1n], permissions: { hidden: true } });
    await publish(ada);
    await eventually("the ghost sees ada", () => seenBy(ghost, { ada }).join() === "ada,ada");
    expect(identities(ada)).to.deep.equal([]);
  });

  it("pauses and ends a track on all nodes", async () => {
    const [a, b] = [await node(1n), await node(2n)];
    const ada = await a.join("ada", { homes: [1n] });
    const bob = await b.join("bob", { homes: [1n] });
    await publish(ada);
    await eventually("bob sees ada", () => seenBy(bob, { ada }).join() === "ada,ada");
    const [own] = ada.client.place.peer.publications;
    const there = () => bob.client.place.room.publications.find(({ id }) => id === own?.id);
    await own?.pause();
    await eventually("it is paused there", () => there()?.paused === true);
    await own?.resume();
    await eventually("it goes on there", () => there()?.paused === false);
    own?.close();
    await eventually("it is gone there", () => there() === undefined);
  });

  it("keeps a participant who moves where they joined last", async () => {
    const [a, b, c] = [await node(1n), await node(2n), await node(3n)];
    const homes = [1n];
    const here = await a.join("ada", { homes });
    const moved: string[] = [];
    here.link.on("moved", (sessionKey) => {
      moved.push(sessionKey);
      here.leave();
    });
    const eve = await c.join("eve", { homes });
    const left: string[] = [];
    eve.link.on("peerLeft", (peerId) => left.push(peerId));
    await eventually("eve is told of ada", () => identities(eve).join() === "ada");
    const ada = await b.join("ada", { homes });
    await publish(ada);
    await eventually("the first node lets go", () => moved.join() === ada.sessionKey);
    await eventually("eve sees ada", () => seenBy(eve, { ada }).join() === "ada,ada");
    expect(identities(eve)).to.deep.equal(["ada"]);
    expect(left).to.deep.equal([]);
    expect(a.media.roomCount).to.equal(0);
  });

  it("shows those of a node that is gone as gone", async () => {
    const [a, b] = [await node(1n), await node(2n)];
    const ada = await a.join("ada", { homes: [2n] });
    const bob = await b.join("bob", { homes: [2n] });
    await publish(bob);
    await eventually("ada sees bob", () => seenBy(ada, { bob }).join() === "bob,bob");
    registry.operators.delete(2n);
    await b.crash();
    await eventually("bob is gone", () => identities(ada).length === 0 && seenBy(ada, { bob }).length === 0);
    await eventually("its pipe is gone", async () => (await a.transports()) === 1);
  });

  it("keeps media and participants over a short break of the link", async () => {
    const [a, b] = [await node(1n), await node(2n)];
    const ada = await a.join("ada", { homes: [1n] });
    const bob = await b.join("bob", { homes: [1n] });
    await publish(ada);
    await eventually("bob sees ada", () => seenBy(bob, { ada }).join() === "ada,ada");
    const left: string[] = [];
    bob.link.on("peerLeft", (peerId) => left.push(peerId));
    a.cutLinks();
    await eventually("they are linked again", () => b.links.status.links.length === 1);
    ada.client.place.peer.publications.find(({ kind }) => kind === "audio")?.close();
    await eventually("what changed meanwhile is known", () => seenBy(bob, { ada }).join() === "ada");
    await framesGoOn(bob);
    expect(left).to.deep.equal([]);
    expect(bob.client.received).to.have.length(2);
  });

  it("carries data channels", async () => {
    const [a, b] = [await node(1n), await node(2n)];
    const ada = await a.join("ada", { homes: [1n] });
    const bob = await b.join("bob", { homes: [1n] });
    const channel = await ada.client.publishData({ label: "chat", protocol: "text" });
    const heard: string[] = [];
    await eventually("bob has the channel", () => bob.client.receivedData.length === 1);
    const [received] = bob.client.receivedData;
    received?.on("message", (message: unknown) => heard.push(String(message)));
    expect([received?.label, received?.protocol]).to.deep.equal(["chat", "text"]);
    await eventually("bob hears ada", () => {
      channel.send("hello");
      return heard.includes("hello");
    });
    channel.close();
    ada.client.place.peer.dataPublication(channel.id).close();
    await eventually("it is closed there", () => bob.client.place.room.dataPublications.length === 0);
  });

  it("passes commands on, through a home that nobody is on too", async () => {
    const [home, a, b] = [await node(1n), await node(2n), await node(3n)];
    const [ada, bob] = [await a.join("ada", { homes: [1n] }), await b.join("bob", { homes: [1n] })];
    await eventually(
      "they know each other",
      () => identities(ada).join() === "bob" && identities(bob).join() === "ada",
    );
    const heard: string[] = [];
    ada.link.on("command", ({ command }) => heard.push(`ada ${command.action}`));
    bob.link.on("command", ({ command }) => heard.push(`bob ${command.action}`));
    const command = { app: APP, room: ROOM, action: "close", target: "", expiresAt: 1n } as const;
    const signed = { command, signature: `0x${"11".repeat(65)}` } as const;
    ada.link.forward(signed);
    await eventually("bob's node hears it", () => heard.join() === "bob close");
    expect(home.links.forward(signed)).to.equal(true);
    await eventually("both hear it", () => heard.sort().join() === "ada close,bob close,bob close");
    expect(home.links.forward({ ...signed, command: { ...command, room: "another" } })).to.equal(false);
  });

  it("goes to no endpoint and sends to no address in its own network", async () => {
    const policy = new PublicUrlPolicy({ protocols: ["ws:", "wss:"], allowPrivate: false });
    const [home, a] = [
      await node(1n, { addressFault: (ip) => policy.fault(`ws://${ip}/`) }),
      await node(2n, { endpointFault: (url) => policy.faultResolved(url) }),
    ];
    const ada = await a.join("ada", { homes: [1n] });
    expect(ada.link.homeNodeId).to.equal(2n);
    expect([home.links.status.links, a.links.status.links]).to.deep.equal([[], []]);
    const b = await node(3n);
    const bob = await b.join("bob", { homes: [1n] });
    const eve = await home.join("eve", { homes: [1n] });
    await publish(eve);
    await eventually("they know each other", () => identities(eve).join() === "bob");
    await pause(500);
    expect(seenBy(bob, { eve })).to.deep.equal([]);
    expect(await b.transports()).to.equal(2);
  });

  it("spans nodes with several media workers", async () => {
    const [a, b] = [await node(1n, { workers: 2 }), await node(2n)];
    const ada = await a.join("ada", { homes: [1n] });
    const bob = await b.join("bob", { homes: [1n] });
    await publish(ada);
    await publish(bob);
    await eventually("both see each other", () => {
      return seenBy(bob, { ada }).join() === "ada,ada" && seenBy(ada, { bob }).join() === "bob,bob";
    });
    await framesGoOn(bob);
  });
});

import { expect } from "chai";
import { createSessionKey } from "../../../node/client/sessionKey.js";
import type { SessionKey } from "../../../node/client/sessionKey.js";
import { SessionEnded } from "../../../node/protocol/refusals.js";
import { eventually } from "../support/eventually.js";
import { RawClient } from "../support/RawClient.js";
import { TestNode } from "../support/testNode.js";

describe("joining", () => {
  let node: TestNode;
  const clients: RawClient[] = [];

  beforeEach(async () => {
    node = await TestNode.start();
  });

  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.end()));
    await node.stop();
  });

  async function connected(): Promise<RawClient> {
    const client = await RawClient.welcomed(node.signaling.url);
    clients.push(client);
    return client;
  }

  async function claim(client: RawClient, sessionKey: SessionKey, signer = sessionKey): Promise<object> {
    const { joinSignature } = await node.resumption(client, sessionKey, "standup", signer);
    return { ...(await node.claim(client, sessionKey)), joinSignature };
  }

  it("answers with what the room carries and who is in it", async () => {
    const [alice, bob] = [createSessionKey(), createSessionKey()];
    const first = await connected();
    const alone = await first.request("join", await claim(first, alice));
    expect(alone.data).to.deep.include({ peers: [], epoch: 10 });
    const second = await connected();
    const { data } = await second.request("join", await claim(second, bob));
    expect(data)
      .to.have.property("peers")
      .that.deep.equals([{ peerId: alice.address, identity: alice.address }]);
    expect(data).to.have.nested.property("routerRtpCapabilities.codecs[0].mimeType", "audio/opus");
    expect((await first.notification("peerJoined")).data).to.deep.equal({
      peerId: bob.address,
      identity: bob.address,
    });
    second.socket.close();
    expect((await first.notification("peerLeft")).data).to.deep.equal({ peerId: bob.address });
    expect(node.signaling.participants).to.equal(1);
  });

  it("happens once per connection", async () => {
    const client = await connected();
    const key = createSessionKey();
    const data = await claim(client, key);
    await client.request("join", data);
    expect((await client.request("join", data)).errorCode).to.equal("already_joined");
    expect(node.admission.sessions).to.have.length(1);
  });

  it("takes no proof that was made for another connection, and gives the key's owner no trouble", async () => {
    const alice = createSessionKey();
    const [owner, thief] = [await connected(), await connected()];
    const seen = await claim(owner, alice);
    await owner.request("join", seen);
    expect((await thief.request("join", seen)).errorCode).to.equal("join_signature_invalid");
    expect((await thief.closed).reason).to.equal("join_signature_invalid");

    const stranger = await connected();
    const forged = await claim(stranger, alice, createSessionKey());
    expect((await stranger.request("join", forged)).errorCode).to.equal("join_signature_invalid");
    expect((await owner.request("resumeConsumer", { consumerId: "x" })).errorCode).to.equal("not_found");
    expect(node.admission.session(alice.address).left).to.equal(false);
  });

  it("lets one connection in where a key joins twice at the same time", async () => {
    const alice = createSessionKey();
    const both = [await connected(), await connected()];
    // The former one may hear that it was replaced before it hears that it was let in.
    const answers = await Promise.allSettled(
      both.map(async (client) => client.request("join", await claim(client, alice))),
    );
    expect(answers.filter(({ status }) => status === "fulfilled").length).to.be.within(1, 2);
    await eventually("the former one is gone", () => node.signaling.connections === 1);
    expect(node.admission.sessions.map(({ left }) => left)).to.deep.equal([true, false]);
    expect(node.media.peerCount).to.equal(1);
  });

  it("keeps rooms of different apps apart that have the same name", async () => {
    const [one, two] = [await connected(), await connected()];
    await one.request("join", await claim(one, createSessionKey()));
    const admit = node.admission.admit.bind(node.admission);
    node.admission.admit = async (joinClaim) =>
      Object.assign(await admit(joinClaim), { app: node.admission.domain.verifyingContract });
    const { data } = await two.request("join", await claim(two, createSessionKey()));
    expect(data).to.have.property("peers").that.deep.equals([]);
    expect(node.media.roomCount).to.equal(2);
  });

  it("is over before it began where the session ends meanwhile", async () => {
    const client = await connected();
    const admit = node.admission.admit.bind(node.admission);
    node.admission.admit = async (joinClaim) => {
      const session = await admit(joinClaim);
      node.admission.sessions.at(-1)?.end(new SessionEnded("node_draining", "this node is shutting down"));
      return session;
    };
    expect((await client.request("join", await claim(client, createSessionKey()))).errorCode).to.equal(
      "node_draining",
    );
    expect((await client.closed).reason).to.equal("node_draining");
    expect(node.admission.sessions.map(({ left }) => left)).to.deep.equal([true]);
    expect(node.media.peerCount).to.equal(0);
    await eventually("the socket is released", () => node.signaling.connections === 0);
  });

  it("leaves no session behind where the node is full", async () => {
    await node.stop();
    node = await TestNode.start({ media: { limits: { maxPeers: 1 } } });
    const [one, two] = [await connected(), await connected()];
    await one.request("join", await claim(one, createSessionKey()));
    expect((await two.request("join", await claim(two, createSessionKey()))).errorCode).to.equal(
      "peer_limit",
    );
    expect(node.admission.sessions.map(({ left }) => left)).to.deep.equal([false, true]);
  });

  it("refuses receipts with the reason's code, and goes on", async () => {
    const client = await connected();
    const key = createSessionKey();
    await client.request("join", await claim(client, key));
    const receipt = { nodeId: "8", epoch: 10, bytesDelivered: "1", quality: 1 };
    const answer = await client.request("receipt", { receipt, signature: `0x${"11".repeat(65)}` });
    expect(answer.errorCode).to.equal("receipt_wrong_node");
    expect((await client.request("resumeConsumer", { consumerId: "x" })).errorCode).to.equal("not_found");
  });
});

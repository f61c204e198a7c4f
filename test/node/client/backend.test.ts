import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingHttpHeaders, Server } from "node:http";
import type { Wallet } from "ethers";
import { expect } from "chai";
import { CommandFailed, RoomService } from "../../../node/client/RoomService.js";
import { createSessionKey } from "../../../node/client/sessionKey.js";
import { testTone } from "../../../node/client/testMedia.js";
import { WebhookRefused, operatorsOnChain, verifyWebhook } from "../../../node/client/verifyWebhook.js";
import type { VerifyWebhookOptions } from "../../../node/client/verifyWebhook.js";
import { WEBHOOK_HEADERS } from "../../../node/protocol/webhook.js";
import { WebhookSender } from "../../../node/service/webhooks/webhookSender.js";
import { LocalChain } from "../support/localChain.js";
import { addressOf, testDomain, walletOf } from "../support/participants.js";
import { TestNode } from "../support/testNode.js";
import { failure, next } from "./roomTools.js";

describe("an app's backend", () => {
  describe("RoomService", () => {
    let node: TestNode;

    beforeEach(async () => {
      node = await TestNode.start();
    });

    afterEach(async () => {
      await node.stop();
    });

    function service(
      signerKey: Wallet = node.admission.signer,
      nodes: readonly string[] = [node.signaling.url],
    ) {
      const { app, domain } = node.admission;
      return new RoomService({ app, signerKey, domain, nodes: () => Promise.resolve(nodes) });
    }

    it("mutes and unmutes a track, removes a participant, closes a room", async () => {
      const key = createSessionKey();
      const [room, other] = [await node.join({ sessionKey: key }), await node.join()];
      const tone = testTone();
      try {
        const track = await room.publish(tone.track);
        const muted = next(room, "trackMuted");
        const url = node.signaling.url;
        expect(await service().muteTrack("standup", track.id)).to.deep.equal([{ url, done: true }]);
        expect([(await muted)[0], track.muted]).to.deep.equal([track, true]);
        const unmuted = next(room, "trackMuted");
        await service().unmuteTrack("standup", track.id);
        await unmuted;
        expect(track.muted).to.equal(false);
        const removed = next(room, "disconnected");
        await service().removeParticipant("standup", key.address);
        expect((await removed)[0].code).to.equal("removed_by_moderator");
        const closed = next(other, "disconnected");
        // One of the nodes is down, and another one does it.
        const results = await service(undefined, ["ws://127.0.0.1:1/", url]).closeRoom("standup");
        expect(results.map(({ done, code }) => [done, code])).to.deep.equal([
          [false, "unreachable"],
          [true, undefined],
        ]);
        expect((await closed)[0].code).to.equal("room_closed");
      } finally {
        tone.stop();
      }
    });

    it("says of each node why nothing was done", async () => {
      const unknown = await failure(service().closeRoom("nowhere"));
      expect(unknown).to.be.instanceOf(CommandFailed);
      expect(String(unknown)).to.include("room_unknown");
      await node.join();
      const forged = await failure(service(walletOf("somebody")).closeRoom("standup"));
      expect(forged instanceof CommandFailed && forged.results[0]?.code).to.equal("signer_unknown");
    });
  });

  describe("verifyWebhook", () => {
    const operator = walletOf("operator");
    const app = addressOf(walletOf("app"));
    const sender = new WebhookSender({
      ...{ nodeId: 3n, wallet: operator, domain: testDomain, timeoutMs: 5_000, allowPrivate: true },
    });
    let server: Server;
    let received: { headers: IncomingHttpHeaders; body: Buffer }[];

    const event = {
      ...{ id: "e1", nodeId: "3", app, room: "standup", atMs: Date.now(), event: "participant_joined" },
      participant: { sessionKey: addressOf(walletOf("ada")), identity: "ada" },
    };
    const options: VerifyWebhookOptions = {
      ...{ app, domain: testDomain },
      operatorOf: (nodeId) => Promise.resolve(nodeId === 3n ? addressOf(operator) : undefined),
    };

    beforeEach(async () => {
      received = [];
      server = createServer((request, response) => {
        void request.toArray().then((chunks) => {
          received.push({ headers: request.headers, body: Buffer.concat(chunks) });
          response.end();
        });
      });
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
    });

    afterEach(async () => {
      sender.close();
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    });

    /** What a node's webhook looks like on its arrival. */
    async function sent(body: unknown = event) {
      const address = server.address();
      if (typeof address !== "object" || !address) throw new Error("no port");
      const url = `http://127.0.0.1:${address.port}/hook`;
      await sender.send(url, app, JSON.stringify(body), AbortSignal.timeout(5_000));
      const [arrived] = received.splice(0);
      if (!arrived) throw new Error("nothing arrived");
      return arrived;
    }

    async function refusal(check: Promise<unknown>): Promise<string> {
      const error = await failure(check);
      expect(error).to.be.instanceOf(WebhookRefused);
      return error instanceof WebhookRefused ? error.code : "";
    }

    it("takes what a node has signed, whatever the framework calls headers", async () => {
      const { headers, body } = await sent();
      const verified = await verifyWebhook(headers, body, options);
      expect(verified).to.deep.equal({ ...event, nodeId: 3n });
      const fetched = new Headers(
        Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
      );
      expect(await verifyWebhook(fetched, body.toString(), options)).to.deep.equal(verified);
    });

    it("refuses what nobody signed, somebody else signed, or was changed on the way", async () => {
      const { headers, body } = await sent();
      expect(await refusal(verifyWebhook({}, body, options))).to.equal("unsigned");
      const bare = { ...headers, [WEBHOOK_HEADERS.signature]: undefined };
      expect(await refusal(verifyWebhook(bare, body, options))).to.equal("unsigned");
      const changed = body.toString().replace('"ada"', '"eve"');
      expect(await refusal(verifyWebhook(headers, changed, options))).to.equal("signature_invalid");
      const other = { ...options, operatorOf: () => Promise.resolve(addressOf(walletOf("eve"))) };
      expect(await refusal(verifyWebhook(headers, body, other))).to.equal("signature_invalid");
      const high = { ...headers, [WEBHOOK_HEADERS.signature]: `0x${"ff".repeat(65)}` };
      expect(await refusal(verifyWebhook(high, body, options))).to.equal("signature_invalid");
    });

    it("refuses what is old, of another app, of no node, or no event", async () => {
      const { headers, body } = await sent();
      const later = { ...options, nowMs: Date.now() + 301_000 };
      expect(await refusal(verifyWebhook(headers, body, later))).to.equal("stale");
      const redated = { ...headers, [WEBHOOK_HEADERS.issuedAt]: String(Math.floor(Date.now() / 1_000) + 60) };
      expect(await refusal(verifyWebhook(redated, body, options))).to.equal("signature_invalid");
      const otherApp = { ...options, app: addressOf(walletOf("another app")) };
      expect(await refusal(verifyWebhook(headers, body, otherApp))).to.equal("wrong_app");
      const nobody = { ...options, operatorOf: () => Promise.resolve(undefined) };
      expect(await refusal(verifyWebhook(headers, body, nobody))).to.equal("node_unknown");
      const odd = await sent({ ...event, event: "party" });
      expect(await refusal(verifyWebhook(odd.headers, odd.body, options))).to.equal("malformed");
      expect(await refusal(verifyWebhook(headers, "x".repeat(100_000), options))).to.equal("body_too_large");
    });

    it("passes on that the registry could not be asked", async () => {
      const { headers, body } = await sent();
      const operatorOf = () => Promise.reject(new Error("no RPC endpoint answered"));
      const error = await failure(verifyWebhook(headers, body, { ...options, operatorOf }));
      expect(String(error)).to.include("no RPC endpoint answered");
      expect(error).not.to.be.instanceOf(WebhookRefused);
    });
  });

  describe("operatorsOnChain", () => {
    it("reads a node's key from the registry, and that there is no such node", async () => {
      const chain = await LocalChain.start();
      try {
        await chain.deploy();
        const operator = await chain.account();
        const nodeId = await chain.node(operator);
        const { serviceAttestations } = chain.deployment.addresses;
        const operatorOf = operatorsOnChain(chain.provider, serviceAttestations);
        expect(await operatorOf(nodeId)).to.equal(operator.address);
        expect(await operatorOf(nodeId + 1n)).to.equal(undefined);
      } finally {
        await chain.close();
      }
    });
  });
});

import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { createSessionKey } from "../../../node/client/sessionKey.js";
import { eventually } from "../support/eventually.js";
import type { RawParticipant } from "./support/RawParticipant.js";
import { Stage } from "./support/stage.js";

describe("draining", () => {
  let stage: Stage;

  beforeEach(async () => {
    stage = await Stage.open({ limits: { farewellMs: 200 } });
  });

  afterEach(() => stage.close());

  /** As a client does that is sent away: notes when, and closes by itself. */
  function goesByItself(one: RawParticipant): Promise<number> {
    return one.client.notification("goodbye").then(() => {
      one.client.socket.close(1000);
      return performance.now();
    });
  }

  async function health(): Promise<unknown> {
    const response = await fetch(`http://127.0.0.1:${stage.node.signaling.port}/health`);
    return response.json();
  }

  it("sends everybody elsewhere, room by room over the time that it has, and lets nobody in", async () => {
    const rooms = ["one", "two", "three", "four"];
    const people = await Promise.all(
      rooms.flatMap((room) => [stage.joined(`a-${room}`, { room }), stage.joined(`b-${room}`, { room })]),
    );
    const suspended = await stage.joined("away", { room: "five" });
    await suspended.client.end();
    const goings = people.map(goesByItself);
    const beganMs = performance.now();
    const drained = stage.node.signaling.drain(2_400);

    const late = await stage.connected();
    const refusal = await late.request("join", await stage.node.claim(late, createSessionKey()));
    expect(refusal.errorCode).to.equal("node_draining");
    expect(await health()).to.include({ accepting: false });

    const afterMs = (await Promise.all(goings)).map((goneMs) => goneMs - beganMs);
    await drained;
    expect(performance.now() - beganMs).to.be.lessThan(2_400);
    for (const one of people) {
      expect(one.client.received("goodbye")).to.have.length(1);
      expect(one.client.received("goodbye")[0]).to.include({ code: "node_draining", rejoin: "elsewhere" });
    }
    const [one = 0, other = 0] = afterMs;
    expect(Math.abs(one - other), "those of one room go together").to.be.lessThan(150);
    expect(Math.max(...afterMs) - Math.min(...afterMs), "rooms go one after another").to.be.greaterThan(900);
    await eventually("all gave up their places", () => stage.node.media.peerCount === 0);
    expect(stage.node.admission.sessions.every(({ left }) => left)).to.equal(true);
  });

  it("does not wait for ever for those who do not go", async () => {
    await stage.close();
    stage = await Stage.open({ limits: { farewellMs: 20_000 } });
    const stubborn = await stage.joined("stubborn");
    const beganMs = performance.now();
    await stage.node.signaling.drain(500);
    expect(performance.now() - beganMs).to.be.within(450, 1_000);
    expect(stage.node.signaling.connections).to.equal(1);
    // Its receipts are still taken, but nothing else.
    expect(await stubborn.refused("restartIce", { transportId: "x" })).to.equal("not_joined");
  });

  it("can be called off: whoever is left stays, and others may come again", async () => {
    const people = [await stage.joined("alice", { room: "one" }), await stage.joined("bob", { room: "two" })];
    const calledOff = new AbortController();
    const drained = stage.node.signaling.drain(60_000, calledOff.signal);
    await people[0]?.client.notification("goodbye");
    calledOff.abort(new Error("changed my mind"));
    const error: unknown = await drained.catch((reason: unknown) => reason);
    expect(error).to.have.property("message", "changed my mind");
    await sleep(300);
    expect(people[1]?.client.received("goodbye")).to.deep.equal([]);
    await stage.joined("carol", { room: "one" });
    expect(stage.node.signaling.participants).to.equal(2);
  });
});

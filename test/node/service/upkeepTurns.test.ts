import { expect } from "chai";
import { upkeepTurn } from "../../../node/service/duties/duty.js";

/** How many of a network's nodes act at once, and at which turn, where only these are alive. */
function firstToAct(alive: readonly number[]): { turn: number; nodes: number } {
  const turns = alive.map(upkeepTurn);
  const turn = Math.min(...turns);
  return { turn, nodes: turns.filter((other) => other === turn).length };
}

describe("turns of upkeep", function () {
  const network = Array.from({ length: 1_000 }, (_, rank) => rank);

  it("are of one node each at first, in their order", function () {
    expect(network.slice(0, 9).map(upkeepTurn)).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    for (let dead = 0; dead <= 8; dead++)
      expect(firstToAct(network.slice(dead))).to.deep.equal({ turn: dead, nodes: 1 });
  });

  it("are soon over, however many nodes are dead", function () {
    expect(Math.max(...network.map(upkeepTurn))).to.be.at.most(17);
    expect(upkeepTurn(999_999)).to.be.at.most(28);
  });

  it("are shared by few where many are dead", function () {
    // Every tenth is alive: of a thousand, a hundred would have to act at once if they did not take turns.
    for (let epoch = 0; epoch < 10; epoch++) {
      const alive = network.filter((rank) => rank % 10 === epoch);
      expect(firstToAct(alive).nodes).to.be.at.most(1);
    }
    // Only the last half is.
    expect(firstToAct(network.slice(500)).nodes).to.be.lessThan(30);
  });
});

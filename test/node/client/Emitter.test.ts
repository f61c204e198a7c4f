import { expect } from "chai";
import { Emitter } from "../../../node/client/Emitter.js";

class Bell extends Emitter<{ ring: [times: number] }> {
  ring(times: number): void {
    this.emit("ring", times);
  }
}

describe("Emitter", () => {
  it("tells all who listen, once or until they stop, in the order in which they came", () => {
    const bell = new Bell();
    const heard: string[] = [];
    const first = (times: number) => heard.push(`first ${times}`);
    bell.on("ring", first).once("ring", (times) => heard.push(`once ${times}`));
    bell.ring(1);
    bell.ring(2);
    bell.off("ring", first);
    bell.ring(3);
    expect(heard).to.deep.equal(["first 1", "once 1", "first 2"]);
  });

  it("lets no listener hinder the others or the caller, and hides no error", async () => {
    const listeners = process.listeners("uncaughtException");
    process.removeAllListeners("uncaughtException");
    try {
      const uncaught = new Promise((resolve) => process.once("uncaughtException", resolve));
      const bell = new Bell();
      const heard: number[] = [];
      bell.on("ring", () => {
        throw new Error("too loud");
      });
      bell.on("ring", (times) => heard.push(times));
      bell.ring(1);
      expect(heard).to.deep.equal([1]);
      expect(String(await uncaught)).to.equal("Error: too loud");
    } finally {
      for (const listener of listeners) process.on("uncaughtException", listener);
    }
  });
});

import { EventEmitter, once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { expect } from "chai";
import type { types } from "mediasoup-client";
import { IceRecovery } from "../../../node/client/IceRecovery.js";
import type { IceRecoveryOptions } from "../../../node/client/IceRecovery.js";
import type { IceParameters } from "../../../node/protocol/mediaParameters.js";
import { eventually } from "../support/eventually.js";

/** A transport whose state the test sets, and that counts its restarts. */
class FakeTransport extends EventEmitter<{ connectionstatechange: [types.ConnectionState]; restart: [] }> {
  connectionState: types.ConnectionState = "connected";
  readonly restarts: IceParameters[] = [];

  async restartIce({ iceParameters }: { iceParameters: IceParameters }): Promise<void> {
    this.restarts.push(iceParameters);
    this.emit("restart");
  }

  become(state: types.ConnectionState): void {
    this.connectionState = state;
    this.emit("connectionstatechange", state);
  }
}

describe("IceRecovery", () => {
  const errors: string[] = [];
  let transport: FakeTransport;
  let recovery: IceRecovery;
  let requests: number;

  function recover(options: Partial<IceRecoveryOptions> = {}): void {
    transport = new FakeTransport();
    requests = 0;
    recovery = new IceRecovery(transport, {
      requestRestart: () => {
        requests += 1;
        return Promise.resolve({ usernameFragment: `try ${requests}`, password: "secret" });
      },
      onError: ({ message }) => errors.push(message),
      patienceMs: 30,
      retryMs: 20,
      ...options,
    });
  }

  afterEach(() => {
    recovery.stop();
    errors.length = 0;
  });

  it("waits whether an interrupted path comes back by itself", async () => {
    recover();
    transport.become("disconnected");
    transport.become("connected");
    await pause(60);
    expect(requests).to.equal(0);
  });

  it("looks for a new path where it does not, and at once where the path has failed", async () => {
    recover({ retryMs: 10_000 });
    transport.become("disconnected");
    await once(transport, "restart");
    expect(transport.restarts).to.deep.equal([{ usernameFragment: "try 1", password: "secret" }]);
    recovery.stop();

    recover({ patienceMs: 10_000, retryMs: 10_000 });
    transport.become("disconnected");
    transport.become("failed");
    await once(transport, "restart");
    expect(requests).to.equal(1);
  });

  it("tries again until it is connected, also where the node does not answer", async () => {
    let answers = false;
    recover({
      requestRestart: () => {
        requests += 1;
        if (!answers) return Promise.reject(new Error("no answer"));
        return Promise.resolve({ usernameFragment: "found", password: "secret" });
      },
    });
    transport.become("failed");
    await eventually("two attempts", () => errors.length === 2);
    answers = true;
    await once(transport, "restart");
    transport.become("connected");
    const before = requests;
    await pause(60);
    expect(requests).to.equal(before);
    expect(errors).to.deep.equal(["no answer", "no answer"]);
  });

  it("does nothing more once it is stopped", async () => {
    recover();
    transport.become("failed");
    recovery.stop();
    transport.become("disconnected");
    await pause(60);
    expect(requests).to.equal(0);
  });
});

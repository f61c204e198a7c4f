import type { IssueOptions } from "../../../../node/client/AccessToken.js";
import { testPattern, testTone } from "../../../../node/client/testMedia.js";
import type { TestTrack } from "../../../../node/client/testMedia.js";
import { RawClient } from "../../support/RawClient.js";
import { TestNode } from "../../support/testNode.js";
import type { TestNodeOptions } from "../../support/testNode.js";
import { RawParticipant } from "./RawParticipant.js";

/** A node with those who come to it in one test, and how to be rid of all of them. */
export class Stage {
  readonly node: TestNode;
  readonly #tracks: TestTrack[] = [];
  readonly #clients: (RawClient | RawParticipant)[] = [];

  static async open(options: TestNodeOptions = {}): Promise<Stage> {
    return new Stage(await TestNode.start(options));
  }

  private constructor(node: TestNode) {
    this.node = node;
  }

  async joined(identity: string, issue: Partial<IssueOptions> = {}): Promise<RawParticipant> {
    const one = await RawParticipant.join(this.node, { identity, ...issue });
    this.#clients.push(one);
    return one;
  }

  async connected(): Promise<RawClient> {
    const client = await RawClient.welcomed(this.node.signaling.url);
    this.#clients.push(client);
    return client;
  }

  tone(): MediaStreamTrack {
    return this.#kept(testTone()).track;
  }

  picture(): MediaStreamTrack {
    return this.#kept(testPattern()).track;
  }

  async close(): Promise<void> {
    for (const one of this.#tracks) one.stop();
    await Promise.all(this.#clients.map((one) => one.end()));
    await this.node.stop();
  }

  #kept(track: TestTrack): TestTrack {
    this.#tracks.push(track);
    return track;
  }
}

/** The code with which something is refused; fails where it is not. */
export async function codeOf(action: Promise<unknown>): Promise<string> {
  try {
    await action;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  throw new Error("it was not refused");
}

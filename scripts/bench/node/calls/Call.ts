import { createSessionKey } from "../../../../node/client/sessionKey.js";
import { useNodeWebrtc } from "../../../../node/client/nodeWebrtc.js";
import { Room } from "../../../../node/client/Room.js";
import { testPattern, testTone } from "../../../../node/client/testMedia.js";
import type { TestTrack } from "../../../../node/client/testMedia.js";
import type { NodeSfu } from "../sfu/NodeSfu.js";
import { FrameWatch } from "./FrameWatch.js";

const ROOM = "call";
const FRAMES_PER_SECOND = 30;

/** A participant of the SDK with a real WebRTC stack, with the token in hand. */
export interface Guest {
  readonly room: Room;
  readonly frames: FrameWatch;
}

/** Somebody who sends a picture and a tone into a room; others come to see it. */
export class Call {
  readonly publisher: Room;
  readonly #tracks: readonly TestTrack[];
  readonly #nodes: readonly NodeSfu[];
  readonly #urls: readonly string[];

  /**
   * @param nodes the preferred one first.
   * @param urls other ways to their signaling.
   */
  static async open(nodes: readonly NodeSfu[], urls = nodes.map(({ url }) => url)): Promise<Call> {
    const tracks = [testPattern({ framesPerSecond: FRAMES_PER_SECOND }), testTone()];
    const publisher = await join(nodes, urls);
    for (const { track } of tracks) await publisher.publish(track);
    return new Call(publisher, tracks, nodes, urls);
  }

  private constructor(
    publisher: Room,
    tracks: readonly TestTrack[],
    nodes: readonly NodeSfu[],
    urls: readonly string[],
  ) {
    this.publisher = publisher;
    this.#tracks = tracks;
    this.#nodes = nodes;
    this.#urls = urls;
  }

  async join(): Promise<Guest> {
    const room = await join(this.#nodes, this.#urls);
    return { room, frames: new FrameWatch(room) };
  }

  /** Joins, and tells how long it took from the first byte to the first decoded frame, in ms. */
  async timeToFirstFrame(): Promise<number> {
    const token = await tokenFor(this.#nodes);
    const startedMs = performance.now();
    const room = await connect(token, this.#urls);
    const firstMs = await new FrameWatch(room).firstSince(startedMs);
    await room.leave();
    return firstMs - startedMs;
  }

  async close(): Promise<void> {
    for (const track of this.#tracks) track.stop();
    await this.publisher.leave();
  }
}

interface Token {
  readonly token: Awaited<ReturnType<NodeSfu["token"]>>;
  readonly sessionKey: ReturnType<typeof createSessionKey>;
}

async function tokenFor([node]: readonly NodeSfu[]): Promise<Token> {
  if (!node) throw new Error("a call needs a node");
  const sessionKey = createSessionKey();
  return { sessionKey, token: await node.token(sessionKey.address, ROOM) };
}

async function join(nodes: readonly NodeSfu[], urls: readonly string[]): Promise<Room> {
  return connect(await tokenFor(nodes), urls);
}

function connect(token: Token, urls: readonly string[]): Promise<Room> {
  return Room.connect({ ...token, url: urls, room: ROOM, rtc: useNodeWebrtc() });
}

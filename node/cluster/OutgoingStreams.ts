import type { DataPublication } from "../media/DataPublication.js";
import type { NodePipe } from "../media/NodePipe.js";
import type { Publication } from "../media/Publication.js";
import type { Room } from "../media/Room.js";
import type { Reach } from "../media/RoomSite.js";
import type { PipeEnd } from "../protocol/nodeLink.js";
import type { RoomPipe } from "./RoomPipe.js";

/** What is sent to one other node of this node's participants' tracks and data channels, each because it asked for it. */
export class OutgoingStreams {
  readonly #mediaRoom: Room;
  readonly #pipe: RoomPipe;
  readonly #reaches = new Map<string, Reach>();

  constructor(mediaRoom: Room, pipe: RoomPipe) {
    this.#mediaRoom = mediaRoom;
    this.#pipe = pipe;
    pipe.on("closed", () => this.#releaseAll());
  }

  /**
   * @param end The other node's end of the pipe; the answer names this node's.
   * Throws `LinkError`, `MediaError`.
   */
  async sendTrack(publication: Publication, end: PipeEnd): Promise<object> {
    const pipe = await this.#reach(publication, end);
    return { pipe: pipe.end, ...(await pipe.send(publication.id)) };
  }

  /** As `sendTrack`. */
  async sendData(publication: DataPublication, end: PipeEnd): Promise<object> {
    const pipe = await this.#reach(publication, end);
    return { pipe: pipe.end, sctpStreamParameters: await pipe.sendData(publication.id) };
  }

  stop(id: string): void {
    this.#pipe.current?.stopSending(id);
    this.#reaches.get(id)?.release();
    this.#reaches.delete(id);
  }

  stopAll(): void {
    for (const id of [...this.#reaches.keys()]) this.stop(id);
  }

  async #reach(publication: Publication | DataPublication, end: PipeEnd): Promise<NodePipe> {
    const { id } = publication;
    const pipe = await this.#pipe.join(end);
    if (this.#reaches.has(id)) return pipe;
    const reach = await this.#mediaRoom.reach(publication);
    if (pipe.closed || this.#reaches.has(id)) {
      reach.release();
      return pipe;
    }
    this.#reaches.set(id, reach);
    return pipe;
  }

  #releaseAll(): void {
    for (const reach of this.#reaches.values()) reach.release();
    this.#reaches.clear();
  }
}

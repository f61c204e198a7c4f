import type { DataPublication } from "../media/DataPublication.js";
import type { Publication } from "../media/Publication.js";
import type { Room } from "../media/Room.js";
import type { Reach } from "../media/RoomSite.js";
import type { RtpParameters, SctpStreamParameters } from "../protocol/mediaParameters.js";
import type { NodePipe } from "../media/NodePipe.js";
import { LinkError } from "./linkError.js";
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
   * @param pipeId The end of the pipe that the other node expects it at.
   * Throws `LinkError`: pipe_changed; `MediaError`.
   */
  async sendTrack(
    publication: Publication,
    pipeId: string,
  ): Promise<{ rtpParameters: RtpParameters; paused: boolean }> {
    const pipe = await this.#reach(publication, pipeId);
    return pipe.send(publication.id);
  }

  /** As `sendTrack`. */
  async sendData(
    publication: DataPublication,
    pipeId: string,
  ): Promise<{ sctpStreamParameters: SctpStreamParameters }> {
    const pipe = await this.#reach(publication, pipeId);
    return { sctpStreamParameters: await pipe.sendData(publication.id) };
  }

  stop(id: string): void {
    this.#pipe.current?.stopSending(id);
    this.#reaches.get(id)?.release();
    this.#reaches.delete(id);
  }

  stopAll(): void {
    for (const id of [...this.#reaches.keys()]) this.stop(id);
  }

  async #reach(publication: Publication | DataPublication, pipeId: string): Promise<NodePipe> {
    const { id } = publication;
    if (!this.#reaches.has(id)) {
      const reach = await this.#mediaRoom.reach(publication);
      this.#reaches.set(id, reach);
      publication.once("closed", () => this.stop(id));
    }
    const pipe = this.#pipe.current;
    if (pipe?.remoteId !== pipeId) {
      this.stop(id);
      throw new LinkError("pipe_changed", "this node's end of the pipe is not connected to that one");
    }
    return pipe;
  }

  #releaseAll(): void {
    for (const reach of this.#reaches.values()) reach.release();
    this.#reaches.clear();
  }
}

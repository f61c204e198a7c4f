import type { Router } from "mediasoup/types";
import type { DataPublication } from "./DataPublication.js";
import { asMediaError } from "./mediaError.js";
import type { MediaWorker } from "./MediaWorker.js";
import { Publication } from "./Publication.js";

/** Something brought to a router; given back when it is needed there no longer. */
export interface Reach {
  release(): void;
}

interface Pipe {
  users: number;
  readonly opened: Promise<{ close(): void }>;
}

const NOTHING_TO_RELEASE: Reach = { release: () => undefined };

/** A room's part on one worker: a router, with what is piped to it from the room's other routers. */
export class RoomSite {
  readonly worker: MediaWorker;
  readonly router: Router;
  /** By the publication's id. A pipe is there as long as it has users. */
  readonly #pipes = new Map<string, Pipe>();

  static async open(worker: MediaWorker): Promise<RoomSite> {
    return new RoomSite(worker, await worker.createRouter());
  }

  private constructor(worker: MediaWorker, router: Router) {
    this.worker = worker;
    this.router = router;
  }

  /**
   * Makes a publication consumable on this router, under the same id, until it is released by all who asked for it.
   * Throws `MediaError`: failed where the publication, or a router, has closed.
   */
  async reach(publication: Publication | DataPublication): Promise<Reach> {
    if (publication.router === this.router) return NOTHING_TO_RELEASE;
    const { id } = publication;
    const pipe = this.#pipes.get(id) ?? this.#open(publication);
    pipe.users += 1;
    let opened: { close(): void };
    try {
      opened = await pipe.opened;
    } catch (error) {
      // All who waited for it fail alike; the next to ask tries again.
      if (this.#pipes.get(id) === pipe) this.#pipes.delete(id);
      throw error;
    }
    let released = false;
    return {
      release: () => {
        if (released) return;
        released = true;
        pipe.users -= 1;
        if (pipe.users > 0) return;
        if (this.#pipes.get(id) === pipe) this.#pipes.delete(id);
        opened.close();
      },
    };
  }

  close(): void {
    this.router.close();
  }

  #open(publication: Publication | DataPublication): Pipe {
    const opened = asMediaError("track not piped to another worker", async () => {
      const { id, router } = publication;
      const isTrack = publication instanceof Publication;
      const { pipeConsumer, pipeDataConsumer } = await router.pipeToRouter({
        router: this.router,
        ...(isTrack ? { producerId: id } : { dataProducerId: id }),
      });
      const sent = pipeConsumer ?? pipeDataConsumer;
      if (!sent) throw new Error("mediasoup made no pipe");
      return sent;
    });
    const pipe: Pipe = { users: 0, opened };
    this.#pipes.set(publication.id, pipe);
    return pipe;
  }
}

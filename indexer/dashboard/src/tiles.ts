/** Who is in the call: one tile a person, with picture and sound. */
import type { RemoteTrack } from "../../../node/client/tracks.js";
import { el } from "./dom.js";
import { empty } from "./views.js";

interface Tile {
  readonly element: HTMLElement;
  readonly video: HTMLVideoElement;
  readonly stream: MediaStream;
}

export class Tiles {
  readonly #container: HTMLElement;
  readonly #tiles = new Map<string, Tile>();

  constructor(container: HTMLElement) {
    this.#container = container;
    this.clear("You are not in a call.");
  }

  /** Empties the area and says why. */
  clear(text: string): void {
    for (const id of [...this.#tiles.keys()]) this.remove(id);
    this.#container.replaceChildren(empty(text));
  }

  /** Adds a person, with nothing to see or hear yet. */
  add(id: string, name: string, own = false): void {
    if (this.#tiles.has(id)) return;
    const stream = new MediaStream();
    const video = el("video", { playsinline: true, autoplay: true, "aria-label": `Picture of ${name}` });
    video.muted = own;
    video.srcObject = stream;
    const element = el(
      "figure",
      { class: "tile", "data-participant": name },
      el("span", { class: "initial", "aria-hidden": "true" }, name.slice(0, 1).toUpperCase()),
      video,
      el("figcaption", {}, own ? `${name} (you)` : name),
    );
    if (this.#tiles.size === 0) this.#container.replaceChildren();
    this.#tiles.set(id, { element, video, stream });
    this.#container.append(element);
  }

  remove(id: string): void {
    const tile = this.#tiles.get(id);
    if (tile === undefined) return;
    this.#tiles.delete(id);
    tile.video.srcObject = null;
    tile.element.remove();
  }

  show(id: string, track: MediaStreamTrack): void {
    const tile = this.#tiles.get(id);
    if (tile === undefined) return;
    tile.stream.addTrack(track);
    if (track.kind === "video") tile.element.dataset.video = "on";
    // The click on "Join" allows sound; where the browser still refuses, the picture plays without it.
    tile.video.play().catch(() => {
      tile.video.muted = true;
      void tile.video.play().catch(() => undefined);
    });
  }

  showRemote(track: RemoteTrack): void {
    this.add(track.participant.peerId, track.participant.name ?? track.participant.identity);
    this.show(track.participant.peerId, track.mediaTrack);
  }

  hideRemote(track: RemoteTrack): void {
    const tile = this.#tiles.get(track.participant.peerId);
    if (tile === undefined) return;
    tile.stream.removeTrack(track.mediaTrack);
    if (tile.stream.getVideoTracks().length === 0) delete tile.element.dataset.video;
  }
}

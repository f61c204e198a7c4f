/** Joining a room from the page: token from the app, media to and from the node, receipts signed here. */
import { Room } from "../../../node/client/Room.js";
import { createSessionKey } from "../../../node/client/sessionKey.js";
import { parseAddress } from "../../../node/protocol/hex.js";
import { requestToken } from "../../../scripts/devnet/app/tokenExchange.js";
import { byId, el } from "./dom.js";
import { ReceiptBook, receiptFacts, receiptTable } from "./receipts.js";
import type { ReceiptsNow } from "./receipts.js";
import { createTestPattern, openCamera } from "./testPattern.js";
import type { MediaSource } from "./testPattern.js";
import { Tiles } from "./tiles.js";
import { empty } from "./views.js";

export interface CallConfig {
  readonly appUrl: string;
  readonly rooms: readonly string[];
}

interface JoinRequest {
  readonly appUrl: string;
  readonly room: string;
  readonly identity: string;
  readonly source: "pattern" | "camera" | "none";
}

const OWN_TILE = "own";
const NAMES = ["Amber", "Basil", "Coral", "Dune", "Ember", "Fern", "Indigo", "Juniper", "Maple", "Opal"];

/** Wires the form of the page. Without an app there is nobody to ask for a token, and the form says so. */
export function startCallPanel(config: CallConfig | undefined): void {
  const form = byId("join-form", HTMLFormElement);
  const joinButton = byId("join", HTMLButtonElement);
  const leaveButton = byId("leave", HTMLButtonElement);
  const panel = new CallPanel();

  const roomSelect = form.elements.namedItem("room");
  const nameInput = form.elements.namedItem("identity");
  if (config === undefined || config.rooms.length === 0) {
    joinButton.disabled = true;
    panel.say("No app of this network lets people in from here.");
    return;
  }
  const { appUrl, rooms } = config;
  if (roomSelect instanceof HTMLSelectElement) {
    roomSelect.replaceChildren(...rooms.map((room) => el("option", { value: room }, room)));
  }
  if (nameInput instanceof HTMLInputElement) {
    nameInput.value = NAMES[Math.floor(Math.random() * NAMES.length)] ?? "Guest";
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    joinButton.disabled = true;
    void panel.join(requestOf(form, appUrl)).then((joined) => {
      joinButton.disabled = false;
      joinButton.hidden = joined;
      leaveButton.hidden = !joined;
      if (joined) leaveButton.focus();
    });
  });
  leaveButton.addEventListener("click", () => void panel.leave());
  panel.onEnded = () => {
    joinButton.hidden = false;
    leaveButton.hidden = true;
  };
  // A last receipt for what was received until now.
  addEventListener("pagehide", () => void panel.leave());
}

function requestOf(form: HTMLFormElement, appUrl: string): JoinRequest {
  const data = new FormData(form);
  const text = (name: string) => {
    const value = data.get(name);
    return typeof value === "string" ? value.trim() : "";
  };
  const source = text("source");
  return {
    appUrl,
    room: text("room"),
    identity: text("identity"),
    source: source === "camera" || source === "none" ? source : "pattern",
  };
}

class CallPanel {
  readonly #status = byId("call-status", HTMLElement);
  readonly #facts = byId("receipt-now", HTMLElement);
  readonly #table = byId("receipt-table", HTMLElement);
  readonly #tiles = new Tiles(byId("videos", HTMLElement));
  #room: Room | undefined;
  /** Told when a call is over, whoever ended it. */
  onEnded: () => void = () => undefined;

  constructor() {
    this.#table.replaceChildren(empty("Join a call, and what you receive is counted here."));
  }

  say(text: string, state: "normal" | "error" = "normal"): void {
    this.#status.textContent = text;
    this.#status.dataset.state = state;
  }

  /** Resolves to whether it worked; what went wrong is on the page. */
  async join(request: JoinRequest): Promise<boolean> {
    this.say("Joining …");
    let media: MediaSource | undefined;
    try {
      media = await openMedia(request);
      await this.#enter(request, media);
      this.say(`You are in ${request.room}.`);
      return true;
    } catch (error) {
      media?.stop();
      this.#tiles.clear("You are not in a call.");
      this.say(error instanceof Error ? error.message : String(error), "error");
      return false;
    }
  }

  async leave(): Promise<void> {
    await this.#room?.leave();
  }

  async #enter({ appUrl, room: name, identity }: JoinRequest, media: MediaSource | undefined): Promise<void> {
    const sessionKey = createSessionKey();
    const address = parseAddress(sessionKey.address);
    const { nodes, domain, token } = await requestToken(appUrl, {
      sessionKey: address,
      room: name,
      identity,
    });
    const url = nodes.map((node) => node.url);
    const room = await Room.connect({ url, room: name, token, sessionKey, expect: { domain } });
    this.#room = room;

    const book = new ReceiptBook();
    const draw = () =>
      this.#drawReceipts({ book, received: room.received, sessionKey: address, nodeId: room.nodeId });
    const timer = setInterval(draw, 1_000);
    room.on("receipt", (receipt) => {
      book.add(receipt);
      draw();
    });
    room.on("warning", (error) => this.say(error.message, "error"));
    room.on("disconnected", (reason) => {
      clearInterval(timer);
      media?.stop();
      this.#room = undefined;
      this.#tiles.clear("You left the call.");
      if (reason.code === "left")
        this.say("You left. Your receipts stay with the node, which is paid by them.");
      else this.say(`The call ended: ${reason.message}`, "error");
      this.onEnded();
    });

    if (media !== undefined) this.#tiles.add(OWN_TILE, identity, true);
    for (const { peerId, name: theirs, identity: id } of room.participants)
      this.#tiles.add(peerId, theirs ?? id);
    room.on("participantJoined", ({ peerId, name: theirs, identity: id }) =>
      this.#tiles.add(peerId, theirs ?? id),
    );
    room.on("participantLeft", ({ peerId }) => this.#tiles.remove(peerId));
    room.on("track", (track) => this.#tiles.showRemote(track));
    room.on("trackEnded", (track) => this.#tiles.hideRemote(track));
    for (const track of media?.stream.getTracks() ?? []) {
      this.#tiles.show(OWN_TILE, track);
      await room.publish(track);
    }
    draw();
  }

  #drawReceipts(now: ReceiptsNow): void {
    this.#facts.replaceChildren(...receiptFacts(now));
    this.#table.replaceChildren(receiptTable(now.book));
  }
}

async function openMedia({ source }: JoinRequest): Promise<MediaSource | undefined> {
  if (source === "none") return undefined;
  return source === "camera" ? openCamera() : createTestPattern();
}

import type { Room } from "../media/Room.js";
import type { PeerInfo } from "../protocol/signaling.js";
import type { Participant } from "./Participant.js";

/** Who is connected, by socket, by session key and by room. */
export class Lobby {
  readonly #all = new Set<Participant>();
  readonly #bySessionKey = new Map<string, Participant>();
  readonly #byRoom = new Map<Room, Set<Participant>>();
  readonly #turns = new Map<string, Promise<unknown>>();

  get participants(): readonly Participant[] {
    return [...this.#all];
  }

  get size(): number {
    return this.#all.size;
  }

  /** Connections that are not in a room yet. */
  get halfOpen(): number {
    return this.#all.size - this.#bySessionKey.size;
  }

  enter(participant: Participant): void {
    this.#all.add(participant);
  }

  /** Who joined with a session key. */
  participantOf(sessionKey: string): Participant | undefined {
    return this.#bySessionKey.get(sessionKey);
  }

  /** The others in a room, as they may be shown. */
  others(participant: Participant, room: Room): Participant[] {
    return [...(this.#byRoom.get(room) ?? [])].filter((other) => other !== participant);
  }

  /** Lists a participant who was let in, and tells the room. */
  joined(participant: Participant, room: Room, info: PeerInfo): void {
    for (const other of this.others(participant, room)) other.announceJoined(info);
    const members = this.#byRoom.get(room) ?? new Set();
    this.#byRoom.set(room, members.add(participant));
    this.#bySessionKey.set(info.peerId, participant);
  }

  /** Tells the room that a participant is leaving; its session key stays taken until `forget`. */
  leaving(participant: Participant, room: Room, info: PeerInfo): void {
    const members = this.#byRoom.get(room);
    if (!members?.delete(participant)) return;
    if (members.size === 0) this.#byRoom.delete(room);
    for (const other of members) other.announceLeft(info);
  }

  forget(participant: Participant): void {
    this.#all.delete(participant);
    const key = participant.info?.peerId;
    if (key !== undefined && this.#bySessionKey.get(key) === participant) this.#bySessionKey.delete(key);
  }

  /** Runs what concerns one session key one after another, so that two joins with it cannot both get in. */
  async inTurn<T>(sessionKey: string, task: () => Promise<T>): Promise<T> {
    const former = this.#turns.get(sessionKey) ?? Promise.resolve();
    const turn = former.then(task, task);
    this.#turns.set(sessionKey, turn);
    try {
      return await turn;
    } finally {
      if (this.#turns.get(sessionKey) === turn) this.#turns.delete(sessionKey);
    }
  }
}

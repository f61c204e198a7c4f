import type { Address } from "../protocol/typedData.js";
import type { Connection } from "./Connection.js";
import type { LiveRoom } from "./LiveRoom.js";
import type { Participant } from "./Participant.js";

/** Who is connected, who is in a room, and in which. */
export class Lobby {
  readonly #maxSuspended: number;
  readonly #connections = new Set<Connection>();
  readonly #participants = new Map<string, Participant>();
  readonly #leaving = new Set<Participant>();
  readonly #suspended = new Set<Participant>();
  readonly #rooms = new Map<string, LiveRoom>();
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(maxSuspended: number) {
    this.#maxSuspended = maxSuspended;
  }

  get connections(): ReadonlySet<Connection> {
    return this.#connections;
  }

  get participants(): readonly Participant[] {
    return [...this.#participants.values()];
  }

  /** Participants who are not gone yet, replaced ones that still give back what they hold included. */
  get remaining(): readonly Participant[] {
    return [...new Set([...this.#participants.values(), ...this.#leaving])];
  }

  /** Connections that are not in a room yet. */
  get halfOpen(): number {
    let count = 0;
    for (const connection of this.#connections) if (!connection.joined) count += 1;
    return count;
  }

  get rooms(): readonly LiveRoom[] {
    return [...this.#rooms.values()];
  }

  connected(connection: Connection): void {
    this.#connections.add(connection);
  }

  disconnected(connection: Connection): void {
    this.#connections.delete(connection);
  }

  /** Who joined with a session key. */
  participantOf(sessionKey: string): Participant | undefined {
    return this.#participants.get(sessionKey);
  }

  joined(participant: Participant): void {
    const former = this.#participants.get(participant.info.peerId);
    if (former) this.#leaving.add(former);
    this.#participants.set(participant.info.peerId, participant);
  }

  forget(participant: Participant): void {
    const key = participant.info.peerId;
    if (this.#participants.get(key) === participant) this.#participants.delete(key);
    this.#leaving.delete(participant);
    this.#suspended.delete(participant);
  }

  /** Lists those without a socket; where they are too many, the one that has been so longest is given up. */
  suspended(participant: Participant, suspended: boolean): void {
    this.#suspended.delete(participant);
    if (!suspended) return;
    this.#suspended.add(participant);
    if (this.#suspended.size <= this.#maxSuspended) return;
    const [longest] = this.#suspended;
    void longest?.giveUp();
  }

  /** A room that somebody is in now. */
  room(app: Address, name: string): LiveRoom | undefined {
    return this.#rooms.get(roomKey(app, name, false));
  }

  roomByKey(key: string): LiveRoom | undefined {
    return this.#rooms.get(key);
  }

  opened(key: string, room: LiveRoom): void {
    this.#rooms.set(key, room);
  }

  emptied(key: string, room: LiveRoom): void {
    if (this.#rooms.get(key) === room) this.#rooms.delete(key);
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

/** Apps name their rooms without knowing of each other, and audits meet nobody but themselves. */
export function roomKey(app: Address, name: string, audit: boolean): string {
  return `${audit ? "audit:" : ""}${app}/${name}`;
}

import { MAX_NODES_PER_ROOM } from "../protocol/nodeLink.js";
import type { ClusterLimits } from "./limits.js";
import { LinkError } from "./linkError.js";
import type { LinkHold, LinkTable } from "./LinkTable.js";
import type { RoomName } from "./MembershipCheck.js";

/** Which nodes have participants in a room, by whoever is its home. */
interface Register {
  readonly room: RoomName;
  /** By node id; this node itself has nothing to hold. */
  readonly nodes: Map<bigint, LinkHold | undefined>;
}

export interface RegistrarOptions {
  readonly nodeId: bigint;
  readonly links: LinkTable;
  readonly limits: ClusterLimits;
  /** Other nodes came into or left a room that this node is in too. */
  readonly onChange: (room: RoomName, nodes: readonly bigint[]) => void;
}

/**
 * What this node does as a room's home: it tells the nodes of the room of each other. They do the rest between
 * themselves, so that nothing that runs needs the home, and a node may register with several. It needs no participant of
 * the room itself.
 */
export class Registrar {
  readonly #options: RegistrarOptions;
  readonly #registers = new Map<string, Register>();

  constructor(options: RegistrarOptions) {
    this.#options = options;
  }

  /** Rooms for which some node is registered. */
  get size(): number {
    return this.#registers.size;
  }

  /** Nodes that are in a room. */
  nodesIn(room: RoomName): readonly bigint[] {
    return [...(this.#registers.get(keyOf(room))?.nodes.keys() ?? [])];
  }

  /** Lists a node; returns the others. Again: the same. Throws `LinkError`: limit_reached. */
  register(room: RoomName, nodeId: bigint): readonly bigint[] {
    const { links, limits, nodeId: ownId } = this.#options;
    const key = keyOf(room);
    const register = this.#registers.get(key) ?? { room, nodes: new Map<bigint, LinkHold | undefined>() };
    const others = () => [...register.nodes.keys()].filter((id) => id !== nodeId);
    if (register.nodes.has(nodeId)) return others();
    if (register.nodes.size >= MAX_NODES_PER_ROOM) {
      throw new LinkError("limit_reached", `a room is on at most ${MAX_NODES_PER_ROOM} nodes`);
    }
    if (nodeId !== ownId) {
      const rooms = [...this.#registers.values()].filter(({ nodes }) => nodes.has(nodeId)).length;
      if (rooms >= limits.maxRoomsPerNode) {
        throw new LinkError("limit_reached", `a node registers at most ${limits.maxRoomsPerNode} rooms here`);
      }
    }
    this.#registers.set(key, register);
    register.nodes.set(nodeId, nodeId === ownId ? undefined : links.hold(nodeId, undefined));
    this.#tell(register, nodeId);
    return others();
  }

  unregister(room: RoomName, nodeId: bigint): void {
    const register = this.#registers.get(keyOf(room));
    if (!register?.nodes.has(nodeId)) return;
    register.nodes.get(nodeId)?.release();
    register.nodes.delete(nodeId);
    if (register.nodes.size === 0) this.#registers.delete(keyOf(room));
    this.#tell(register, nodeId);
  }

  /** A node is gone. */
  drop(nodeId: bigint): void {
    for (const { room } of [...this.#registers.values()]) this.unregister(room, nodeId);
  }

  #tell({ room, nodes }: Register, except: bigint): void {
    const { links, nodeId: ownId, onChange } = this.#options;
    for (const nodeId of nodes.keys()) {
      if (nodeId === except) continue;
      const others = [...nodes.keys()].filter((id) => id !== nodeId);
      if (nodeId === ownId) onChange(room, others);
      else links.link(nodeId)?.notify("nodes", { room, nodes: others });
    }
  }
}

export function keyOf({ app, hash }: RoomName): string {
  return `${app}/${hash}`;
}

/** Who is in which room of the devnet, and which nodes carry it. */
import { z } from "zod";

export const memberSchema = z.strictObject({
  identity: z.string(),
  /** What it sends; who sends nothing only listens. */
  sends: z.array(z.enum(["audio", "video"])).default([]),
  /** Which of the room's nodes it joins, from 0. */
  at: z.int().min(0).default(0),
});

export const roomSchema = z.strictObject({
  name: z.string(),
  /** Which of the devnet's nodes carry it, from 0; the first is its home. */
  nodes: z.array(z.int().min(0)).min(1),
  members: z.array(memberSchema).min(1),
});

export type Room = z.output<typeof roomSchema>;

/** Small pictures: nine clients, four nodes, a chain and an indexer share the machine. */
export const VIDEO = { width: 160, height: 90, framesPerSecond: 8 } as const;

/** A talk whose audience sits at two nodes, a conversation, and voices only. */
export const ROOMS: readonly Room[] = [
  {
    name: "town-hall",
    nodes: [0, 3],
    members: [
      { identity: "Ada", sends: ["audio", "video"], at: 0 },
      { identity: "Ben", sends: [], at: 0 },
      { identity: "Cleo", sends: [], at: 1 },
    ],
  },
  {
    name: "workshop",
    nodes: [1],
    members: [
      { identity: "Dario", sends: ["audio", "video"], at: 0 },
      { identity: "Esi", sends: ["audio", "video"], at: 0 },
      { identity: "Fay", sends: [], at: 0 },
    ],
  },
  {
    name: "lounge",
    nodes: [2],
    members: [
      { identity: "Goran", sends: ["audio"], at: 0 },
      { identity: "Hana", sends: ["audio"], at: 0 },
      { identity: "Ivo", sends: ["audio"], at: 0 },
    ],
  },
];

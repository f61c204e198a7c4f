/** Who is in which room of the devnet, and which node carries it. */
import { z } from "zod";

export const memberSchema = z.strictObject({
  identity: z.string(),
  /** What it sends; who sends nothing only listens. */
  sends: z.array(z.enum(["audio", "video"])).default([]),
});

export const roomSchema = z.strictObject({
  name: z.string(),
  /** Which of the devnet's nodes carries it, from 0. */
  node: z.int().min(0),
  members: z.array(memberSchema).min(1),
});

export type Room = z.output<typeof roomSchema>;

/** Small pictures: nine clients, three nodes, a chain and an indexer share the machine. */
export const VIDEO = { width: 160, height: 90, framesPerSecond: 8 } as const;

/** One room on each of three nodes: a talk with an audience, a conversation, and voices only. */
export const ROOMS: readonly Room[] = [
  {
    name: "town-hall",
    node: 0,
    members: [
      { identity: "Ada", sends: ["audio", "video"] },
      { identity: "Ben", sends: [] },
      { identity: "Cleo", sends: [] },
    ],
  },
  {
    name: "workshop",
    node: 1,
    members: [
      { identity: "Dario", sends: ["audio", "video"] },
      { identity: "Esi", sends: ["audio", "video"] },
      { identity: "Fay", sends: [] },
    ],
  },
  {
    name: "lounge",
    node: 2,
    members: [
      { identity: "Goran", sends: ["audio"] },
      { identity: "Hana", sends: ["audio"] },
      { identity: "Ivo", sends: ["audio"] },
    ],
  },
];

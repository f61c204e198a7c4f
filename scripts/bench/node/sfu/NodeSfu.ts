import { z } from "zod";
import { createSessionKey } from "../../../../node/client/sessionKey.js";
import { toWire } from "../../../../node/protocol/schemas.js";
import { joinProof, roomHash } from "../../../../node/protocol/typedData.js";
import { parseRoomToken } from "../../../../node/client/roomToken.js";
import type { RoomToken } from "../../../../node/client/roomToken.js";
import type { LocalDescription } from "../load/description.js";
import type { StreamParameters } from "../load/MediaSource.js";
import { ChildRpc } from "../support/childRpc.js";
import { vitalsSchema } from "../support/Vitals.js";
import type { VitalFigures } from "../support/Vitals.js";
import { NodeParticipant } from "./NodeParticipant.js";
import type { NodeProcessOptions } from "./nodeProcess.js";
import type { Leg, Sfu } from "./Sfu.js";

const ROOM = "bench";
const addressSchema = z.object({ url: z.string(), mediaPid: z.number(), mediaPort: z.number() });

/** Our node in a process of its own, spoken to through its signaling as any participant does. */
export class NodeSfu implements Sfu {
  readonly name = "dTelecom node";
  readonly url: string;
  /** Where it takes media, UDP and TCP. */
  readonly mediaPort: number;
  readonly mediaPid: number;
  readonly #process: ChildRpc;
  #tracks = 0;
  #frozenPids: number[] = [];

  /** @param nodeFlags for its Node.js. */
  static async start(options: NodeProcessOptions = {}, nodeFlags: readonly string[] = []): Promise<NodeSfu> {
    const program = new URL("nodeProcess.ts", import.meta.url);
    const child = await ChildRpc.start(program, [JSON.stringify(options)], ["--expose-gc", ...nodeFlags]);
    return new NodeSfu(child, addressSchema.parse(await child.call("address")));
  }

  private constructor(child: ChildRpc, { url, mediaPid, mediaPort }: z.output<typeof addressSchema>) {
    this.#process = child;
    this.url = url;
    this.mediaPort = mediaPort;
    this.mediaPid = mediaPid;
  }

  get driverPid(): number {
    return this.#process.pid;
  }

  /** The grant of an app that this node serves. */
  async token(address: string, room: string): Promise<RoomToken> {
    return parseRoomToken(z.string().parse(await this.#process.call("token", { address, room })));
  }

  /** Somebody who has joined; `room`: one of its own name where it is given. */
  async enter(room = ROOM): Promise<NodeParticipant> {
    const sessionKey = createSessionKey();
    const participant = await NodeParticipant.connect(this.url, sessionKey);
    const { nodeId, domain, nonce } = await participant.client.welcome;
    const { grant, grantSignature, details } = await this.token(sessionKey.address, room);
    const joinSignature = await joinProof.sign(sessionKey, domain, { nodeId, room: roomHash(room), nonce });
    await participant.client.request("join", toWire({ room, grant, grantSignature, details, joinSignature }));
    return participant;
  }

  async publish(local: LocalDescription, streams: readonly StreamParameters[]): Promise<Leg> {
    this.#tracks = streams.length;
    return (await this.enter()).send(local, streams);
  }

  async subscribe(local: LocalDescription): Promise<Leg> {
    return (await this.enter()).receive(local, this.#tracks);
  }

  /** What it has open and in memory. */
  async vitals(): Promise<VitalFigures> {
    return vitalsSchema.parse(await this.#process.call("vitals"));
  }

  /** At once, as a power failure would. */
  kill(): Promise<void> {
    return this.#process.kill();
  }

  /** From now on it answers nothing, and nothing says that it is gone. It can only be stopped after that. */
  async freeze(): Promise<void> {
    const { workerPids } = await this.vitals();
    this.#frozenPids = [this.driverPid, ...workerPids];
    for (const pid of this.#frozenPids) process.kill(pid, "SIGSTOP");
  }

  async stop(): Promise<void> {
    if (this.#frozenPids.length === 0) return this.#process.stop();
    // A worker that cannot run does not notice that its node is gone.
    for (const pid of this.#frozenPids.splice(0)) process.kill(pid, "SIGKILL");
    await this.#process.kill();
  }
}

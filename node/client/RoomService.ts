import { parseAddress } from "../protocol/hex.js";
import { httpRefusalSchema } from "../protocol/httpRefusal.js";
import type { ModerationAction, SignedRoomCommand } from "../protocol/roomCommand.js";
import { toWire } from "../protocol/schemas.js";
import { roomCommand, roomHash } from "../protocol/typedData.js";
import type { Address, TypedDataDomain, TypedDataSigner } from "../protocol/typedData.js";
import { boundedFetch } from "./boundedFetch.js";
import { publicHttpUrl } from "./rankNodes.js";

export interface RoomServiceOptions {
  /** The account that pays for the rooms. */
  readonly app: Address;
  /** One of the signer keys that the app registered. */
  readonly signerKey: TypedDataSigner;
  /** `ServiceAttestations` of the network. */
  readonly domain: TypedDataDomain;
  /**
   * Signaling addresses of the nodes that may carry the app's rooms. One that carries a room passes a command on to all
   * others of that room.
   */
  readonly nodes: readonly string[] | (() => Promise<readonly string[]>);
  /** For each node. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What one node made of a command. */
export interface CommandResult {
  readonly url: string;
  readonly done: boolean;
  /** Where it is not done: the node's code, or `unreachable`. */
  readonly code?: string | undefined;
  readonly message?: string | undefined;
}

/** No node carried a command out. */
export class CommandFailed extends Error {
  override readonly name = "CommandFailed";

  constructor(
    message: string,
    readonly results: readonly CommandResult[],
  ) {
    super(message);
  }
}

const DEFAULT_TIMEOUT_MS = 5_000;
const MAX_ANSWER_BYTES = 16 * 1024;
/** How long a command is valid; short, since it could be repeated until then. */
const COMMAND_SECONDS = 60;

/**
 * Moderates an app's rooms from its backend: commands are signed by a key of the app and sent to the nodes. Each method
 * resolves to what the nodes made of it, and throws CommandFailed where none carried it out.
 */
export class RoomService {
  readonly #options: RoomServiceOptions;

  constructor(options: RoomServiceOptions) {
    this.#options = { ...options, app: parseAddress(options.app) };
  }

  /** @param trackId The publication's id, as in `RemoteTrack.id` and in webhooks. */
  muteTrack(room: string, trackId: string): Promise<readonly CommandResult[]> {
    return this.#command(room, "mute", trackId);
  }

  unmuteTrack(room: string, trackId: string): Promise<readonly CommandResult[]> {
    return this.#command(room, "unmute", trackId);
  }

  /** Sends a participant away, who cannot come back with the same key. */
  removeParticipant(room: string, sessionKey: string): Promise<readonly CommandResult[]> {
    return this.#command(room, "remove", parseAddress(sessionKey));
  }

  /** Sends everybody away. Tokens stay good: who has one may open the room again. */
  closeRoom(room: string): Promise<readonly CommandResult[]> {
    return this.#command(room, "close", "");
  }

  async #command(room: string, action: ModerationAction, target: string): Promise<readonly CommandResult[]> {
    const { app, signerKey, domain, nodes } = this.#options;
    const expiresAt = BigInt(Math.floor(Date.now() / 1_000) + COMMAND_SECONDS);
    const command = { app, room: roomHash(room), action, target, expiresAt };
    const signature = await roomCommand.sign(signerKey, domain, command);
    const signed: SignedRoomCommand = { command: { ...command, room }, signature };
    const body = JSON.stringify(toWire(signed));
    const urls = typeof nodes === "function" ? await nodes() : nodes;
    const results = await Promise.all(urls.map((url) => this.#post(url, body)));
    if (results.some(({ done }) => done)) return results;
    const reasons = results.map(({ url, code, message }) => `${url}: ${code}: ${message}`);
    throw new CommandFailed(
      `no node carried out "${action}" in room "${room}": ${reasons.join("; ") || "there is no node to ask"}`,
      results,
    );
  }

  async #post(url: string, body: string): Promise<CommandResult> {
    const { timeoutMs = DEFAULT_TIMEOUT_MS, signal } = this.#options;
    try {
      const { status, json } = await boundedFetch(publicHttpUrl(url, "rooms"), {
        ...{ method: "POST", body, timeoutMs, signal, maxBytes: MAX_ANSWER_BYTES },
      });
      if (status === 200) return { url, done: true };
      const refused = httpRefusalSchema.safeParse(json);
      if (!refused.success) return { url, done: false, code: "refused", message: `HTTP ${status}` };
      return { url, done: false, code: refused.data.error, message: refused.data.message };
    } catch (error) {
      signal?.throwIfAborted();
      return {
        ...{ url, done: false, code: "unreachable" },
        message: error instanceof Error ? error.message : String(error),
      };
    }
  }
}

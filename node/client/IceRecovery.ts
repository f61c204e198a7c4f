import type { types } from "mediasoup-client";
import type { SignalingConnection } from "./SignalingConnection.js";

/** A path that is interrupted often comes back by itself; only after this is a new one looked for. */
const PATIENCE_MS = 3_000;
/** How long a restart is given before the next one. */
const RETRY_MS = 5_000;

/**
 * Finds a new path where the one in use is gone, as when a phone leaves its Wi-Fi: restarts ICE, again and again while
 * there is no network, and keeps the session with its keys and tracks.
 */
export class IceRecovery {
  readonly #transport: types.Transport;
  readonly #connection: SignalingConnection;
  readonly #onError: (error: Error) => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #stopped = false;

  constructor(transport: types.Transport, connection: SignalingConnection, onError: (error: Error) => void) {
    this.#transport = transport;
    this.#connection = connection;
    this.#onError = onError;
    transport.on("connectionstatechange", (state) => {
      if (state === "connected") this.#cancel();
      else if (state === "disconnected") this.#restartIn(PATIENCE_MS);
      else if (state === "failed") this.#restartIn(0);
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }

  #cancel(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #restartIn(delayMs: number): void {
    if (this.#stopped || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => void this.#restart(), delayMs);
  }

  async #restart(): Promise<void> {
    try {
      const { iceParameters } = await this.#connection.request("restartIce", {
        transportId: this.#transport.id,
      });
      await this.#transport.restartIce({ iceParameters });
    } catch (error) {
      if (!this.#stopped) this.#onError(error instanceof Error ? error : new Error(String(error)));
    }
    this.#timer = undefined;
    if (this.#transport.connectionState !== "connected") this.#restartIn(RETRY_MS);
  }
}

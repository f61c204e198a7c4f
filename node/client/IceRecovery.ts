import type { types } from "mediasoup-client";
import { RequestRefused } from "./errors.js";
import type { IceParameters } from "../protocol/mediaParameters.js";

/** What it needs of a mediasoup-client transport. */
export interface RestartableTransport {
  readonly connectionState: types.ConnectionState;
  on(event: "connectionstatechange", listener: (state: types.ConnectionState) => void): unknown;
  restartIce(options: { iceParameters: IceParameters }): Promise<void>;
}

export interface IceRecoveryOptions {
  /** Asks the node for fresh ICE parameters. */
  readonly requestRestart: () => Promise<IceParameters>;
  readonly onError: (error: Error) => void;
  /** A path that is interrupted often comes back by itself; only after this is a new one looked for. */
  readonly patienceMs?: number;
  /** How long a restart is given before the next one. */
  readonly retryMs?: number;
  /** After so long without a path the transport is given up ... */
  readonly giveUpAfterMs?: number;
  /** ... and this is called, once, where the node could be asked for restarts all the while. */
  readonly onHopeless?: () => void;
}

/**
 * Finds a new path where the one in use is gone, as when a phone leaves its Wi-Fi: restarts ICE, again and again while
 * there is no network, and keeps the session with its keys and tracks.
 */
export class IceRecovery {
  readonly #transport: RestartableTransport;
  readonly #options: IceRecoveryOptions;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #restarting = false;
  #stopped = false;
  /** When the path was lost; undefined while there is one. */
  #lostAtMs: number | undefined;

  constructor(transport: RestartableTransport, options: IceRecoveryOptions) {
    this.#transport = transport;
    this.#options = options;
    const { patienceMs = 3_000 } = options;
    transport.on("connectionstatechange", (state) => {
      if (state === "connected") {
        this.#lostAtMs = undefined;
        this.#cancel();
      } else if (state === "disconnected") this.#restartIn(patienceMs);
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
    if (this.#stopped || this.#restarting) return;
    this.#lostAtMs ??= Date.now();
    this.#cancel();
    this.#timer = setTimeout(() => void this.#restart(), delayMs);
  }

  #giveUp(): void {
    if (this.#stopped || !this.#options.onHopeless) return;
    this.stop();
    this.#options.onHopeless();
  }

  async #restart(): Promise<void> {
    const { requestRestart, onError, retryMs = 5_000, giveUpAfterMs = 20_000 } = this.#options;
    this.#restarting = true;
    try {
      await this.#transport.restartIce({ iceParameters: await requestRestart() });
      if (Date.now() - (this.#lostAtMs ?? Date.now()) >= giveUpAfterMs) this.#giveUp();
    } catch (error) {
      if (!this.#stopped) onError(error instanceof Error ? error : new Error(String(error)));
      // The node no longer has the transport.
      if (error instanceof RequestRefused) this.#giveUp();
    }
    this.#restarting = false;
    if (this.#transport.connectionState !== "connected") this.#restartIn(retryMs);
  }
}

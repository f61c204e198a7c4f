import type { TypedDataDomain } from "../protocol/typedData.js";
import { Disconnected } from "./errors.js";
import type { NodeSource } from "./NodeChooser.js";
import type { RoomToken } from "./roomToken.js";
import type { RtcOptions } from "./rtc.js";
import type { SessionKey } from "./sessionKey.js";
import type { Welcome } from "./SignalingConnection.js";

/** Which network, and which node, the participant means to talk to; what is left out is not checked. */
export interface ExpectedNode {
  readonly domain?: TypedDataDomain | undefined;
  readonly nodeId?: bigint | undefined;
}

export interface ConnectOptions {
  /**
   * Signaling addresses of nodes, `ws://` or `wss://`: one; several, the preferred one first, to go on at another where one
   * fails; or where to ask for them (`networkNodes`).
   */
  readonly url: string | readonly string[] | NodeSource;
  readonly room: string;
  readonly token: RoomToken;
  /** The key that the token's grant names. */
  readonly sessionKey: SessionKey;
  readonly expect?: ExpectedNode | undefined;
  readonly rtc?: RtcOptions | undefined;
  /** How often receipts are signed; every 3 seconds where left out. */
  readonly receiptIntervalMs?: number | undefined;
  /** For how long a lost connection is sought again; two minutes where left out. 0: it is not. */
  readonly giveUpAfterMs?: number | undefined;
  /** After so long without a media path the room is joined anew; 20 seconds where left out. */
  readonly iceGiveUpAfterMs?: number | undefined;
  /**
   * Asks the app for another token where this one no longer serves (it expired, its limit is reached, its signer was
   * revoked). It must be for the same room and session key.
   */
  readonly renewToken?: ((reason: Disconnected) => Promise<RoomToken>) | undefined;
  /** Aborted: leaves the room, or gives up joining it. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Refuses a node of another network before anything is signed for it.
 * @throws Disconnected `node_not_trusted`
 */
export function assertExpected(welcome: Welcome, expected: ExpectedNode | undefined): void {
  const { domain, nodeId } = expected ?? {};
  if (nodeId !== undefined && nodeId !== welcome.nodeId) {
    throw new Disconnected("node_not_trusted", `expected node ${nodeId}, this is node ${welcome.nodeId}`);
  }
  if (!domain) return;
  const { chainId, verifyingContract } = welcome.domain;
  if (
    chainId !== domain.chainId ||
    verifyingContract.toLowerCase() !== domain.verifyingContract.toLowerCase()
  ) {
    throw new Disconnected(
      "node_not_trusted",
      `expected a node of ${domain.verifyingContract} on chain ${domain.chainId}, ` +
        `this is one of ${verifyingContract} on chain ${chainId}`,
    );
  }
}

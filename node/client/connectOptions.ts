import type { z } from "zod";
import type { serverNotifications } from "../protocol/signaling.js";
import type { TypedDataDomain } from "../protocol/typedData.js";
import { Disconnected } from "./errors.js";
import type { RoomToken } from "./roomToken.js";
import type { RtcOptions } from "./rtc.js";
import type { SessionKey } from "./sessionKey.js";

/** Which network, and which node, the participant means to talk to; what is left out is not checked. */
export interface ExpectedNode {
  readonly domain?: TypedDataDomain | undefined;
  readonly nodeId?: bigint | undefined;
}

export interface ConnectOptions {
  /** The node's signaling address, `ws://` or `wss://`. */
  readonly url: string;
  readonly room: string;
  readonly token: RoomToken;
  /** The key that the token's grant names. */
  readonly sessionKey: SessionKey;
  readonly expect?: ExpectedNode | undefined;
  readonly rtc?: RtcOptions | undefined;
  /** How often receipts are signed; every 3 seconds where left out. */
  readonly receiptIntervalMs?: number | undefined;
  /** Aborted: leaves the room, or gives up joining it. */
  readonly signal?: AbortSignal | undefined;
}

export type Welcome = z.output<(typeof serverNotifications)["welcome"]>;

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

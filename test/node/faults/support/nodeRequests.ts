import type { Address, SignedReceipt } from "../../../../node/protocol/typedData.js";
import type { JoinClaim } from "../../../../node/signaling/admission.js";

/** What a test asks a node's process. */
export type NodeRequest =
  | { readonly what: "status" }
  | { readonly what: "join"; readonly claim: JoinClaim }
  | {
      readonly what: "receipt";
      readonly sessionKey: Address;
      /** Bytes that the node has sent to the participant so far. */
      readonly bytesSent: bigint;
      readonly receipt: SignedReceipt;
    };

export interface NodeReply {
  readonly id: number;
  readonly value?: unknown;
  /** What was thrown. */
  readonly failed?: string;
}

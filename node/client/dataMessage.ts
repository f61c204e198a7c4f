/** How messages travel: in order and until they arrive, unless one of the limits is set. */
export interface DataOptions {
  readonly ordered?: boolean | undefined;
  /** Not in order, and sent again so often at most. */
  readonly maxRetransmits?: number | undefined;
  /** Not in order, and sent again for so long at most. */
  readonly maxPacketLifeTimeMs?: number | undefined;
  /** The subprotocol: the sender's own word for what the messages hold. */
  readonly protocol?: string | undefined;
}

export type DataMessage = string | Uint8Array<ArrayBuffer>;

const encoder = new TextEncoder();

/** Payload bytes of a message as they travel: an empty one goes as one byte (RFC 8831 6.6). */
export function payloadBytes(message: DataMessage): number {
  return Math.max(1, typeof message === "string" ? encoder.encode(message).length : message.byteLength);
}

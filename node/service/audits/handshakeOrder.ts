/** Content type of handshake records (RFC 6347, 4.1). */
const HANDSHAKE = 22;
const RECORD_HEADER_BYTES = 13;
const MESSAGE_HEADER_BYTES = 12;
/** More than one flight of a server consists of. */
const MAX_WAITING = 32;

interface Span {
  /** Message and offset in it at which the record begins. */
  readonly start: Position;
  /** What comes after it. */
  readonly end: Position;
}

interface Position {
  readonly message: number;
  readonly offset: number;
}

/**
 * Puts a server's DTLS handshake in order: each message once, none before those that precede it. werift's handshake
 * takes messages as they arrive, so that on a bad network, which is what an audit has to measure, a lost, late or
 * repeated packet would make it fail. Only what is not encrypted is ordered: the server's first flight.
 */
export class HandshakeOrder {
  readonly #waiting: { readonly record: Buffer; readonly span: Span }[] = [];
  #next: Position = { message: 0, offset: 0 };

  /** @returns Datagrams to be handled now, in this order: all but handshake records that are repeated or early. */
  take(datagram: Buffer): Buffer[] {
    const first = datagram[0] ?? 0;
    // All but DTLS: STUN, RTP, RTCP (RFC 7983).
    if (first < 20 || first > 63) return [datagram];
    const ready: Buffer[] = [];
    for (const record of recordsOf(datagram)) {
      const span = spanOf(record);
      if (span === undefined) ready.push(record);
      else if (!isBefore(span.start, this.#next) && this.#waiting.length < MAX_WAITING)
        this.#waiting.push({ record, span });
    }
    for (;;) {
      const index = this.#waiting.findIndex(({ span }) => isSame(span.start, this.#next));
      const [found] = index === -1 ? [] : this.#waiting.splice(index, 1);
      if (found === undefined) break;
      ready.push(found.record);
      this.#next = found.span.end;
    }
    const late = this.#waiting.filter(({ span }) => !isBefore(span.start, this.#next));
    this.#waiting.splice(0, this.#waiting.length, ...late);
    return ready;
  }
}

function recordsOf(datagram: Buffer): Buffer[] {
  const records: Buffer[] = [];
  for (let start = 0; start + RECORD_HEADER_BYTES <= datagram.length;) {
    const end = start + RECORD_HEADER_BYTES + datagram.readUInt16BE(start + 11);
    records.push(datagram.subarray(start, end));
    start = end;
  }
  return records;
}

/** What of the handshake a record holds; undefined for other records, encrypted ones and malformed ones. */
function spanOf(record: Buffer): Span | undefined {
  if (record[0] !== HANDSHAKE || record.readUInt16BE(3) !== 0) return undefined;
  let start: Position | undefined;
  let end: Position | undefined;
  for (let at = RECORD_HEADER_BYTES; at + MESSAGE_HEADER_BYTES <= record.length;) {
    const length = record.readUIntBE(at + 1, 3);
    const message = record.readUInt16BE(at + 4);
    const offset = record.readUIntBE(at + 6, 3);
    const part = record.readUIntBE(at + 9, 3);
    start ??= { message, offset };
    end = offset + part >= length ? { message: message + 1, offset: 0 } : { message, offset: offset + part };
    at += MESSAGE_HEADER_BYTES + part;
  }
  return start === undefined || end === undefined ? undefined : { start, end };
}

const isSame = (a: Position, b: Position): boolean => a.message === b.message && a.offset === b.offset;
const isBefore = (a: Position, b: Position): boolean =>
  a.message < b.message || (a.message === b.message && a.offset < b.offset);

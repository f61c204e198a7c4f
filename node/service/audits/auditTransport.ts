import type * as Werift from "werift";
import type { RTCDtlsTransport, RTCIceTransport, RtpPacket } from "werift";
import type { DtlsParameters, TransportParameters } from "../../protocol/mediaParameters.js";
import { unlessAborted } from "../../protocol/unlessAborted.js";
import type { SyntheticPacket } from "./auditStream.js";
import { HandshakeOrder } from "./handshakeOrder.js";

/** Loaded with the first audit: it takes a fifth of a second and 40 MB, which a node that audits nobody saves. */
export const loadWerift = (): Promise<typeof Werift> => import("werift");

export interface AuditTransportOptions {
  readonly parameters: TransportParameters;
  /** Whether packets may be sent to an address: the target chooses where. */
  readonly isAllowed: (address: string) => boolean;
  /** Hands our end of DTLS to the node. */
  readonly connect: (dtlsParameters: DtlsParameters) => Promise<unknown>;
}

/** One WebRTC transport to the audited node, over UDP: ICE, DTLS, SRTP, and RTP as it is. */
export class AuditTransport {
  /** Told of each packet that arrives, decrypted. */
  onRtp: (packet: RtpPacket) => void = () => undefined;
  readonly #ice: RTCIceTransport;
  readonly #dtls: RTCDtlsTransport;
  readonly #werift: typeof Werift;

  private constructor(werift: typeof Werift, ice: RTCIceTransport, dtls: RTCDtlsTransport) {
    this.#werift = werift;
    this.#ice = ice;
    this.#dtls = dtls;
    dtls.onRtp.subscribe((packet) => this.onRtp(packet));
  }

  /**
   * Connects; `signal` gives up. Closed by itself where that fails.
   * @throws Error where the node offers no address that may be used, or nobody answers there.
   */
  static async open(options: AuditTransportOptions, signal: AbortSignal): Promise<AuditTransport> {
    const { parameters, isAllowed, connect } = options;
    const candidates = parameters.iceCandidates.filter(
      ({ protocol, address, ip }) => protocol === "udp" && isAllowed(address) && isAllowed(ip),
    );
    if (candidates.length === 0) throw new Error("the node announces no public address for UDP");
    const werift = await loadWerift();
    const certificate = await werift.RTCDtlsTransport.SetupCertificate();
    const gatherer = new werift.RTCIceGatherer({
      useTcp: false,
      useIpv4: true,
      useIpv6: true,
      // Left out by default; needed where auditor and target share a machine.
      ...(candidates.some(({ address }) => address.startsWith("127.")) && {
        additionalHostAddresses: ["127.0.0.1"],
      }),
    });
    const ice = new werift.RTCIceTransport(gatherer);
    ice.connection.iceControlling = true;
    steadyHandshake(ice.connection);
    const dtls = new werift.RTCDtlsTransport({}, ice, certificate, [
      werift.ProtectionProfileAeadAes128Gcm,
      werift.ProtectionProfileAes128CmHmacSha1_80,
    ]);
    // The client's side of the handshake: mediasoup takes either.
    dtls.role = "client";
    const transport = new AuditTransport(werift, ice, dtls);
    const abort = (): void => void transport.close();
    signal.addEventListener("abort", abort, { once: true });
    try {
      signal.throwIfAborted();
      await unlessAborted(transport.#start(parameters, candidates, connect), signal);
      return transport;
    } catch (error) {
      await transport.close();
      throw error;
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  async send({
    payloadType,
    ssrc,
    sequenceNumber,
    timestamp,
    marker,
    payload,
  }: SyntheticPacket): Promise<void> {
    const header = new this.#werift.RtpHeader({ payloadType, ssrc, sequenceNumber, timestamp, marker });
    await this.#dtls.sendRtp(payload, header);
  }

  async close(): Promise<void> {
    this.onRtp = () => undefined;
    this.#dtls.dtls?.close();
    await this.#dtls.stop();
  }

  async #start(
    { iceParameters, dtlsParameters }: TransportParameters,
    candidates: TransportParameters["iceCandidates"],
    connect: AuditTransportOptions["connect"],
  ): Promise<void> {
    const { RTCIceParameters, RTCDtlsParameters, RTCDtlsFingerprint, IceCandidate } = this.#werift;
    const { usernameFragment, password } = iceParameters;
    await this.#ice.gather();
    this.#ice.setRemoteParams(new RTCIceParameters({ iceLite: true, usernameFragment, password }));
    for (const { foundation, address, port, priority } of candidates) {
      await this.#ice.addRemoteCandidate(
        new IceCandidate(1, foundation, address, port, priority, "udp", "host", 0, usernameFragment),
      );
    }
    await this.#ice.addRemoteCandidate(undefined);
    const fingerprints = dtlsParameters.fingerprints.map(
      ({ algorithm, value }) => new RTCDtlsFingerprint(algorithm, value),
    );
    this.#dtls.setRemoteParams(new RTCDtlsParameters(fingerprints, "server"));
    const own = this.#dtls.localParameters.fingerprints.flatMap(({ algorithm, value }) =>
      algorithm === "sha-256" ? [{ algorithm: "sha-256" as const, value }] : [],
    );
    await Promise.all([connect({ role: "client", fingerprints: own }), this.#ice.start()]);
    await this.#dtls.start();
  }
}

/** Most bytes of a datagram that any path carries. */
const MAX_DATAGRAM_BYTES = 1_200;

/**
 * Makes werift's DTLS bear a bad network: what arrives is put in order, and what is sent at once goes out as one
 * datagram, as a flight that is repeated has the same record numbers and a server takes each only once.
 */
function steadyHandshake(connection: Pick<RTCIceTransport["connection"], "onData" | "send">): void {
  const order = new HandshakeOrder();
  const execute = connection.onData.execute;
  connection.onData.execute = (datagram) => {
    for (const next of order.take(datagram)) execute(next);
  };
  const send = connection.send;
  let flight: Buffer[] = [];
  let sending = Promise.resolve();
  connection.send = (datagram) => {
    const first = datagram[0] ?? 0;
    if (first < 20 || first > 63) return send.call(connection, datagram);
    const isFull = flight.reduce((sum, { length }) => sum + length, datagram.length) > MAX_DATAGRAM_BYTES;
    if (flight.length === 0 || isFull) {
      const records = [datagram];
      flight = records;
      sending = Promise.resolve().then(() => {
        if (flight === records) flight = [];
        return send.call(connection, Buffer.concat(records));
      });
    } else {
      flight.push(datagram);
    }
    return sending;
  };
}

import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import type { Socket } from "node:dgram";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { DtlsClient, RTCDtlsTransport, SrtcpSession, SrtpSession } from "werift";
import type { RtpHeader } from "werift";
import type { RemoteDescription } from "./description.js";
import { RtpCounters } from "./RtpCounters.js";
import { bindingRequest, bindingSuccess, isBindingRequest, isBindingSuccess } from "./stun.js";
import type { IceCredentials } from "./stun.js";

/** SRTP protection profiles (RFC 5764 4.1.2, RFC 7714 14.2), best first, with what their keys are long, in bytes. */
const PROFILES = [
  { id: 7, name: "AEAD_AES_128_GCM", keyBytes: 16, saltBytes: 12 },
  { id: 1, name: "AES128_CM_HMAC_SHA1_80", keyBytes: 16, saltBytes: 14 },
] as const;

const CONNECT_TIMEOUT_MS = 20_000;
const CHECK_INTERVAL_MS = 100;
/** A burst of key frames for hundreds of receivers must fit, or the load generator would look like loss. */
const RECEIVE_BUFFER_BYTES = 1 << 20;

/** The certificate of all endpoints of this process, made once; its fingerprint, for whoever they connect to. */
export async function localFingerprint(): Promise<string> {
  const certificate = await RTCDtlsTransport.SetupCertificate();
  const [fingerprint] = certificate.getFingerprints();
  if (!fingerprint) throw new Error("the certificate has no fingerprint");
  return fingerprint.value;
}

/**
 * The least that is a WebRTC endpoint on the wire: it sends connectivity checks or answers
 * them, shakes hands by DTLS as the client, and from
 * then on only counts what arrives, by the RTP header, which SRTP leaves readable; nothing is decrypted, so hundreds of
 * them take a small part of a core. It sends receiver reports once a second as browsers do, and RTP where it is told to.
 */
export class LightEndpoint {
  readonly counters = new RtpCounters();
  readonly #socket: Socket;
  readonly #local: IceCredentials = {
    usernameFragment: randomBytes(4).toString("hex"),
    password: randomBytes(16).toString("hex"),
  };
  #remote: RemoteDescription | undefined;
  readonly #senderSsrc = randomBytes(4).readUInt32BE();
  #srtp: SrtpSession | undefined;
  #srtcp: SrtcpSession | undefined;
  #profileName = "";
  #checked = false;
  #onDtls: (packet: Buffer) => void = () => undefined;

  static async open(): Promise<LightEndpoint> {
    const socket = createSocket({ type: "udp4", recvBufferSize: RECEIVE_BUFFER_BYTES });
    // Any: a media server may not offer the loopback address.
    socket.bind(0);
    await once(socket, "listening");
    return new LightEndpoint(socket);
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("message", (packet) => this.#received(packet));
    // What the other side no longer listens to comes back as an ICMP error; the counters show it.
    socket.on("error", () => undefined);
  }

  /** UDP port. */
  get port(): number {
    return this.#socket.address().port;
  }

  get credentials(): IceCredentials {
    return this.#local;
  }

  /** The SRTP profile that the other side chose. */
  get profileName(): string {
    return this.#profileName;
  }

  /** Connects to a media server that expects `credentials` and `localFingerprint()`. Throws where it takes too long. */
  async connect(remote: RemoteDescription, signal?: AbortSignal): Promise<void> {
    this.#remote = remote;
    // Connected: the kernel then has the way of each packet at hand, and nobody else can write to it.
    this.#socket.connect(remote.port, remote.address);
    await once(this.#socket, "connect");
    const timeout = AbortSignal.any([AbortSignal.timeout(CONNECT_TIMEOUT_MS), ...(signal ? [signal] : [])]);
    while (!this.#checked) {
      this.keepAlive();
      await sleep(CHECK_INTERVAL_MS, undefined, { signal: timeout });
    }
    await this.#shakeHands(timeout);
  }

  /** Renews the consent to send (RFC 7675) where the other side does not ask for it; to be called every few seconds. */
  keepAlive(): void {
    if (this.#remote && !this.#remote.controlling)
      this.#socket.send(bindingRequest(this.#local, this.#remote));
  }

  /** One report for each stream that arrives. */
  sendReceiverReport(): void {
    if (!this.#srtcp || this.counters.streamCount === 0) return;
    this.#socket.send(this.#srtcp.encrypt(this.counters.receiverReport(this.#senderSsrc)));
  }

  /** Throws before `connect`. */
  sendRtp(header: RtpHeader, payload: Buffer): void {
    if (!this.#srtp) throw new Error("not connected");
    this.#socket.send(this.#srtp.encrypt(payload, header));
  }

  /** Throws before `connect`. */
  sendRtcp(packet: Buffer): void {
    if (!this.#srtcp) throw new Error("not connected");
    this.#socket.send(this.#srtcp.encrypt(packet));
  }

  /** Leaves room for a packet or two: to be called where nothing is read for a while. */
  shrinkBuffer(): void {
    // The kernel makes of it the least that it allows.
    this.#socket.setRecvBufferSize(1);
  }

  async close(): Promise<void> {
    const closed = once(this.#socket, "close");
    this.#socket.close();
    await closed;
  }

  #received(packet: Buffer): void {
    const first = packet[0] ?? 0;
    // RFC 7983: what arrives is told apart by its first byte.
    if (first >= 128 && first < 192) this.counters.count(packet);
    else if (first >= 20 && first < 64) this.#onDtls(packet);
    else if (isBindingSuccess(packet)) this.#checked = true;
    else if (isBindingRequest(packet) && this.#remote) {
      this.#socket.send(bindingSuccess(packet, this.#remote, this.#local));
      if (this.#remote.controlling) this.#checked = true;
    }
  }

  async #shakeHands(signal: AbortSignal): Promise<void> {
    const certificate = await RTCDtlsTransport.SetupCertificate();
    const setHandler = (handler: (packet: Buffer) => void) => (this.#onDtls = handler);
    const socket = this.#socket;
    const dtls = new DtlsClient({
      transport: {
        type: "udp",
        address: socket.address(),
        closed: false,
        set onData(handler: (data: Buffer, from: readonly [string, number]) => void) {
          setHandler((packet) => handler(packet, ["127.0.0.1", 0]));
        },
        send: (data) => {
          socket.send(data);
          return Promise.resolve();
        },
        close: async () => undefined,
      },
      cert: certificate.certPem,
      key: certificate.privateKey,
      signatureHash: certificate.signatureHash,
      srtpProfiles: PROFILES.map(({ id }) => id),
      extendedMasterSecret: true,
    });
    await new Promise<void>((resolve, reject) => {
      const aborted = () => reject(new Error("the DTLS handshake took too long", { cause: signal.reason }));
      signal.addEventListener("abort", aborted, { once: true });
      dtls.onConnect.once(() => {
        signal.removeEventListener("abort", aborted);
        resolve();
      });
      dtls.onError.once(reject);
      dtls.connect().catch(reject);
    });
    const profile = PROFILES.find(({ id }) => id === dtls.srtp.srtpProfile);
    if (!profile) throw new Error("no SRTP profile was agreed on");
    const { localKey, localSalt, remoteKey, remoteSalt } = dtls.extractSessionKeys(
      profile.keyBytes,
      profile.saltBytes,
    );
    const config = {
      keys: {
        localMasterKey: localKey,
        localMasterSalt: localSalt,
        remoteMasterKey: remoteKey,
        remoteMasterSalt: remoteSalt,
      },
      profile: profile.id,
    };
    this.#srtp = new SrtpSession(config);
    this.#srtcp = new SrtcpSession(config);
    this.#profileName = profile.name;
  }
}

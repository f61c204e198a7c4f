/**
 * The node under test, in a process of its own: media and signaling as they are. Admission is in memory, or, where a
 * database is named, the real service with a chain that always says yes and limits that are never reached.
 */
import { parseEther } from "ethers";
import type { Wallet } from "ethers";
import { pino } from "pino";
import { z } from "zod";
import { AccessToken } from "../../../../node/client/AccessToken.js";
import { stringifyRoomToken } from "../../../../node/client/roomToken.js";
import { MediaServer } from "../../../../node/media/MediaServer.js";
import { parseAddress } from "../../../../node/protocol/hex.js";
import type { Address } from "../../../../node/protocol/hex.js";
import { useNativeCrypto } from "../../../../node/service/nativeCrypto.js";
import type { Admission } from "../../../../node/signaling/admission.js";
import { startSignaling } from "../../../../node/signaling/signalingServer.js";
import { addressOf, walletOf } from "../../../../test/node/support/participants.js";
import { sessionServiceOn } from "../../../../test/node/support/sessionServices.js";
import { TestAdmission } from "../../../../test/node/support/TestAdmission.js";
import { serveRpc } from "../support/childRpc.js";
import { Vitals } from "../support/Vitals.js";

const PEERS = 2_000;
const UNLIMITED_BYTES = 10n ** 15n;

const optionsSchema = z.strictObject({
  /** The real service, on this file. */
  databasePath: z.string().optional(),
  /** The service's time goes by; else it stands still in the middle of an epoch. */
  epochsTurn: z.boolean().optional(),
  /** Of admission in memory. */
  nodeId: z.number().optional(),
  /** The media address that participants are told. */
  announcedAddress: z.string().optional(),
  /** Of signaling; else those that keep hundreds of participants on one address from being taken for an attack. */
  signaling: z
    .strictObject({ handshakeTimeoutMs: z.number(), resumeGraceMs: z.number(), pingIntervalMs: z.number() })
    .optional(),
});
export type NodeProcessOptions = z.input<typeof optionsSchema>;

// As the node itself does at its start.
await useNativeCrypto();
const vitals = new Vitals();
const options = optionsSchema.parse(JSON.parse(process.argv[2] ?? "{}"));
const { admission, app, signer, close } =
  options.databasePath === undefined ? inMemory() : withService(options.databasePath);
const logger = pino({ level: process.env["BENCH_LOG_LEVEL"] ?? "silent" });
const media = await MediaServer.start({
  workers: 1,
  listen: { addresses: [{ ip: "127.0.0.1", announcedAddress: options.announcedAddress }], port: 0 },
  limits: { maxPeers: PEERS, maxPeersPerRoom: PEERS, maxSubscriptionsPerWorker: 4 * PEERS },
  logger,
});
const signaling = await startSignaling({
  admission,
  media,
  listen: { host: "127.0.0.1", port: 0 },
  limits: options.signaling ?? {
    maxConnectionsPerAddress: PEERS,
    maxHalfOpen: PEERS,
    messagesPerSecond: 1_000,
  },
  logger,
});

serveRpc(
  {
    async token(data) {
      const { address, room } = z.object({ address: z.string(), room: z.string() }).parse(data);
      const token = await new AccessToken({ app, signerKey: signer, domain: admission.domain }).issue({
        sessionKey: parseAddress(address),
        room,
        ttlSeconds: 3_600,
        maxBytesPerEpoch: 10n ** 12n,
        identity: address,
        voucherUrl: "https://app.example/vouchers",
      });
      return stringifyRoomToken(token);
    },
    address: () => ({
      url: signaling.url,
      mediaPid: media.workers[0]?.pid,
      mediaPort: media.ports[0]?.udp,
    }),
    vitals: () => vitals.read(media, signaling),
  },
  async () => {
    await signaling.close();
    await media.close();
    close();
  },
);

interface Backing {
  readonly admission: Admission;
  readonly app: Address;
  readonly signer: Wallet;
  readonly close: () => void;
}

function inMemory(): Backing {
  const admission = new TestAdmission({ nodeId: BigInt(options.nodeId ?? 7) });
  return { admission, app: admission.app, signer: admission.signer, close: () => undefined };
}

function withService(path: string): Backing {
  const {
    service,
    state,
    close: end,
  } = sessionServiceOn({
    path,
    limits: {
      maxSessions: PEERS,
      maxUnsignedBytes: UNLIMITED_BYTES,
      receiptTimeoutMs: Number.MAX_SAFE_INTEGER,
      maxUnbilledWei: parseEther("1000000000"),
    },
  });
  const guaranteed = parseEther("1000000000");
  if (options.epochsTurn) {
    Object.defineProperty(state, "nowMs", { get: () => Date.now() });
    service.start();
  }
  state.account = { ...state.account, guaranteed, collectable: guaranteed };
  return { admission: service, app: addressOf(walletOf("app")), signer: walletOf("signer"), close: end };
}

import { parseEther, parseUnits } from "ethers";
import { z } from "zod";

const port = z.int().min(0).max(65_535);
const decimalAmount = (unit: string, decimals: number) =>
  z
    .string()
    .regex(/^\d{1,12}(\.\d{1,9})?$/, `expected an amount of ${unit} as text, "1.5" for example`)
    .transform((text) => (decimals === 18 ? parseEther(text) : parseUnits(text, decimals)));
const dtel = decimalAmount("DTEL", 18);
const gwei = decimalAmount("gwei", 9);
const megabytes = z
  .number()
  .positive()
  .max(1_000_000)
  .transform((count) => BigInt(Math.round(count * 1_000_000)));
const seconds = (least: number, most: number) =>
  z
    .number()
    .min(least)
    .max(most)
    .transform((count) => Math.round(count * 1_000));
/** More does not go through pipes between workers and nodes, nor do all browsers take it. */
const MAX_DATA_MESSAGE_BYTES = 262_144;
const httpUrl = z.url({ protocol: /^https?$/ });

/** The configuration file; `sample.yaml` says what each member means. */
export const configSchema = z.strictObject({
  /** 0: not registered yet; only the commands that come before registration take that. */
  nodeId: z
    .union([z.int().nonnegative(), z.string().regex(/^(0|[1-9]\d{0,77})$/)])
    .transform((id) => BigInt(id)),
  dataDirectory: z.string().min(1),
  deploymentFile: z.string().min(1),
  chain: z.strictObject({
    rpcUrls: z.array(httpUrl).min(1).max(20),
    pollSeconds: seconds(0.2, 60).default(2_000),
    timeoutSeconds: seconds(1, 120).default(10_000),
    confirmations: z.int().min(1).max(100).default(1),
    replaceAfterBlocks: z.int().min(1).max(1_000).default(8),
    gasPriceFactor: z.number().min(1).max(10).default(1.5),
    maxGasPriceGwei: gwei.prefault("2000"),
  }),
  key: z
    .strictObject({ keystoreFile: z.string().min(1).optional(), passwordFile: z.string().min(1).optional() })
    .prefault({}),
  public: z
    .strictObject({
      host: z.string().min(1).default("0.0.0.0"),
      port: port.default(4443),
      trustedProxies: z
        .array(z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()]))
        .max(64)
        .default([]),
    })
    .prefault({}),
  private: z
    .strictObject({ host: z.string().min(1).default("127.0.0.1"), port: port.default(9464) })
    .prefault({}),
  media: z
    .strictObject({
      listen: z
        .array(
          z.strictObject({
            ip: z.union([z.ipv4(), z.ipv6()]),
            announcedAddress: z.string().min(1).max(253).optional(),
          }),
        )
        .min(1)
        .max(8)
        .default([{ ip: "0.0.0.0" }]),
      port: port.default(40_000),
      workers: z.int().min(1).max(256).optional(),
      maxRooms: z.int().min(1).max(100_000).default(200),
      maxPeers: z.int().min(1).max(100_000).default(1_000),
      maxPeersPerRoom: z.int().min(1).max(100_000).default(100),
      maxSubscriptionsPerWorker: z.int().min(1).max(100_000).default(500),
      maxDataMessageBytes: z.int().min(1_024).max(MAX_DATA_MESSAGE_BYTES).default(65_536),
      maxIncomingKilobitsPerSecond: z.int().min(64).max(100_000).default(5_000),
      maxOutgoingMegabitsPerSecond: z.int().min(1).max(100_000).optional(),
    })
    .prefault({}),
  cluster: z
    .strictObject({
      enabled: z.boolean().default(true),
      ports: z
        .strictObject({ from: port.default(41_000), to: port.default(41_999) })
        .refine(({ from, to }) => to >= from, "expected a range of ports, from ≤ to")
        .prefault({}),
      allowPrivateEndpoints: z.boolean().default(false),
    })
    .prefault({}),
  webhooks: z
    .strictObject({
      timeoutSeconds: seconds(1, 60).default(5_000),
      allowPrivateUrls: z.boolean().default(false),
    })
    .prefault({}),
  service: z
    .strictObject({
      maxSessions: z.int().min(1).max(100_000).default(500),
      maxUnsignedMegabytes: megabytes.prefault(32),
      receiptTimeoutSeconds: seconds(2, 600).default(20_000),
      countTolerancePercent: z.int().min(0).max(50).default(20),
      receiptGraceSeconds: seconds(1, 600).optional(),
      forgivenLossPercent: z.number().min(0).max(20).default(1),
    })
    .prefault({}),
  payment: z
    .strictObject({
      credit: dtel.prefault("1"),
      maxUnbilled: dtel.prefault("100"),
      voucherPeriodSeconds: seconds(1, 3_600).default(30_000),
      voucherTimeoutSeconds: seconds(1, 120).default(10_000),
      allowPrivateVoucherUrls: z.boolean().default(false),
    })
    .prefault({}),
  audits: z
    .strictObject({
      probeTimeoutSeconds: seconds(1, 60).default(15_000),
      allowPrivateEndpoints: z.boolean().default(false),
    })
    .prefault({}),
  penalties: z.strictObject({ post: z.boolean().default(true) }).prefault({}),
  log: z
    .strictObject({ level: z.enum(["trace", "debug", "info", "warn", "error", "fatal"]).default("info") })
    .prefault({}),
});

/** Checked configuration: times in milliseconds, sizes in bytes, amounts in wei, paths as they were given. */
export type NodeConfig = z.output<typeof configSchema>;

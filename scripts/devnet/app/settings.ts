/** What the devnet's app needs to know; handed over by the supervisor. */
import { z } from "zod";
import { addressSchema, hexSchema, uint256Schema } from "../../../node/protocol/schemas.js";

export const appSettingsSchema = z.strictObject({
  deploymentFile: z.string(),
  rpcUrl: z.url(),
  /** The account that pays. */
  account: addressSchema,
  /** Private key that signs grants and vouchers. */
  signerKey: hexSchema(32),
  /** Rooms, and the nodes that carry them, the home first. */
  rooms: z.array(
    z.strictObject({
      name: z.string(),
      nodes: z.array(z.strictObject({ nodeId: uint256Schema, url: z.string() })).min(1),
    }),
  ),
  /** Where it keeps what it promised to nodes. */
  databaseFile: z.string(),
  /** 0 for any free one. */
  port: z.int().min(0).max(65_535),
});
export type AppSettings = z.output<typeof appSettingsSchema>;

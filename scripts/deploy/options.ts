/** The command lines of `npm run deploy` and `npm run deploy:check`. */
import { parseArgs } from "node:util";
import { z } from "zod";
import { addressSchema } from "../../node/protocol/schemas.js";
import { NETWORKS } from "./networks.js";
import type { NetworkName } from "./networks.js";

export const DEPLOY_USAGE = `Deploys the whole protocol, and hands all power to the timelock as the last step.

  npm run deploy -- --network <devnet|agung|peaq> [options]

  --guardian <address>     the Safe that may pause and veto until its end; required on agung and peaq
  --beneficiaries <file>   addresses for the names in the list of allocations (scripts/parameters/allocations), as
                           a JSON object; required on agung and peaq
  --arbiters <a,b,c,…>     5 to 9 addresses; governance can appoint them later
  --arbiters-until <date>  end of their term, for example 2027-12-31
  --directory <path>       of the journal (deployments/<network>); start again with the same one to resume
  --help                   this text

The key: DTEL_DEPLOYER_KEY, or DTEL_DEPLOYER_KEYSTORE with DTEL_DEPLOYER_PASSWORD_FILE or DTEL_DEPLOYER_PASSWORD.
The chain: DTEL_RPC_URL, one or more JSON-RPC endpoints separated by commas.`;

export const CHECK_USAGE = `Compares a chain with the journal of a deployment: code, proxies, power, parameters, wiring, supply.

  npm run deploy:check -- --network <devnet|agung|peaq> [options]

  --directory <path>  of the journal (deployments/<network>)
  --help              this text

Exits with 1 if anything differs. The chain: DTEL_RPC_URL, as for npm run deploy.`;

const networkSchema = z.enum(Object.keys(NETWORKS) as [NetworkName, ...NetworkName[]]);

const deploySchema = z
  .strictObject({
    network: networkSchema,
    guardian: addressSchema.optional(),
    beneficiaries: z.string().optional(),
    arbiters: z
      .string()
      .transform((text) => text.split(","))
      .pipe(z.array(addressSchema).min(5).max(9))
      .optional(),
    "arbiters-until": z.coerce.date().optional(),
    directory: z.string().optional(),
  })
  .refine(
    (options) => (options.arbiters === undefined) === (options["arbiters-until"] === undefined),
    "--arbiters and --arbiters-until go together",
  )
  .transform(({ "arbiters-until": arbitersUntil, ...options }) => ({ ...options, arbitersUntil }));

const checkSchema = z.strictObject({ network: networkSchema, directory: z.string().optional() });

export type CommandLine = z.output<typeof deploySchema>;

/**
 * @returns undefined where the usage was asked for.
 * @throws Error saying which option is wrong.
 */
export function parseDeployOptions(args: readonly string[]): CommandLine | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      network: { type: "string" },
      guardian: { type: "string" },
      beneficiaries: { type: "string" },
      arbiters: { type: "string" },
      "arbiters-until": { type: "string" },
      directory: { type: "string" },
      help: { type: "boolean" },
    },
  });
  const { help, ...options } = values;
  return help === true ? undefined : parsed(deploySchema.safeParse(options));
}

/** As above, for the check. */
export function parseCheckOptions(args: readonly string[]): z.output<typeof checkSchema> | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: { network: { type: "string" }, directory: { type: "string" }, help: { type: "boolean" } },
  });
  const { help, ...options } = values;
  return help === true ? undefined : parsed(checkSchema.safeParse(options));
}

function parsed<T>(result: z.ZodSafeParseResult<T>): T {
  if (!result.success) throw new Error(z.prettifyError(result.error));
  return result.data;
}

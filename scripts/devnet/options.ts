/** The command line of `npm start`. */
import { parseArgs } from "node:util";
import { z } from "zod";

export const USAGE = `Runs a whole dTelecom network on this machine until Ctrl-C.

  npm start -- [options]

  --epochs <n> --exit   unattended: stop after n full epochs are settled and claimed, check that all numbers
                        agree, print a summary as one JSON object on the last line, exit 0 if all is well
  --port <port>         of the page and the GraphQL API (4000 if that is free)
  --rpc-port <port>     of the chain (8545 if that is free)
  --help                this text`;

const port = z.coerce.number().int().min(1).max(65_535).optional();
const optionsSchema = z
  .strictObject({
    epochs: z.coerce.number().int().min(1).max(200).optional(),
    exit: z.boolean().default(false),
    port,
    "rpc-port": port,
    help: z.boolean().default(false),
  })
  .refine(({ epochs, exit }) => (epochs !== undefined) === exit, "--epochs and --exit go together")
  .transform(({ epochs, port, "rpc-port": rpcPort, help }) => ({ epochs, port, rpcPort, help }));

export type DevnetOptions = z.output<typeof optionsSchema>;

/** @throws Error saying which option is wrong. */
export function parseOptions(args: readonly string[]): DevnetOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      epochs: { type: "string" },
      exit: { type: "boolean" },
      port: { type: "string" },
      "rpc-port": { type: "string" },
      help: { type: "boolean" },
    },
  });
  const parsed = optionsSchema.safeParse(values);
  if (!parsed.success) throw new Error(z.prettifyError(parsed.error));
  return parsed.data;
}

/** Starts the devnet's app, which pays. */
import { z } from "zod";
import type { appSettingsSchema } from "./app/settings.js";
import { toWire } from "../../node/protocol/schemas.js";
import type { AppIdentity } from "./economy.js";
import type { ManagedProcess } from "./process.js";
import type { ProcessGroup } from "./processGroup.js";

const readyMessage = z.object({ ready: z.literal(true), port: z.int() });

export interface AppOptions {
  readonly directory: string;
  readonly deploymentFile: string;
  readonly rpcUrl: string;
  readonly identity: AppIdentity;
  readonly rooms: readonly { name: string; nodes: readonly { nodeId: bigint; url: string }[] }[];
  /** 0 for any free one. */
  readonly port: number;
}

export interface RunningApp {
  readonly process: ManagedProcess;
  /** With a slash at its end. */
  readonly url: string;
}

export async function startApp(group: ProcessGroup, options: AppOptions): Promise<RunningApp> {
  const settings = toWire({
    deploymentFile: options.deploymentFile,
    rpcUrl: options.rpcUrl,
    account: options.identity.account.address,
    signerKey: options.identity.signer.privateKey,
    rooms: options.rooms,
    databaseFile: `${options.directory}/app.sqlite`,
    port: options.port,
  } satisfies Record<keyof z.input<typeof appSettingsSchema>, unknown>);
  const process = group.start({
    name: "app",
    script: "scripts/devnet/processes/app.ts",
    env: { DEVNET_APP: JSON.stringify(settings) },
    logFile: `${options.directory}/app.log`,
  });
  const { port } = await process.receive(readyMessage, 30_000);
  return { process, url: `http://127.0.0.1:${port}/` };
}

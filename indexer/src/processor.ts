import { connectRpc } from "./processor/rpc";
import { setTimeout as sleep } from "node:timers/promises";
import { checkIdentity, eraseIndexedData, ForeignDatabase } from "./processor/identity";
import { ingest } from "./processor/ingest";
import { readSettings, type ProcessorSettings } from "./processor/settings";
import { aborted } from "./shared/abort";
import { readDeployment, type Deployment } from "./shared/deployment";
import { createLog, reportReady, type Logger } from "./shared/log";
import { ProgramError, runMain } from "./shared/main";

/** Exit code that says: the database belongs to another chain or deployment. */
const EXIT_FOREIGN_DATABASE = 3;
/** How long to look for the reason of a failure: the chain may be out of reach. */
const DIAGNOSIS_MS = 10_000;

runMain("processor", async (signal) => {
  const settings = readSettings(process.argv.slice(2));
  const deployment = readDeployment(settings.deploymentFile);
  const log = createLog("processor");
  let isReady = false;
  const onCaughtUp = (height: number): void => {
    if (!isReady) reportReady({ service: "processor", height });
    isReady = true;
  };
  for (;;) {
    try {
      await run(settings, deployment, log, onCaughtUp, signal);
      return;
    } catch (error) {
      // Whatever goes wrong while stopping is not a reason to start over.
      if (signal.aborted || !(error instanceof ForeignDatabase)) throw error;
      if (!settings.resetOnMismatch) {
        throw new ProgramError(
          `${error.message} Use an empty database, or start with --reset-on-mismatch to throw the indexed data away.`,
          EXIT_FOREIGN_DATABASE,
        );
      }
      log.warn(`${error.message} The indexed data is thrown away and read again.`);
      await eraseIndexedData(settings.databaseUrl);
    }
  }
});

async function run(
  settings: ProcessorSettings,
  deployment: Deployment,
  log: Logger,
  onCaughtUp: (height: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const rpc = connectRpc(settings.rpcUrls, deployment.chainId, log);
  try {
    // Without a chain this waits for one.
    await Promise.race([checkIdentity(settings.databaseUrl, rpc, deployment), aborted(signal)]);
    if (signal.aborted) return;
    await ingest({ settings, deployment, rpc, onCaughtUp, signal });
  } catch (error) {
    if (!(error instanceof ForeignDatabase) && !signal.aborted) await diagnose(settings, deployment, log);
    throw error;
  } finally {
    rpc.close();
  }
}

/**
 * The library stumbles over a chain that went back too far before the watch notices: looks whether that is why it
 * failed.
 * @throws ForeignDatabase where it is.
 */
async function diagnose(settings: ProcessorSettings, deployment: Deployment, log: Logger): Promise<void> {
  const rpc = connectRpc(settings.rpcUrls, deployment.chainId, log);
  try {
    await Promise.race([checkIdentity(settings.databaseUrl, rpc, deployment), sleep(DIAGNOSIS_MS)]);
  } catch (error) {
    // What else is wrong now is not what failed before.
    if (error instanceof ForeignDatabase) throw error;
  } finally {
    rpc.close();
  }
}

import { connectRpc } from "./processor/rpc";
import { checkIdentity, eraseIndexedData, ForeignDatabase } from "./processor/identity";
import { ingest } from "./processor/ingest";
import { readSettings, type ProcessorSettings } from "./processor/settings";
import { readDeployment, type Deployment } from "./shared/deployment";
import { createLog, reportReady, type Logger } from "./shared/log";
import { ProgramError, runMain } from "./shared/main";

/** Exit code that says: the database belongs to another chain or deployment. */
const EXIT_FOREIGN_DATABASE = 3;

runMain("processor", async (signal) => {
  const settings = readSettings(process.argv.slice(2));
  const deployment = readDeployment(settings.deploymentFile);
  const log = createLog("processor");
  let isReady = false;
  const onCaughtUp = (height: number): void => {
    if (!isReady) reportReady({ service: "processor", height });
    isReady = true;
  };
  while (!signal.aborted) {
    try {
      await run(settings, deployment, log, onCaughtUp, signal);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof ForeignDatabase)) throw error;
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
  const connect = () => connectRpc(settings.rpcUrls, deployment.chainId, log);
  const rpc = connect();
  try {
    await checkIdentity(settings.databaseUrl, rpc, deployment);
    await ingest({ settings, deployment, rpc, onCaughtUp, signal });
  } catch (error) {
    if (error instanceof ForeignDatabase || signal.aborted) throw error;
    // The library stumbles over a chain that went back too far before the watch notices: look whether that is why.
    const second = connect();
    try {
      await checkIdentity(settings.databaseUrl, second, deployment);
    } finally {
      second.close();
    }
    throw error;
  } finally {
    rpc.close();
  }
}

/** `npm run deploy:check`: a chain against the journal of its deployment. */
import { checkDeployment } from "./check/check.js";
import { directoryOf, rpcUrlsOf } from "./networks.js";
import { CHECK_USAGE, parseCheckOptions } from "./options.js";

try {
  const options = parseCheckOptions(process.argv.slice(2));
  if (options === undefined) {
    console.log(CHECK_USAGE);
  } else {
    const report = await checkDeployment({
      network: options.network,
      directory: directoryOf(options.network, options.directory),
      rpcUrls: rpcUrlsOf(options.network, process.env),
    });
    console.log(report.table());
    if (report.differences.length > 0) process.exitCode = 1;
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}

// A node without media: its service as `node/main.ts` puts it together, in a process that can be killed.
// Prints a line when it has started, its log as JSON on standard error, and on SIGTERM it closes.

import { once } from "node:events";
import { pino } from "pino";
import { loadConfig } from "../../../../node/config/load.js";
import { loadOperatorKey } from "../../../../node/config/operatorKey.js";
import { startNodeService } from "../../../../node/operator/nodeService.js";

const [path = ""] = process.argv.slice(2);
const stopped = once(process, "SIGTERM");
const config = await loadConfig(path, process.env);
const wallet = await loadOperatorKey(config, process.env);
const service = await startNodeService(config, wallet, pino({ level: "debug" }, pino.destination(2)));
process.on("message", (message) => {
  if (message !== "status") return;
  service.status().then(
    (status) =>
      process.send?.({
        status: JSON.parse(
          JSON.stringify(status, (_, value: unknown) => (typeof value === "bigint" ? `${value}` : value)),
        ),
      }),
    (error: unknown) => process.send?.({ failed: String(error) }),
  );
});
process.stdout.write("started\n");
await stopped;
service.drain();
await service.close();
process.disconnect();

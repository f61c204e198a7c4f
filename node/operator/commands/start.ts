import { pino } from "pino";
import { loadConfig } from "../../config/load.js";
import { loadOperatorKey } from "../../config/operatorKey.js";
import { REDACTED_PATHS } from "../logging.js";
import { runNode } from "../runNode.js";
import { CONFIG_OPTION, CONFIG_USAGE, textOption } from "./command.js";
import type { Command } from "./command.js";

/** How long open handles may keep the process after all is closed. */
const LINGER_MS = 2_000;

export const startCommand: Command = {
  summary: "runs the node until it is told to stop",
  usage: [
    CONFIG_USAGE,
    "",
    "The operator key comes from DTEL_OPERATOR_KEY or from the keystore that the configuration names. One line of JSON on",
    "standard output says that the node is ready; its log goes to standard error. SIGTERM: goodbye to all, then the end.",
    "SIGUSR2: participants are moved to other nodes first.",
  ].join("\n"),
  options: CONFIG_OPTION,
  async run(values, { environment, terminal }) {
    const config = await loadConfig(textOption(values, "config"), environment);
    const log = pino(
      {
        level: config.log.level,
        base: { node: config.nodeId.toString() },
        redact: [...REDACTED_PATHS],
      },
      pino.destination(2),
    );
    const wallet = await loadOperatorKey(config, environment);
    await runNode({ config, wallet, log, onReady: (ready) => terminal.print(JSON.stringify(ready)) });
    // All is closed: a handle that somebody forgot must not keep the process, nor its ports, from the next one.
    setTimeout(() => {
      log.error(
        { handles: process.getActiveResourcesInfo() },
        "something still keeps the process; it ends now",
      );
      process.exit();
    }, LINGER_MS).unref();
    return undefined;
  },
};

import { delimiter, dirname } from "node:path";

import { BIN } from "./paths.mjs";

/**
 * The environment of the project's programs: its tools and its Node come first in the path.
 *
 * @param {object} found
 * @param {string} found.node
 * @param {string | undefined} [found.worker] mediasoup's worker
 * @param {string | undefined} [found.chromium]
 * @param {NodeJS.ProcessEnv} [base]
 * @returns {NodeJS.ProcessEnv}
 */
export function projectEnvironment({ node, worker, chromium }, base = process.env) {
  return {
    // Hardhat otherwise asks whoever runs it on a terminal for the first time whether it may report on them.
    HARDHAT_DISABLE_TELEMETRY: "true",
    ...base,
    PATH: [BIN, dirname(node), base.PATH].join(delimiter),
    ...(worker && { MEDIASOUP_WORKER_BIN: worker }),
    ...(chromium && { CHROMIUM_BIN: chromium }),
  };
}

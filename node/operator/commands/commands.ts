import { claimCommand } from "./claim.js";
import type { Command } from "./command.js";
import { exitCommand } from "./exit.js";
import { initCommand } from "./init.js";
import { activateCommand, drainCommand, releaseCommand } from "./maintenance.js";
import { registerCommand } from "./register.js";
import { startCommand } from "./start.js";

/** All commands by name, in the order in which an operator needs them. */
export const COMMANDS: ReadonlyMap<string, Command> = new Map([
  ["init", initCommand],
  ["register", registerCommand],
  ["start", startCommand],
  ["drain", drainCommand],
  ["activate", activateCommand],
  ["release", releaseCommand],
  ["claim", claimCommand],
  ["exit", exitCommand],
]);

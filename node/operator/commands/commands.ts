import { claimCommand } from "./claim.js";
import type { Command } from "./command.js";
import { doctorCommand } from "./doctor.js";
import { exitCommand } from "./exit.js";
import { initCommand } from "./init.js";
import { activateCommand, drainCommand, releaseCommand } from "./maintenance.js";
import { registerCommand } from "./register.js";
import { startCommand } from "./start.js";
import { statusCommand } from "./status.js";

/** All commands by name, in the order in which an operator needs them. */
export const COMMANDS: ReadonlyMap<string, Command> = new Map([
  ["init", initCommand],
  ["doctor", doctorCommand],
  ["register", registerCommand],
  ["start", startCommand],
  ["status", statusCommand],
  ["drain", drainCommand],
  ["activate", activateCommand],
  ["release", releaseCommand],
  ["claim", claimCommand],
  ["exit", exitCommand],
]);

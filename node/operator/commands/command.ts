import { parseArgs } from "node:util";
import type { ParseArgsOptionsConfig } from "node:util";
import type { Terminal } from "../terminal.js";

/** What commands need of the world around them. */
export interface CommandContext {
  readonly environment: NodeJS.ProcessEnv;
  readonly terminal: Terminal;
  /** Aborted: the command ends as soon as it can. */
  readonly signal: AbortSignal;
}

/** What came of a command. */
export interface Outcome {
  readonly exitCode: number;
  /** For programs: printed as JSON with `--json`. */
  readonly data: object;
  /** The same for people. */
  readonly lines: readonly string[];
}

export interface Command {
  /** One line for the list of commands. */
  readonly summary: string;
  /** Arguments and what they mean, for `--help`. */
  readonly usage: string;
  /** Beside `--json` and `--help`, which all commands take. */
  readonly options: ParseArgsOptionsConfig;
  /**
   * @returns What to print; undefined where the command has printed all there is.
   * @throws UsageError, CommandFailed, InvalidConfig for what its user can mend.
   */
  run(values: OptionValues, context: CommandContext): Promise<Outcome | undefined>;
}

export type OptionValues = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;

/** The command was called in a way that it does not understand. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "UsageError";
  }
}

/** The command could not do what it was asked for; the message says what to do. */
export class CommandFailed extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = "CommandFailed";
  }
}

/** Options of every command. */
const COMMON = { json: { type: "boolean" }, help: { type: "boolean", short: "h" } } as const;

/** @throws UsageError naming what is not known. */
export function parseOptions(command: Command, args: readonly string[]): OptionValues {
  try {
    return parseArgs({ args: [...args], options: { ...command.options, ...COMMON } }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** The option `--config`, and where the file is unless it is given. */
export const CONFIG_OPTION = { config: { type: "string", default: "node.yaml" } } as const;
export const CONFIG_USAGE = "  --config <file>      the node's configuration; node.yaml unless given";

/** An option's text. @throws UsageError where it is needed and missing. */
export function textOption(values: OptionValues, name: string): string {
  const value = optionalText(values, name);
  if (value === undefined) throw new UsageError(`--${name} is missing`);
  return value;
}

export function optionalText(values: OptionValues, name: string): string | undefined {
  const value = values[name];
  return typeof value === "string" ? value : undefined;
}

import { InvalidConfig } from "../config/load.js";
import { CommandFailed, UsageError, parseOptions } from "./commands/command.js";
import type { Command, CommandContext, Outcome } from "./commands/command.js";
import { COMMANDS } from "./commands/commands.js";

/** Exit codes: done; not done, or something is wrong; called wrongly. */
export const EXIT = { ok: 0, failed: 1, usage: 2 } as const;

/** Runs one command and prints what comes of it. Returns the exit code; never rejects. */
export async function runCommandLine(args: readonly string[], context: CommandContext): Promise<number> {
  const { terminal } = context;
  const [name = "help", ...rest] = args;
  if (["help", "--help", "-h"].includes(name)) {
    terminal.print(overview());
    return args.length === 0 ? EXIT.usage : EXIT.ok;
  }
  const command = COMMANDS.get(name);
  if (command === undefined) {
    terminal.note(`there is no command "${name}"\n\n${overview()}`);
    return EXIT.usage;
  }
  try {
    const values = parseOptions(command, rest);
    if (values["help"] === true) {
      terminal.print(helpOf(name, command));
      return EXIT.ok;
    }
    const outcome = await command.run(values, context);
    if (outcome !== undefined) printOutcome(outcome, values["json"] === true, context);
    return outcome?.exitCode ?? EXIT.ok;
  } catch (error) {
    return reportFailure(error, name, rest.includes("--json"), context);
  }
}

function printOutcome({ data, lines }: Outcome, json: boolean, { terminal }: CommandContext): void {
  if (json) terminal.print(JSON.stringify(data));
  else for (const line of lines) terminal.print(line);
}

function reportFailure(error: unknown, name: string, json: boolean, { terminal }: CommandContext): number {
  const message = error instanceof Error ? error.message : String(error);
  if (json) terminal.print(JSON.stringify({ error: message }));
  if (error instanceof UsageError) {
    terminal.note(`${message}\nhelp: dtelecom-node ${name} --help`);
    return EXIT.usage;
  }
  // What the user can mend needs no stack, and neither do failures of the system that have a code.
  const expected =
    error instanceof InvalidConfig ||
    error instanceof CommandFailed ||
    (error instanceof Error && "code" in error);
  terminal.note(expected || !(error instanceof Error) ? message : (error.stack ?? message));
  return EXIT.failed;
}

function overview(): string {
  const list = [...COMMANDS].map(([name, { summary }]) => `  ${name.padEnd(10)} ${summary}`);
  return [
    "usage: dtelecom-node <command> [options]",
    "",
    ...list,
    "",
    "Each takes --json, for programs, and --help.",
  ].join("\n");
}

function helpOf(name: string, { summary, usage }: Command): string {
  return `dtelecom-node ${name}: ${summary}\n\n${usage}\n  --json               the result as one line of JSON`;
}

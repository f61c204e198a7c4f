import { CommandFailed } from "../../../../node/operator/commands/command.js";
import { runCommandLine } from "../../../../node/operator/commandLine.js";
import type { Terminal } from "../../../../node/operator/terminal.js";

export interface CommandRun {
  readonly exitCode: number;
  /** Standard output. */
  readonly out: string;
  /** Standard error. */
  readonly notes: string;
  /** Standard output's only line, as JSON. */
  readonly json: unknown;
}

export interface RunOptions {
  readonly environment?: NodeJS.ProcessEnv;
  /** What a person types, in order; nobody is there without it. */
  readonly secrets?: readonly string[];
}

/** Runs a command in this process, as `dtelecom-node` does in its own. */
export async function runCommand(args: readonly string[], options: RunOptions = {}): Promise<CommandRun> {
  const { environment = {}, secrets } = options;
  const typed = [...(secrets ?? [])];
  let out = "";
  let notes = "";
  const terminal: Terminal = {
    interactive: secrets !== undefined,
    print: (line) => (out += `${line}\n`),
    note: (line) => (notes += `${line}\n`),
    askSecret: async (question) => {
      const secret = typed.shift();
      if (secret === undefined) throw new CommandFailed(`nobody answers "${question}"`);
      return secret;
    },
    confirm: async () => secrets !== undefined,
  };
  const exitCode = await runCommandLine(args, {
    ...{ environment, terminal, signal: new AbortController().signal },
  });
  return { exitCode, out, notes, json: args.includes("--json") ? (JSON.parse(out) as unknown) : undefined };
}

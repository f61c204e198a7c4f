import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";
import { loadConfig } from "../../config/load.js";
import { NodeNotRunning, NodeSilent, PrivateClient } from "../privateClient.js";
import { DEFAULT_DRAIN_DEADLINE_MS } from "../stopRequests.js";
import {
  CONFIG_OPTION,
  CONFIG_USAGE,
  CommandFailed,
  UsageError,
  optionalText,
  textOption,
} from "./command.js";
import type { Command, CommandContext, OptionValues, Outcome } from "./command.js";

const errorSchema = z.looseObject({ error: z.string() });

/** A command that the running node carries out. */
async function tell(
  values: OptionValues,
  { environment }: CommandContext,
  path: string,
  body: object,
  said: string,
  timeoutMs?: number,
): Promise<Outcome> {
  const config = await loadConfig(textOption(values, "config"), environment);
  const answer = await new PrivateClient(config.private).ask("POST", path, body, timeoutMs);
  if (answer.status >= 400) {
    const { error } = errorSchema.safeParse(answer.body).data ?? { error: `HTTP ${answer.status}` };
    throw new CommandFailed(`the node refuses: ${error}`);
  }
  return { exitCode: 0, data: { done: true, answer: answer.body }, lines: [said] };
}

export const drainCommand: Command = {
  summary: "maintenance: leaves the audit ring, then takes no joins; or moves participants and stops",
  usage: [
    CONFIG_USAGE,
    "  --then-stop          for an upgrade: takes no more joins, moves participants to other nodes, then stops",
    `  --deadline <s>       with --then-stop: who has not moved by then is dropped; ${DEFAULT_DRAIN_DEADLINE_MS / 1_000} unless given`,
    "  --wait               with --then-stop: comes back when the node has ended",
    "",
    "Maintenance is remembered over restarts; `activate` ends it. It is announced: the node serves on, and is audited,",
    "until its seat ends two epochs later.",
  ].join("\n"),
  options: {
    ...CONFIG_OPTION,
    "then-stop": { type: "boolean" },
    deadline: { type: "string" },
    wait: { type: "boolean" },
  },
  async run(values, context) {
    if (values["then-stop"] !== true) {
      return tell(
        values,
        context,
        "/drain",
        {},
        "the node goes into maintenance; see `dtelecom-node status`",
      );
    }
    const deadlineMs = deadlineOf(values);
    const said = `the node moves its participants for at most ${deadlineMs / 1_000} s, then stops`;
    const outcome = await tell(values, context, "/stop", { deadlineMs }, said);
    if (values["wait"] === true) await waitForEnd(values, context, deadlineMs + CLOSING_MS);
    return outcome;
  },
};

/** Goodbye, last receipts, and what is closed after them. */
const CLOSING_MS = 30_000;
const POLL_MS = 500;

/** @throws CommandFailed where the node still answers after this time. */
async function waitForEnd(
  values: OptionValues,
  { environment, signal }: CommandContext,
  timeoutMs: number,
): Promise<void> {
  const config = await loadConfig(textOption(values, "config"), environment);
  const client = new PrivateClient(config.private);
  const deadline = Date.now() + timeoutMs;
  while (Date.now() < deadline && !signal.aborted) {
    try {
      await client.ask("GET", "/health", undefined, POLL_MS * 10);
    } catch (error) {
      if (error instanceof NodeNotRunning) return;
      // Busy with closing.
      if (!(error instanceof NodeSilent)) throw error;
    }
    await pause(POLL_MS);
  }
  throw new CommandFailed(`the node still runs after ${timeoutMs / 1_000} s; see its log`);
}

function deadlineOf(values: OptionValues): number {
  const text = optionalText(values, "deadline");
  if (text === undefined) return DEFAULT_DRAIN_DEADLINE_MS;
  const seconds = Number(text);
  if (!(seconds >= 0 && seconds <= 3_600))
    throw new UsageError("--deadline is a number of seconds up to 3600");
  return Math.round(seconds * 1_000);
}

export const activateCommand: Command = {
  summary: "ends maintenance: the node takes a seat in the audit ring and serves",
  usage: CONFIG_USAGE,
  options: CONFIG_OPTION,
  run: (values, context) =>
    tell(values, context, "/activate", {}, "the node takes its seat again; see `dtelecom-node status`"),
};

/** The node answers when its transaction is mined and final. */
const RELEASE_MS = 180_000;

export const releaseCommand: Command = {
  summary: "ends a stay in jail, when its time is over",
  usage: CONFIG_USAGE,
  options: CONFIG_OPTION,
  run: (values, context) =>
    tell(
      values,
      context,
      "/release",
      {},
      "the node is out of jail and takes its seat again; see `dtelecom-node status`",
      RELEASE_MS,
    ),
};

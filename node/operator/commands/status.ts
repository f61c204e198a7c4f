import { formatEther } from "ethers";
import { z } from "zod";
import { loadConfig } from "../../config/load.js";
import { PrivateClient } from "../privateClient.js";
import { CONFIG_OPTION, CONFIG_USAGE, CommandFailed, textOption } from "./command.js";
import type { Command } from "./command.js";

/** As far as it is shown: a node of another version may say more or less. */
const statusSchema = z.looseObject({
  nodeId: z.string(),
  operator: z.string(),
  healthy: z.boolean(),
  problems: z.array(z.string()),
  epoch: z.number(),
  sessions: z.number(),
  receipts: z.looseObject({ storedInThisRun: z.number(), lastAgeSeconds: z.number().optional() }),
  attestation: z.looseObject({ lastEpoch: z.number().optional(), openEpochs: z.array(z.number()) }),
  seat: z.looseObject({ wanted: z.boolean(), seat: z.number().optional() }),
  chain: z.looseObject({ block: z.number(), blockAgeSeconds: z.number(), balance: z.string() }),
  queue: z.array(z.looseObject({ intent: z.string() })),
  earnings: z.looseObject({ owed: z.string(), promised: z.string() }),
});

export const statusCommand: Command = {
  summary: "shows how the running node does; exit code 1 where something is wrong",
  usage: CONFIG_USAGE,
  options: CONFIG_OPTION,
  async run(values, { environment }) {
    const config = await loadConfig(textOption(values, "config"), environment);
    const { body } = await new PrivateClient(config.private).ask("GET", "/status");
    const parsed = statusSchema.safeParse(body);
    if (!parsed.success) throw new CommandFailed("the node's answer is none that this version understands");
    const status = parsed.data;
    return { exitCode: status.healthy ? 0 : 1, data: status, lines: linesOf(status) };
  },
};

function linesOf(status: z.infer<typeof statusSchema>): string[] {
  const { receipts, attestation, seat, chain, queue, earnings } = status;
  const age = receipts.lastAgeSeconds;
  const figures: readonly (readonly [string, string])[] = [
    ["node", `${status.nodeId}, operator ${status.operator}`],
    ["state", status.healthy ? "all is well" : `${status.problems.length} to look into`],
    ["epoch", String(status.epoch)],
    ["sessions", String(status.sessions)],
    [
      "receipts",
      `${receipts.storedInThisRun} in this run${age === undefined ? "" : `, the last ${age} s ago`}`,
    ],
    [
      "attested",
      `${attestation.lastEpoch ?? "none yet"}; open epochs: ${attestation.openEpochs.join(", ") || "none"}`,
    ],
    ["seat", seat.seat === undefined ? (seat.wanted ? "none yet" : "none: maintenance") : String(seat.seat)],
    ["chain", `block ${chain.block}, ${chain.blockAgeSeconds} s old`],
    ["gas", `${formatEther(chain.balance)} of the native coin`],
    ["transactions", queue.map(({ intent }) => intent).join(", ") || "none on their way"],
    ["owed", `${formatEther(earnings.owed)} DTEL, ${formatEther(earnings.promised)} promised by vouchers`],
  ];
  return [
    ...figures.map(([name, value]) => `${name.padEnd(13)} ${value}`),
    ...status.problems.map((problem) => `!  ${problem}`),
  ];
}

import { InvalidConfig, loadConfig } from "../../config/load.js";
import { loadOperatorKey } from "../../config/operatorKey.js";
import { examine } from "../doctor/doctor.js";
import { fail } from "../doctor/finding.js";
import type { Finding } from "../doctor/finding.js";
import { CONFIG_OPTION, CONFIG_USAGE, textOption } from "./command.js";
import type { Command, Outcome } from "./command.js";

const MARKS = { ok: "ok  ", warn: "warn", fail: "FAIL" } as const;

export const doctorCommand: Command = {
  summary: "tests configuration, machine, ports from outside in, chain and stake, and says what to change",
  usage: [
    CONFIG_USAGE,
    "",
    "Works while the node runs and while it does not. Other nodes of the network are asked to try the media ports; they",
    "serve registered nodes only. Exit code 1 where something fails, 0 for warnings.",
  ].join("\n"),
  options: CONFIG_OPTION,
  async run(values, { environment, terminal, signal }) {
    const path = textOption(values, "config");
    let config;
    try {
      config = await loadConfig(path, environment, { unregistered: true });
    } catch (error) {
      if (!(error instanceof InvalidConfig)) throw error;
      return outcome([fail("config", error.message, `correct ${path}`)], true);
    }
    const ask = terminal.interactive ? (question: string) => terminal.askSecret(question) : undefined;
    const json = values["json"] === true;
    const findings = await examine({
      ...{ config, signal },
      loadWallet: () => loadOperatorKey(config, environment, ask),
      onFinding: (finding) => {
        if (!json) for (const line of linesOf(finding)) terminal.print(line);
      },
    });
    return outcome(findings, false);
  },
};

/** @param untold Whether the findings were not printed as they were made. */
function outcome(findings: readonly Finding[], untold: boolean): Outcome {
  const count = (level: Finding["level"]): number =>
    findings.filter((finding) => finding.level === level).length;
  const summary = `${count("ok")} ok, ${count("warn")} warnings, ${count("fail")} failures`;
  return {
    exitCode: count("fail") > 0 ? 1 : 0,
    data: { healthy: count("fail") === 0, findings },
    lines: [...(untold ? findings.flatMap(linesOf) : []), "", summary],
  };
}

function linesOf({ check, level, found, change }: Finding): string[] {
  return [
    `${MARKS[level]}  ${check.padEnd(16)} ${found}`,
    ...(change === undefined ? [] : [`      ${" ".repeat(16)} → ${change}`]),
  ];
}

/**
 * libsrtp's source as Debian has it, to be built with OpenSSL. Debian's own build encrypts with NSS, which gets
 * slower with every participant: README.md here has the figures.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { aptAccess, findProgram, installDebianPackages } from "../apt.mjs";
import { runQuietly } from "../process.mjs";
import { say } from "../report.mjs";

const PACKAGE = "libsrtp2";

/** Who signs Debian's and Ubuntu's package lists; where there is none of these, apt's own keys decide. */
const KEYRINGS = [
  "/usr/share/keyrings/debian-archive-keyring.pgp",
  "/usr/share/keyrings/debian-archive-keyring.gpg",
  "/usr/share/keyrings/ubuntu-archive-keyring.gpg",
];

/**
 * Where the system's packages come from, asked for sources instead: most systems list none.
 *
 * @param {object} system
 * @param {string} system.targets lines of "address release component", as `apt-get indextargets` can print them
 * @param {string} system.codename of the system's release
 * @param {string | undefined} system.keyring
 * @returns {string} a sources.list
 */
export function sourcesList({ targets, codename, keyring }) {
  const options = keyring ? `[signed-by=${keyring}] ` : "";
  const releases = [codename, `${codename}-updates`, `${codename}-security`];
  const lines = targets
    .split("\n")
    .map((line) => line.trim().split(" "))
    .filter(([uri, release, component]) => uri && component && release && releases.includes(release))
    .map(([uri, release, component]) => `deb-src ${options}${uri} ${release} ${component}\n`);
  return [...new Set(lines)].join("");
}

function systemSourcesList() {
  const format = "$(REPO_URI) $(RELEASE) $(COMPONENT)";
  const args = ["indextargets", "--format", format, "Created-By: Packages"];
  const { stdout } = spawnSync("apt-get", args, { encoding: "utf8" });
  const release = existsSync("/etc/os-release") ? readFileSync("/etc/os-release", "utf8") : "";
  const codename = /^VERSION_CODENAME=(\w+)/m.exec(release)?.[1] ?? "";
  return sourcesList({ targets: stdout, codename, keyring: KEYRINGS.find((path) => existsSync(path)) });
}

/** Whether what unpacks Debian's sources is there, or could be installed. */
async function hasTools() {
  if (process.env.DTEL_NO_APT || !findProgram("apt-get")) return false;
  const access = aptAccess();
  if (!findProgram("dpkg-source") && access !== "none") await installDebianPackages(["dpkg-dev"], access);
  return findProgram("dpkg-source") !== undefined;
}

/**
 * Changes nothing of the system but for installing `dpkg-dev`: apt has its lists in the workshop meanwhile, which takes
 * no rights either.
 *
 * @param {string} workshop a folder to work in
 * @returns {Promise<string | undefined>} the folder with the source, patched as Debian has it; undefined where it cannot
 * be had
 */
export async function downloadLibsrtp(workshop) {
  if (!(await hasTools())) return undefined;
  const folder = join(workshop, "libsrtp");
  for (const part of ["lists/partial", "cache/archives/partial", "source"]) {
    mkdirSync(join(folder, part), { recursive: true });
  }
  const list = join(folder, "sources.list");
  writeFileSync(list, systemSourcesList());
  const settings = Object.entries({
    "Dir::Etc::SourceList": list,
    "Dir::Etc::SourceParts": "/dev/null",
    "Dir::State::Lists": join(folder, "lists"),
    "Dir::Cache": join(folder, "cache"),
    "APT::Sandbox::User": "root",
    "Acquire::Retries": "1",
    "Acquire::http::Timeout": "20",
    "Acquire::https::Timeout": "20",
  }).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
  const source = join(folder, "source");
  say(`fetching Debian's source of ${PACKAGE} …`);
  for (const step of [["update"], ["source", PACKAGE]]) {
    const { ok, output } = await runQuietly("apt-get", [...settings, ...step], { cwd: source });
    if (ok) continue;
    say(
      `it could not be had (${lastLine(output)}): the worker will use the system's build, which may be slower`,
    );
    return undefined;
  }
  const unpacked = readdirSync(source, { withFileTypes: true }).find((entry) => entry.isDirectory());
  return unpacked && join(source, unpacked.name);
}

/** @param {string} output */
function lastLine(output) {
  return output.trim().split("\n").at(-1) ?? "";
}

import { mkdir, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Wallet } from "ethers";
import { readSecret, writeKeystore, writeNew } from "../../config/keystore.js";
import { PASSWORD_VARIABLE, passwordIn } from "../../config/operatorKey.js";
import { deploymentSchema } from "../../chain/deployment.js";
import { CommandFailed, UsageError, optionalText } from "./command.js";
import type { Command, CommandContext } from "./command.js";

const SAMPLE = new URL("../../config/sample.yaml", import.meta.url);
const CONFIG_FILE = "node.yaml";
const KEYSTORE_FILE = "operator.json";
const DEPLOYMENT_FILE = "deployment.json";
const MIN_PASSWORD_LENGTH = 10;

export const initCommand: Command = {
  summary: "writes a configuration and a new operator key into a directory",
  usage: [
    "  --directory <path>       where to; ./dtelecom-node unless given. Nothing in it is overwritten",
    "  --deployment <file>      the network's deployment file, copied there",
    "  --rpc-url <url>          an RPC endpoint of the network's chain; may be given several times",
    "  --password-file <file>   the keystore's password; asked for unless given here or in DTEL_KEYSTORE_PASSWORD",
  ].join("\n"),
  options: {
    directory: { type: "string", default: "dtelecom-node" },
    deployment: { type: "string" },
    "rpc-url": { type: "string", multiple: true },
    "password-file": { type: "string" },
  },
  async run(values, context) {
    const directory = resolve(optionalText(values, "directory") ?? "dtelecom-node");
    const passwordFile = optionalText(values, "password-file");
    const deployment = await deploymentText(optionalText(values, "deployment"));
    const config = await configText({
      rpcUrls: urlsOf(values["rpc-url"]),
      passwordFile: passwordFile === undefined ? undefined : resolve(passwordFile),
    });
    const password = await newPassword(passwordFile, context);
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const paths = {
      config: join(directory, CONFIG_FILE),
      keystore: join(directory, KEYSTORE_FILE),
      deployment: join(directory, DEPLOYMENT_FILE),
    };
    const wallet = Wallet.createRandom();
    context.terminal.note("encrypting the operator key …");
    // The key first: whoever finds a configuration finds its key too.
    await writeKeystore(paths.keystore, wallet, password);
    await writeNew(paths.config, config, 0o600);
    if (deployment !== undefined) await writeNew(paths.deployment, deployment, 0o644);
    const next = [
      `keep a copy of ${paths.keystore} and its password: who has both can attest for the node`,
      ...(deployment === undefined ? [`put the network's deployment file at ${paths.deployment}`] : []),
      `edit ${paths.config}: chain.rpcUrls, public.port, media.listen with the address that participants are told`,
      `send some of the chain's native coin to ${wallet.address}, the operator account, for gas`,
      `dtelecom-node doctor --config ${paths.config}`,
      `dtelecom-node register --config ${paths.config} --endpoint wss://<your host>/ …, with the owner key`,
    ];
    return {
      exitCode: 0,
      data: { operator: wallet.address, ...paths, next },
      lines: [
        `operator address  ${wallet.address}`,
        `configuration     ${paths.config}`,
        `operator key      ${paths.keystore}`,
        "",
        "next:",
        ...next.map((step, index) => `  ${index + 1}. ${step}`),
      ],
    };
  },
};

async function deploymentText(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  const text = await readSecret(path, "deployment");
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new CommandFailed(`${path} is no JSON`);
  }
  const parsed = deploymentSchema.safeParse(json);
  if (!parsed.success) throw new CommandFailed(`${path} is no deployment file of this version`);
  return `${JSON.stringify(parsed.data, undefined, 2)}\n`;
}

/** The sample, for a node that is not registered yet, with its key's place. */
async function configText(settings: { rpcUrls: readonly string[]; passwordFile: string | undefined }) {
  const sample = await readFile(SAMPLE, "utf8");
  const { rpcUrls, passwordFile } = settings;
  let text = sample
    .replace(/^nodeId: 1$/m, `nodeId: 0   # "dtelecom-node register" writes it here`)
    .replace(/^ {2}# keystoreFile: .*$/m, `  keystoreFile: ./${KEYSTORE_FILE}`);
  if (passwordFile !== undefined) {
    text = text.replace(/^ {2}# passwordFile: .*$/m, `  passwordFile: ${JSON.stringify(passwordFile)}`);
  }
  if (rpcUrls.length > 0) {
    const list = rpcUrls.map((url) => `    - ${JSON.stringify(url)}\n`).join("");
    text = text.replace(/^( {2}rpcUrls:\n)(?: {4}- .*\n)+/m, (_, head: string) => head + list);
  }
  return text;
}

function urlsOf(given: unknown): string[] {
  const urls = Array.isArray(given) ? given.map(String) : [];
  for (const url of urls) {
    const protocol = URL.parse(url)?.protocol;
    if (protocol !== "http:" && protocol !== "https:")
      throw new UsageError(`--rpc-url ${url} is no http or https URL`);
  }
  return urls;
}

async function newPassword(file: string | undefined, context: CommandContext): Promise<string> {
  const given = file === undefined ? context.environment[PASSWORD_VARIABLE] : await passwordIn(file);
  if (given !== undefined) return longEnough(given);
  const { terminal } = context;
  if (!terminal.interactive) {
    throw new UsageError(
      `no password for the new key: set ${PASSWORD_VARIABLE}, or give --password-file; it is asked for on a terminal`,
    );
  }
  const password = longEnough(await terminal.askSecret("password for the new operator key"));
  if ((await terminal.askSecret("the same password again")) !== password)
    throw new CommandFailed("the two passwords differ; nothing was written");
  return password;
}

function longEnough(password: string): string {
  if (password.length >= MIN_PASSWORD_LENGTH) return password;
  throw new CommandFailed(
    `the password has fewer than ${MIN_PASSWORD_LENGTH} characters; nothing was written`,
  );
}

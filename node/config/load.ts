import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { configSchema } from "./schema.js";
import type { NodeConfig } from "./schema.js";

/** The configuration cannot be used; the message says where and why. */
export class InvalidConfig extends Error {
  constructor(message: string) {
    super(message);
    this.name = "InvalidConfig";
  }
}

/** Environment variables with this prefix replace members of the file: `DTEL_NODE__PUBLIC__PORT=0`. */
const ENV_PREFIX = "DTEL_NODE__";

export interface LoadOptions {
  /** Takes a node that is not registered yet: its `nodeId` is 0. */
  readonly unregistered?: boolean;
}

/**
 * Reads a configuration file, replaces members by environment variables and checks the result. Paths in it are
 * relative to the file.
 * @throws InvalidConfig naming every member that is unknown, missing or wrong.
 */
export async function loadConfig(
  path: string,
  environment: NodeJS.ProcessEnv,
  { unregistered = false }: LoadOptions = {},
): Promise<NodeConfig> {
  const file = parseYaml(path, await readText(path));
  if (!isRecord(file)) throw new InvalidConfig(`${path} does not hold members, "nodeId: 1" for example`);
  // A section whose members are all commented out reads as null: its defaults hold.
  const settings = Object.fromEntries(Object.entries(file).filter(([, value]) => value !== null));
  for (const [name, value] of Object.entries(environment)) {
    if (name.startsWith(ENV_PREFIX) && value !== undefined) override(settings, name, value);
  }
  const parsed = configSchema.safeParse(settings);
  if (!parsed.success) throw new InvalidConfig(`${path} is invalid:\n${z.prettifyError(parsed.error)}`);
  if (parsed.data.nodeId === 0n && !unregistered) {
    throw new InvalidConfig(`${path}: nodeId is 0, the node is not registered; run "dtelecom-node register"`);
  }
  return withAbsolutePaths(parsed.data, dirname(resolve(path)));
}

function override(settings: Record<string, unknown>, name: string, value: string): void {
  const members = name.slice(ENV_PREFIX.length).split("__").map(camelCase);
  const last = members.pop();
  let target = settings;
  for (const member of members) {
    const next = target[member] ?? {};
    if (!isRecord(next)) throw new InvalidConfig(`${name}: ${member} has no members`);
    target[member] = next;
    target = next;
  }
  if (last === undefined || last === "")
    throw new InvalidConfig(`${name} names no member of the configuration`);
  const parsed: unknown = parseYaml(name, value);
  target[last] = parsed;
}

/** RPC_URLS → rpcUrls */
function camelCase(name: string): string {
  return name.toLowerCase().replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

function withAbsolutePaths(config: NodeConfig, directory: string): NodeConfig {
  const absolute = (path: string): string => resolve(directory, path);
  const { keystoreFile, passwordFile } = config.key;
  return {
    ...config,
    dataDirectory: absolute(config.dataDirectory),
    deploymentFile: absolute(config.deploymentFile),
    key: {
      ...(keystoreFile === undefined ? {} : { keystoreFile: absolute(keystoreFile) }),
      ...(passwordFile === undefined ? {} : { passwordFile: absolute(passwordFile) }),
    },
  };
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new InvalidConfig(`the configuration file ${path} cannot be read: ${String(error)}`);
  }
}

function parseYaml(source: string, text: string): unknown {
  try {
    return parse(text, { strict: true, uniqueKeys: true });
  } catch (error) {
    throw new InvalidConfig(
      `${source} is not YAML: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

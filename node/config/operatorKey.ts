import { readFile } from "node:fs/promises";
import { Wallet, isKeystoreJson } from "ethers";
import { isHex } from "../protocol/hex.js";
import { InvalidConfig } from "./load.js";
import type { NodeConfig } from "./schema.js";

/** The operator key in clear. */
const KEY_VARIABLE = "DTEL_OPERATOR_KEY";
/** Password of the keystore file. */
const PASSWORD_VARIABLE = "DTEL_KEYSTORE_PASSWORD";

/**
 * Loads the key that attests: from the environment, or from an Ethereum keystore file whose password is in the
 * environment or in a file. Neither key nor password appears in errors.
 * @throws InvalidConfig saying what is missing.
 */
export async function loadOperatorKey(
  { key }: Pick<NodeConfig, "key">,
  environment: NodeJS.ProcessEnv,
): Promise<Wallet> {
  const plain = environment[KEY_VARIABLE];
  if (plain !== undefined && plain !== "") return fromPlainKey(plain);
  if (key.keystoreFile === undefined) {
    throw new InvalidConfig(`no operator key: set ${KEY_VARIABLE}, or key.keystoreFile in the configuration`);
  }
  const json = await readSecret(key.keystoreFile, "keystore");
  if (!isKeystoreJson(json))
    throw new InvalidConfig(`${key.keystoreFile} is no Ethereum keystore (version 3)`);
  const password = await keystorePassword(key.passwordFile, environment);
  try {
    const { privateKey } = await Wallet.fromEncryptedJson(json, password);
    return new Wallet(privateKey);
  } catch {
    throw new InvalidConfig(`${key.keystoreFile} does not open with this password`);
  }
}

function fromPlainKey(plain: string): Wallet {
  if (isHex(plain, 32)) {
    try {
      return new Wallet(plain);
    } catch {
      // Zero, or beyond the curve's order: said below.
    }
  }
  throw new InvalidConfig(
    `${KEY_VARIABLE} is no private key: expected 32 bytes in hexadecimal with the prefix 0x`,
  );
}

async function keystorePassword(file: string | undefined, environment: NodeJS.ProcessEnv): Promise<string> {
  const password = environment[PASSWORD_VARIABLE];
  if (password !== undefined) return password;
  if (file === undefined) {
    throw new InvalidConfig(`no password for the keystore: set ${PASSWORD_VARIABLE}, or key.passwordFile`);
  }
  return (await readSecret(file, "password")).replace(/\r?\n$/, "");
}

async function readSecret(path: string, what: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
    throw new InvalidConfig(`the ${what} file ${path} cannot be read: ${code}`);
  }
}

import type { Wallet } from "ethers";
import { openKeystore, plainKey, readSecret } from "./keystore.js";
import { InvalidConfig } from "./load.js";
import type { NodeConfig } from "./schema.js";

/** The operator key in clear. */
export const KEY_VARIABLE = "DTEL_OPERATOR_KEY";
/** Password of the keystore file. */
export const PASSWORD_VARIABLE = "DTEL_KEYSTORE_PASSWORD";

/**
 * Loads the key that attests: from the environment, or from an Ethereum keystore file whose password is in the
 * environment, in a file, or asked for. Neither key nor password appears in errors.
 * @param ask Asks for the password where somebody is there to answer.
 * @throws InvalidConfig saying what is missing.
 */
export async function loadOperatorKey(
  { key }: Pick<NodeConfig, "key">,
  environment: NodeJS.ProcessEnv,
  ask?: (question: string) => Promise<string>,
): Promise<Wallet> {
  const plain = environment[KEY_VARIABLE];
  if (plain !== undefined && plain !== "") return plainKey(plain, KEY_VARIABLE);
  if (key.keystoreFile === undefined) {
    throw new InvalidConfig(`no operator key: set ${KEY_VARIABLE}, or key.keystoreFile in the configuration`);
  }
  const password = await keystorePassword(key, environment, ask);
  return openKeystore(key.keystoreFile, password);
}

async function keystorePassword(
  { keystoreFile, passwordFile }: NodeConfig["key"],
  environment: NodeJS.ProcessEnv,
  ask?: (question: string) => Promise<string>,
): Promise<string> {
  const password = environment[PASSWORD_VARIABLE];
  if (password !== undefined) return password;
  if (passwordFile !== undefined) return passwordIn(passwordFile);
  if (ask !== undefined) return ask(`password of ${keystoreFile ?? "the keystore"}`);
  throw new InvalidConfig(`no password for the keystore: set ${PASSWORD_VARIABLE}, or key.passwordFile`);
}

/** What a password file holds, without the end of its line. */
export async function passwordIn(path: string): Promise<string> {
  return (await readSecret(path, "password")).replace(/\r?\n$/, "");
}

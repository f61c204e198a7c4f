/** The key that deploys: from the environment, or from an encrypted keystore file. Never printed. */
import { readFile } from "node:fs/promises";
import { HDNodeWallet, isKeystoreJson, Wallet } from "ethers";
import { isHex } from "../../node/protocol/hex.js";
import type { NetworkName } from "./networks.js";

const KEY = "DTEL_DEPLOYER_KEY";
const KEYSTORE = "DTEL_DEPLOYER_KEYSTORE";
const PASSWORD = "DTEL_DEPLOYER_PASSWORD";
const PASSWORD_FILE = "DTEL_DEPLOYER_PASSWORD_FILE";

/** The first account of every local development chain: known to all, worth nothing. */
const DEVNET_PHRASE = "test test test test test test test test test test test junk";

/**
 * Loads the deployer's key.
 * @throws Error saying what is missing; keys and passwords appear in no error.
 */
export async function loadDeployer(network: NetworkName, environment: NodeJS.ProcessEnv): Promise<Wallet> {
  const plain = environment[KEY];
  if (plain !== undefined && plain !== "") return fromPlainKey(plain);
  const keystoreFile = environment[KEYSTORE];
  if (keystoreFile !== undefined && keystoreFile !== "") return fromKeystore(keystoreFile, environment);
  if (network === "devnet") return new Wallet(HDNodeWallet.fromPhrase(DEVNET_PHRASE).privateKey);
  throw new Error(
    `no deployer key: set ${KEY}, or ${KEYSTORE} to an Ethereum keystore file with ${PASSWORD_FILE} or ${PASSWORD}`,
  );
}

function fromPlainKey(plain: string): Wallet {
  if (isHex(plain, 32)) {
    try {
      return new Wallet(plain);
    } catch {
      // Zero, or beyond the curve's order: said below.
    }
  }
  throw new Error(`${KEY} is no private key: expected 32 bytes in hexadecimal with the prefix 0x`);
}

async function fromKeystore(file: string, environment: NodeJS.ProcessEnv): Promise<Wallet> {
  const json = await readSecret(file, KEYSTORE);
  if (!isKeystoreJson(json)) throw new Error(`${file} is no Ethereum keystore (version 3)`);
  const passwordFile = environment[PASSWORD_FILE];
  const password =
    passwordFile === undefined
      ? environment[PASSWORD]
      : (await readSecret(passwordFile, PASSWORD_FILE)).replace(/\r?\n$/, "");
  if (password === undefined) throw new Error(`no password for ${file}: set ${PASSWORD_FILE} or ${PASSWORD}`);
  try {
    const { privateKey } = await Wallet.fromEncryptedJson(json, password);
    return new Wallet(privateKey);
  } catch {
    throw new Error(`${file} does not open with this password`);
  }
}

async function readSecret(path: string, variable: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
    throw new Error(`the file ${path} of ${variable} cannot be read: ${code}`, { cause: error });
  }
}

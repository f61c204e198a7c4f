import { open, readFile } from "node:fs/promises";
import { Wallet, encryptKeystoreJson, isKeystoreJson } from "ethers";
import { isHex } from "../protocol/hex.js";
import { InvalidConfig } from "./load.js";

/** scrypt's cost, as in other Ethereum tools: about a second and 128 MB. */
const SCRYPT = { N: 1 << 17, r: 8, p: 1 } as const;
/** Only the file's owner may read or write it. */
const OWNER_ONLY = 0o600;

/**
 * Opens an Ethereum keystore file (JSON, version 3). Neither key nor password appears in errors.
 * @throws InvalidConfig where the file is none, or does not open with this password.
 */
export async function openKeystore(path: string, password: string): Promise<Wallet> {
  const json = await readSecret(path, "keystore");
  if (!isKeystoreJson(json)) throw new InvalidConfig(`${path} is no Ethereum keystore (version 3)`);
  try {
    const { privateKey } = await Wallet.fromEncryptedJson(json, password);
    return new Wallet(privateKey);
  } catch {
    throw new InvalidConfig(`${path} does not open with this password`);
  }
}

/**
 * Writes a key into a new keystore file.
 * @throws InvalidConfig where the file is there already: a key is never overwritten.
 */
export async function writeKeystore(
  path: string,
  { address, privateKey }: Pick<Wallet, "address" | "privateKey">,
  password: string,
): Promise<void> {
  const json = await encryptKeystoreJson({ address, privateKey }, password, { scrypt: SCRYPT });
  await writeNew(path, `${json}\n`, OWNER_ONLY);
}

/**
 * Writes a file that must not be there yet, and is on disk when this resolves.
 * @throws InvalidConfig where it is.
 */
export async function writeNew(path: string, text: string, mode: number): Promise<void> {
  let file;
  try {
    file = await open(path, "wx", mode);
  } catch (error) {
    throw new InvalidConfig(`${path} cannot be written: ${codeOf(error)}`);
  }
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * A key in clear, from the environment.
 * @throws InvalidConfig naming the variable, not the value.
 */
export function plainKey(text: string, variable: string): Wallet {
  if (isHex(text, 32)) {
    try {
      return new Wallet(text);
    } catch {
      // Zero, or beyond the curve's order: said below.
    }
  }
  throw new InvalidConfig(
    `${variable} is no private key: expected 32 bytes in hexadecimal with the prefix 0x`,
  );
}

/** What a file that only its owner should read holds. @throws InvalidConfig naming file and cause. */
export async function readSecret(path: string, what: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new InvalidConfig(`the ${what} file ${path} cannot be read: ${codeOf(error)}`);
  }
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error) || !("code" in error)) return "unknown error";
  return error.code === "EEXIST" ? "it is there already, and is not overwritten" : String(error.code);
}

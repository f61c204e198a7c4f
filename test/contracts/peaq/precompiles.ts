/** What stands at the addresses of peaq's precompiles. */
import hre from "hardhat";
import {
  IPeaqDid__factory,
  IPeaqStorage__factory,
  PeaqBatch__factory,
} from "../../../types/contracts/index.js";
import type { IPeaqDid, IPeaqStorage, PeaqBatch } from "../../../types/contracts/index.js";
import type { Account } from "../support/account.js";
import { networkHelpers } from "../support/chain.js";

export const DID = "0x0000000000000000000000000000000000000800";
export const STORAGE = "0x0000000000000000000000000000000000000801";
export const BATCH = "0x0000000000000000000000000000000000000805";

/** Puts a stand-in's code there, as the devnet does. */
async function install(address: string, name: string): Promise<void> {
  const { deployedBytecode } = await hre.artifacts.readArtifact(name);
  await networkHelpers.setCode(address, deployedBytecode);
}

export async function installDid(account: Account): Promise<IPeaqDid> {
  await install(DID, "PeaqDid");
  return IPeaqDid__factory.connect(DID, account);
}

export async function installStorage(account: Account): Promise<IPeaqStorage> {
  await install(STORAGE, "PeaqStorage");
  return IPeaqStorage__factory.connect(STORAGE, account);
}

export async function installBatch(account: Account): Promise<PeaqBatch> {
  await install(BATCH, "PeaqBatch");
  return PeaqBatch__factory.connect(BATCH, account);
}

const RETURN_TRUE = "60015f5260205ff3";

/** Precompiles that are not what they should be, as EVM code. */
export const BROKEN = {
  missing: "0x",
  reverting: "0x5f5ffd",
  "out of gas": "0xfe",
  "answering nothing": "0x00",
  "answering 31 bytes": "0x601f5ff3",
  "answering false": "0x60205ff3",
  "answering 2": "0x60025f5260205ff3",
  "answering a million bytes": "0x620f42405ff3",
} as const;

/** Says yes to all, keeps nothing. */
export const LYING = `0x${RETURN_TRUE}`;
/** Sends its caller all that it has: a deposit that comes back. */
export const RETURNING = `0x5f5f5f5f47335af150${RETURN_TRUE}`;
/** Calls `withdraw()` of its caller: the caller's balance falls, as it does by a deposit. */
export const TAKING = `0x633ccfd60b60e01b5f525f5f60045f5f335af150${RETURN_TRUE}`;

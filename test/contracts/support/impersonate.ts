import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { parseEther } from "ethers";
import type { Addressable } from "ethers";
import { ethers, networkHelpers } from "./chain.js";

/** Acts as a contract of the protocol: for what only its peers may call. */
export async function actingAs(contract: Addressable): Promise<HardhatEthersSigner> {
  const address = await contract.getAddress();
  await networkHelpers.impersonateAccount(address);
  await networkHelpers.setBalance(address, parseEther("1"));
  return ethers.getSigner(address);
}

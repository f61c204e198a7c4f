/** A machine that acts through a smart account. */
import { ContractFactory } from "ethers";
import type { BaseContract, TransactionResponse } from "ethers";
import hre from "hardhat";
import type { Account } from "../support/account.js";

export interface Machine {
  readonly address: string;
  /** Calls a contract's function as the machine. */
  readonly call: (
    contract: BaseContract,
    name: string,
    values: readonly unknown[],
  ) => Promise<TransactionResponse>;
}

/** @param key Signs for the account and makes its calls. */
export async function deployMachine(key: Account): Promise<Machine> {
  const { abi, bytecode } = await hre.artifacts.readArtifact("MachineHarness");
  const account = await new ContractFactory(abi, bytecode, key).deploy(key.address);
  await account.waitForDeployment();
  const address = await account.getAddress();
  return {
    address,
    async call(contract, name, values) {
      const inner = contract.interface.encodeFunctionData(name, values);
      const data = account.interface.encodeFunctionData("call", [await contract.getAddress(), inner]);
      return key.sendTransaction({ to: address, data });
    },
  };
}

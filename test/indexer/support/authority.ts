/** Acting as those whom the protocol obeys. */
import { JsonRpcSigner } from "ethers";
import type { BaseContract, ContractTransactionResponse } from "ethers";
import type { TestChain } from "./chain.js";
import type { TestProtocol } from "./protocol.js";

/** Named, because an estimate would be of another moment than the next block's. */
const GAS = { gasLimit: 12_000_000n };

/** Calls a restricted function as the administrator and guardian, who are one before the deployment hands over. */
export function asAuthority(
  { manager }: Pick<TestProtocol, "manager">,
  contract: BaseContract,
  name: string,
  values: readonly unknown[] = [],
): Promise<ContractTransactionResponse> {
  return manager.execute(contract, contract.interface.encodeFunctionData(name, values), GAS);
}

/** A contract of the protocol as a sender: for what only its peers may call. */
export async function actingAs({ provider }: TestChain, contract: BaseContract): Promise<JsonRpcSigner> {
  const address = await contract.getAddress();
  await provider.send("hardhat_impersonateAccount", [address]);
  await provider.send("hardhat_setBalance", [address, "0xde0b6b3a7640000"]);
  return new JsonRpcSigner(provider, address);
}

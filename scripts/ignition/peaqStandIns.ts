/** peaq's precompiles on a local chain: contracts with their semantics, at their addresses. */
import hre from "hardhat";

/** What of peaq's precompiles has a stand-in in contracts/peaq/standins. */
const STAND_INS = {
  PeaqDid: "0x0000000000000000000000000000000000000800",
  PeaqStorage: "0x0000000000000000000000000000000000000801",
  PeaqBatch: "0x0000000000000000000000000000000000000805",
} as const;

/** @param provider Of a Hardhat chain. */
export async function installPeaqStandIns(provider: {
  send(method: string, params: unknown[]): Promise<unknown>;
}): Promise<void> {
  for (const [name, address] of Object.entries(STAND_INS)) {
    const { deployedBytecode } = await hre.artifacts.readArtifact(name);
    await provider.send("hardhat_setCode", [address, deployedBytecode]);
  }
}

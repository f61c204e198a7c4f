import { network } from "hardhat";

/** One chain in this process for all contract tests. Each fixture takes it back to its own snapshot. */
export const { ethers, networkHelpers, provider } = await network.create("hardhat");

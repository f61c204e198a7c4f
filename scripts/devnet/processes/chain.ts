/**
 * The devnet's chain: what `hardhat node --network node` runs, on a free port unless told, without its log of each
 * call. Configured in hardhat.config.ts (network "node").
 */
import hre from "hardhat";
import { onStop, ready } from "./child.js";

const server = await hre.network.createServer(
  "node",
  "127.0.0.1",
  Number(process.env.DEVNET_CHAIN_PORT ?? 0),
);
const { port } = await server.listen();
onStop(() => server.close());
ready({ port });

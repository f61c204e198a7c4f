/** A chain of its own process for the tests, with a block for each transaction. Its time is moved by its callers. */
import hre from "hardhat";

const server = await hre.network.createServer("hardhat", "127.0.0.1", Number(process.env.CHAIN_PORT ?? 0));
const { port } = await server.listen();
const stop = (): void => void server.close().then(() => process.exit(0));
process.on("SIGTERM", stop);
process.on("disconnect", stop);
process.stdout.write(`${JSON.stringify({ ready: true, port })}\n`);

import { createRequire } from "node:module";
import { defineConfig } from "hardhat/config";
import hardhatEthers from "@nomicfoundation/hardhat-ethers";
import hardhatEthersChaiMatchers from "@nomicfoundation/hardhat-ethers-chai-matchers";
import hardhatIgnitionEthers from "@nomicfoundation/hardhat-ignition-ethers";
import hardhatMocha from "@nomicfoundation/hardhat-mocha";
import hardhatNetworkHelpers from "@nomicfoundation/hardhat-network-helpers";
import hardhatTypechain from "@nomicfoundation/hardhat-typechain";

const require = createRequire(import.meta.url);
/** `npm run coverage` builds instrumented contracts. */
const isCoverage = process.env.DTEL_COVERAGE === "1";

export default defineConfig({
  plugins: [
    hardhatEthers,
    hardhatEthersChaiMatchers,
    hardhatIgnitionEthers,
    hardhatMocha,
    hardhatNetworkHelpers,
    hardhatTypechain,
  ],
  solidity: {
    // The compiler is the npm package's own, so that a machine without the compiler's download server builds too.
    version: "0.8.30",
    path: require.resolve("solc/soljson.js"),
    settings: { evmVersion: "cancun", viaIR: true, optimizer: { enabled: true, runs: 200 } },
  },
  paths: {
    sources: "contracts",
    tests: { mocha: "test/contracts", solidity: "test/contracts" },
    ignition: "scripts/ignition",
    ...(isCoverage && { artifacts: "coverage/artifacts", cache: "coverage/cache" }),
  },
  typechain: { outDir: "types/contracts" },
  networks: {
    hardhat: {
      type: "edr-simulated",
      chainType: "l1",
      hardfork: "cancun",
      chainId: 31337,
      // Instrumented code uses so much gas that a base fee would rise beyond what accounts have.
      ...(isCoverage && { initialBaseFeePerGas: 0 }),
    },
    // What `hardhat node` serves for the devnet: one block a second, as the devnet's parameters assume.
    node: {
      type: "edr-simulated",
      chainType: "l1",
      hardfork: "cancun",
      chainId: 33_380,
      mining: { auto: false, interval: 1_000 },
      // Blocks that are mined at once, during deployment, do not push the clock ahead.
      allowBlocksWithSameTimestamp: true,
    },
    devnet: { type: "http", chainType: "l1", url: process.env.DTEL_RPC_URL ?? "http://127.0.0.1:8545" },
  },
  test: {
    mocha: { timeout: 60_000 },
    solidity: { fuzz: { runs: 256 } },
  },
});

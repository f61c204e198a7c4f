import { expect } from "chai";
import hre from "hardhat";
import { loadAllocations } from "../../../scripts/governance/allocations.js";
import { deployProtocol } from "../../../scripts/ignition/deployProtocol.js";
import type { DeploymentProvider } from "../../../scripts/ignition/deployProtocol.js";
import { loadParameters } from "../../../scripts/parameters/schema.js";

const parametersFile = (name: string) => new URL(`../../../scripts/parameters/${name}.json`, import.meta.url);

describe("deployment by Ignition", function () {
  this.timeout(120_000);

  it("works with the parameters of every network, and leaves all power with the timelock", async () => {
    for (const network of ["devnet", "agung", "peaq"]) {
      const connection = await hre.network.create("hardhat");
      try {
        const [deployer, guardian, person] = await connection.ethers.getSigners();
        if (!deployer || !guardian || !person) throw new Error("the chain has no accounts");
        const list = await loadAllocations(parametersFile(`allocations/${network}`));
        const names = list.allocations.map(({ beneficiary }) => beneficiary);
        const { addresses } = await deployProtocol({
          provider: connection.provider,
          parameters: await loadParameters(parametersFile(network)),
          guardian: guardian.address,
          genesis: {
            list,
            beneficiaries: Object.fromEntries(names.map((name) => [name, person.address])),
            claimAtOnce: true,
          },
          handOver: true,
        });
        const manager = await connection.ethers.getContractAt(
          "ProtocolAccessManager",
          addresses.accessManager,
        );
        const isAdmin = async (who: string) => (await manager.hasRole(0, who)).isMember;
        expect(await isAdmin(addresses.timelock), network).to.equal(true);
        expect(await isAdmin(deployer.address), network).to.equal(false);
        const timelock = await connection.ethers.getContractAt("ProtocolTimelock", addresses.timelock);
        expect(await timelock.hasRole(`0x${"00".repeat(32)}`, deployer.address), network).to.equal(false);
        const token = await connection.ethers.getContractAt("DTelToken", addresses.token);
        expect(await token.balanceOf(deployer.address), network).to.equal(0n);
        // What vests at once: community and liquidity, less the rounding reserve.
        expect(await token.balanceOf(person.address), network).to.equal(79_999_999n * 10n ** 18n);
      } finally {
        await connection.close();
      }
    }
  });

  it("has room where a transaction takes more gas than was estimated", async () => {
    const connection = await hre.network.create("hardhat");
    try {
      let estimates = 0;
      const tooLow: DeploymentProvider = {
        async request(call) {
          const answer: unknown = await connection.provider.request(call);
          if (call.method !== "eth_estimateGas" || typeof answer !== "string") return answer;
          estimates += 1;
          return `0x${((BigInt(answer) * 85n) / 100n).toString(16)}`;
        },
      };
      const parameters = await loadParameters(parametersFile("devnet"));
      const { addresses } = await deployProtocol({ provider: tooLow, parameters });
      expect(estimates).to.be.greaterThan(20);
      const token = await connection.ethers.getContractAt("DTelToken", addresses.token);
      expect(await token.symbol()).to.equal("DTEL");
    } finally {
      await connection.close();
    }
  });

  it("refuses a genesis that the chain has not reached", async () => {
    const connection = await hre.network.create("hardhat");
    try {
      const error = await deployProtocol({
        provider: connection.provider,
        parameters: await loadParameters(parametersFile("devnet")),
        genesisSeconds: 4_000_000_000,
      }).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(String(error)).to.contain("genesis 4000000000 lies ahead");
    } finally {
      await connection.close();
    }
  });
});

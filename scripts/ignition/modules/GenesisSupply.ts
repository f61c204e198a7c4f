import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import Token from "./Token.js";
import Vesting from "./Vesting.js";

/** The genesis supply leaves the deployer. @param claims Allocations that are paid at once, in the parameter `claims`. */
export function releaseGenesisSupply(claims: number) {
  return buildModule("GenesisSupply", (m) => {
    const { token } = m.useModule(Token);
    const { tokenVesting } = m.useModule(Vesting);
    const sent = m.call(token, "transfer", [tokenVesting, m.getParameter<bigint>("genesisSupplyWei")]);
    for (let index = 0; index < claims; index++) {
      m.call(
        tokenVesting,
        "claim",
        [m.getParameter(`claim_${index}`), m.getParameter(`claimProof_${index}`)],
        { id: `claim_${index}`, after: [sent] },
      );
    }
    return { tokenVesting };
  });
}

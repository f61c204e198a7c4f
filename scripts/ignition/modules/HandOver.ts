import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import type { IgnitionModule } from "@nomicfoundation/ignition-core";
import Foundation from "./Foundation.js";
import Governance from "./Governance.js";

/** `AccessManager.ADMIN_ROLE`. */
const ADMIN_ROLE = 0;

/** The last step: the timelock becomes the administrator, and the deployer is nobody any more. */
export function handOver(everythingElse: readonly IgnitionModule[]) {
  return buildModule("HandOver", (m) => {
    const { accessManager } = m.useModule(Foundation);
    const { timelock } = m.useModule(Governance);
    const granted = m.call(accessManager, "grantRole", [ADMIN_ROLE, timelock, 0], {
      after: [...everythingElse],
    });
    m.call(accessManager, "renounceRole", [ADMIN_ROLE, m.getAccount(0)], { after: [granted] });
    return { accessManager };
  });
}

/** What all parts of a check need. */
import type { RpcProvider } from "../../../node/chain/rpcProvider.js";
import type { AllocationTree } from "../../governance/allocations.js";
import type { ProtocolDeployment } from "../../ignition/plan.js";
import type { Parameters } from "../../parameters/schema.js";
import type { JournaledContract } from "../journal.js";
import type { DeploymentRecord } from "../record.js";
import type { CheckReport } from "./report.js";

export interface CheckContext {
  readonly report: CheckReport;
  readonly rpc: RpcProvider;
  readonly directory: string;
  readonly record: DeploymentRecord;
  readonly parameters: Parameters;
  readonly deployment: ProtocolDeployment;
  readonly tree: AllocationTree;
  readonly contracts: readonly JournaledContract[];
  /** Address of a future, by the journal. */
  readonly addressOf: (futureId: string) => string;
}

import { DeploymentResultType } from "@nomicfoundation/ignition-core";
import type { DeploymentResult } from "@nomicfoundation/ignition-core";

type Failure = Exclude<DeploymentResult, { type: DeploymentResultType.SUCCESSFUL_DEPLOYMENT }>;

/** What went wrong in a deployment, step by step, in words. */
export function explain(result: Failure): string {
  const lines =
    result.type === DeploymentResultType.EXECUTION_ERROR
      ? [
          ...result.failed.map(({ futureId, error }) => `${futureId}: ${error}`),
          ...result.timedOut.map(({ futureId }) => `${futureId}: timed out`),
          ...result.held.map(({ futureId, reason }) => `${futureId}: ${reason}`),
          ...result.started.map((futureId) => `${futureId}: not finished`),
        ]
      : Object.entries(result.errors).map(([futureId, errors]) => `${futureId}: ${errors.join("; ")}`);
  return `the deployment failed:\n${lines.map((line) => `  ${line}`).join("\n")}`;
}

/** Writes the deployment file: where the contracts are and how the clock runs. Everything off chain starts from it. */
import { writeFile } from "node:fs/promises";
import type { Deployment } from "../../node/chain/deployment.js";

export async function saveDeployment(path: string, deployment: Deployment): Promise<void> {
  await writeFile(path, `${JSON.stringify(deployment, undefined, 2)}\n`);
}

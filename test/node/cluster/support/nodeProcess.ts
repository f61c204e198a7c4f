import { addressOf } from "../../support/participants.js";
import { TestRegistry, operatorKeyOf } from "./BareNode.js";
import { ClusterNode } from "./ClusterNode.js";

// A node in a process of its own, to be killed. Arguments: its id, then `<node id>=<endpoint>` of each other node. It
// writes its signaling address on standard output.

const [nodeId = "", ...others] = process.argv.slice(2);
const registry = new TestRegistry();
for (const other of others) {
  const [id = "", endpoint = ""] = other.split("=");
  registry.endpoints.set(BigInt(id), endpoint);
  registry.operators.set(BigInt(id), addressOf(operatorKeyOf(BigInt(id))));
}
const { node } = await ClusterNode.start(BigInt(nodeId), registry);
process.stdout.write(`${node.signaling.url}\n`);

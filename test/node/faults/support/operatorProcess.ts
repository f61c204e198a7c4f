// A node without media: its service as `node/main.ts` puts it together, in a process that can be killed. It prints a
// line when it has started and its log as JSON on standard error; on SIGTERM it closes. Its parent takes the part of
// signaling and of media, over IPC: it lets participants in, and says what was sent to them.

import { once } from "node:events";
import { pino } from "pino";
import { loadConfig } from "../../../../node/config/load.js";
import { loadOperatorKey } from "../../../../node/config/operatorKey.js";
import { startNodeService } from "../../../../node/operator/nodeService.js";
import type { ServedSession } from "../../../../node/signaling/admission.js";
import type { NodeReply, NodeRequest } from "./nodeRequests.js";

const [path = ""] = process.argv.slice(2);
const stopped = once(process, "SIGTERM");
const config = await loadConfig(path, process.env);
const wallet = await loadOperatorKey(config, process.env);
const service = await startNodeService(config, wallet, pino({ level: "debug" }, pino.destination(2)));
const sessions = new Map<string, ServedSession>();

async function answer(request: NodeRequest): Promise<unknown> {
  switch (request.what) {
    case "status":
      return service.status();
    case "join": {
      const session = await service.admission.admit(request.claim);
      sessions.set(session.sessionKey, session);
      return undefined;
    }
    case "receipt": {
      const session = sessions.get(request.sessionKey);
      if (session === undefined) throw new Error("there is no such session");
      session.meter(request.bytesSent);
      return (await session.submitReceipt(request.receipt)).receipt.bytesDelivered;
    }
  }
}

process.on("message", (message: { id: number; request?: NodeRequest }) => {
  const { id, request } = message;
  if (request === undefined) return;
  const reply = (what: Omit<NodeReply, "id">): void => void process.send?.({ id, ...what });
  answer(request).then(
    (value) => reply({ value }),
    (error: unknown) => reply({ failed: String(error) }),
  );
});
process.stdout.write("started\n");
await stopped;
service.drain();
await service.close();
process.disconnect();

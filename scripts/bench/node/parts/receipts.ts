import { join } from "node:path";
import { openDatabase } from "../../../../node/chain/sqlite.js";
import { parseAddress } from "../../../../node/protocol/hex.js";
import { toWire } from "../../../../node/protocol/schemas.js";
import { sessionReceipt } from "../../../../node/protocol/typedData.js";
import { useNativeCrypto } from "../../../../node/service/nativeCrypto.js";
import { ReceiptStore } from "../../../../node/service/receiptStore.js";
import { NODE_ID } from "../../../../test/node/support/sessionServices.js";
import { testDomain } from "../../../../test/node/support/participants.js";
import { Audience } from "../load/Audience.js";
import { startFleets } from "../load/Fleet.js";
import type { Part } from "../part.js";
import { NodeSfu } from "../sfu/NodeSfu.js";
import type { SignalingClient } from "../sfu/SignalingClient.js";
import { cpuTimeMs, pin } from "../support/processes.js";
import { quantile } from "../support/statistics.js";
import { temporaryDirectory } from "../support/temporary.js";

/** The service of `sessionServiceOn` lives in this epoch for ever. */
const EPOCH = 10;
const BYTES_PER_RECEIPT = 1_000n;
const FULL = { sessions: 200, receiptsEach: 60, audience: 50, mediaSeconds: 20 };
const QUICK = { sessions: 5, receiptsEach: 5, audience: 2, mediaSeconds: 1 };

const NODE_CORE = 0;
const OTHER_CORE = 1;

interface Signed {
  readonly bytesDelivered: bigint;
  readonly wire: unknown;
}

interface Participant {
  readonly key: string;
  readonly client: SignalingClient;
  readonly receipts: readonly Signed[];
  acknowledged: bigint;
}

/**
 * Receipts over real signaling sockets into the real service and its database on disk, as fast as they are acknowledged,
 * while the same core moves media. In the end the node is killed, and what it acknowledged must be in the database.
 */
export const receipts: Part = {
  name: "receipts",
  summary: "receipts verified, stored durably and acknowledged, on one core with media",
  async run({ quick, report }) {
    const { sessions, receiptsEach, audience: size, mediaSeconds } = quick ? QUICK : FULL;
    // Here for the participants' sake: their receipts are signed before.
    await useNativeCrypto();
    const databasePath = join(temporaryDirectory("receipts"), "node.sqlite");
    const [fleets, node] = await Promise.all([startFleets(), NodeSfu.start({ databasePath })]);
    try {
      await pin(process.pid, OTHER_CORE);
      for (const { pid } of [fleets.active, fleets.parked]) await pin(pid, OTHER_CORE);
      for (const pid of [node.driverPid, node.mediaPid]) await pin(pid, NODE_CORE);
      const audience = await Audience.open(node, fleets);
      await audience.growTo(size);
      const participants: Participant[] = [];
      for (let index = 0; index < sessions; index += 1)
        participants.push(await participant(node, receiptsEach));

      const media = audience.run(mediaSeconds);
      const cpuBeforeMs = await cpuTimeMs(node.driverPid);
      const startedMs = performance.now();
      const latenciesMs = (await Promise.all(participants.map(handIn))).flat();
      const seconds = (performance.now() - startedMs) / 1_000;
      const cpuMs = (await cpuTimeMs(node.driverPid)) - cpuBeforeMs;
      const { packets, loss, mediaCpuMs } = await media;
      await node.kill();

      const count = sessions * receiptsEach;
      report.figure("receipts acknowledged, beside media", count / seconds, "receipts/s", "at least 2,000");
      report.figure("CPU of the node's process per receipt", cpuMs / count, "ms");
      report.figure("receipts on a core that does nothing else", (1_000 * count) / cpuMs, "receipts/s");
      report.figure("time to the acknowledgement, half of them within", quantile(latenciesMs, 0.5), "ms");
      report.figure("time to the acknowledgement, 95 % within", quantile(latenciesMs, 0.95), "ms");
      report.figure("media on the same core", packets / mediaSeconds, "packets/s");
      report.figure("media on the same core, of it", mediaCpuMs / mediaSeconds / 10, "%");
      report.figure("loss of that media", 100 * loss, "%");
      const lost = lostReceipts(databasePath, participants);
      report.figure("acknowledged but not stored, after kill -9", lost, "receipts", "0");
      if (lost > 0) report.fail(`${lost} acknowledged receipts are not in the database`);
    } finally {
      await Promise.allSettled([node.stop(), fleets.active.stop(), fleets.parked.stop()]);
    }
  },
};

/** Somebody in the room, with receipts signed in advance: signing is the client's work and not measured here. */
async function participant(node: NodeSfu, count: number): Promise<Participant> {
  const { sessionKey, client } = await node.enter("receipts");
  const receipts: Signed[] = [];
  for (let index = 1; index <= count; index += 1) {
    const bytesDelivered = BigInt(index) * BYTES_PER_RECEIPT;
    const receipt = { nodeId: NODE_ID, epoch: EPOCH, bytesDelivered, quality: 9_000 };
    const signature = await sessionReceipt.sign(sessionKey, testDomain, receipt);
    receipts.push({ bytesDelivered, wire: toWire({ receipt, signature }) });
  }
  return { key: sessionKey.address, client, receipts, acknowledged: 0n };
}

/** One after the other, each as soon as the one before is acknowledged; resolves to the times that took, in ms. */
async function handIn(participant: Participant): Promise<number[]> {
  const latenciesMs: number[] = [];
  for (const { bytesDelivered, wire } of participant.receipts) {
    const sentMs = performance.now();
    await participant.client.request("receipt", wire);
    latenciesMs.push(performance.now() - sentMs);
    participant.acknowledged = bytesDelivered;
  }
  return latenciesMs;
}

function lostReceipts(databasePath: string, participants: readonly Participant[]): number {
  const database = openDatabase(databasePath);
  try {
    const store = new ReceiptStore(database);
    return participants.filter(({ key, acknowledged }) => {
      const stored = store.get(EPOCH, parseAddress(key));
      return (stored?.bytesDelivered ?? 0n) < acknowledged;
    }).length;
  } finally {
    database.close();
  }
}

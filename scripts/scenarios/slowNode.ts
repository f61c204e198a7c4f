/**
 * Real nodes in real time: four of them serve calls and audit each other by calls of their own. One is reached over a
 * bad network only. Its scores fall, its pay with them, it is struck each epoch, and in the end it is in jail.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatEther } from "ethers";
import { z } from "zod";
import { Network } from "../devnet/network.js";
import type { Progress } from "../devnet/progress.js";
import { roomSchema } from "../devnet/rooms.js";
import { loadParameters } from "../parameters/schema.js";
import { connectAll } from "./contracts.js";
import { IndexReader } from "./indexReader.js";
import type { Story } from "./story.js";

const PARAMETERS = new URL("../parameters/devnet.json", import.meta.url);
/** One more than each node has auditors. */
const NODES = 4;
const SLOW = 3;
/** In each direction: a round trip of some 450 ms, and one packet in five lost on the way through. */
const BAD_NETWORK = { loss: 0.1, delayMs: 200, jitterMs: 50 };
/** Audits begin two epochs after the nodes have their seats; each strike comes two epochs after what it is for. */
const PATIENCE_EPOCHS = 12;

/** A conversation on a good node, and the same on the slow one. */
const ROOMS = [
  {
    name: "good",
    nodes: [0],
    members: [{ identity: "Ada", sends: ["audio", "video"] }, { identity: "Ben" }],
  },
  {
    name: "slow",
    nodes: [SLOW],
    members: [{ identity: "Cleo", sends: ["audio", "video"] }, { identity: "Dario" }],
  },
].map((room) => roomSchema.parse(room));

const auditedSchema = z.array(
  z.object({
    number: z.int(),
    auditScore: z.int(),
    feesBurned: z.coerce.bigint(),
    feesScored: z.coerce.bigint(),
    availabilityReward: z.coerce.bigint(),
    claimed: z.boolean(),
  }),
);
const strikesSchema = z.array(z.object({ id: z.string(), reason: z.string() }));
const jailingsSchema = z.array(z.object({ id: z.string(), releasedAt: z.string().nullable() }));

export async function slowNode(story: Story): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "dtelecom-slow-node-"));
  const interrupted = new AbortController();
  const interrupt = () => interrupted.abort(new Error("interrupted"));
  process.once("SIGINT", interrupt).once("SIGTERM", interrupt);
  const parameters = await loadParameters(PARAMETERS);
  const network = await Network.start({
    directory,
    parameters,
    nodeCount: NODES,
    badNetworks: new Map([[SLOW, BAD_NETWORK]]),
    rooms: ROOMS,
    ...{ rpcPort: 0, apiPort: 0, appPort: 0 },
    progress: progressOf(story),
    interrupted: interrupted.signal,
  });
  try {
    await play(network, story, AbortSignal.any([interrupted.signal, network.group.failure]));
  } catch (error) {
    story.fault(error instanceof Error ? error.message : String(error));
  } finally {
    await network.stop();
  }
  for (const problem of network.group.problems()) story.fault(problem);
  if (story.ok) await rm(directory, { recursive: true, force: true });
  else story.say(`logs are in ${directory}`);
}

async function play(network: Network, story: Story, ended: AbortSignal): Promise<void> {
  const { watch, deployment, provider, nodes, graphqlUrl, rpcUrl } = network;
  const slow = nodes[SLOW]?.nodeId;
  const good = nodes[0]?.nodeId;
  if (slow === undefined || good === undefined) throw new Error("there are no nodes");
  const { strikes } = connectAll(deployment, provider);
  const index = new IndexReader({ graphqlUrl, rpcUrl, deployment, provider, failure: ended });
  const { loss, delayMs, jitterMs } = BAD_NETWORK;
  story.say(
    `node ${slow} loses ${loss * 100} % and is ${delayMs} to ${delayMs + jitterMs} ms away, in each direction`,
  );

  const lastEpoch = watch.epochAt(Date.now()) + PATIENCE_EPOCHS;
  let told = 0;
  let jailed = false;
  while (!jailed) {
    const epoch = watch.epochAt(Date.now());
    if (epoch > lastEpoch) throw new Error(`node ${slow} is not in jail after epoch ${lastEpoch}`);
    await watch.until(() => watch.epochAt(Date.now()) > epoch, ended);
    jailed = await strikes.isJailed(slow);
    const found = strikesSchema.parse(await index.ask(strikesQuery));
    for (const { id, reason } of found.slice(told)) story.say(`strike ${id}: ${reason}`);
    told = found.length;
  }
  story.say(`node ${slow} is in jail`);

  const ofSlow = await auditsOf(index, slow);
  const ofGood = await auditsOf(index, good);
  const struck = strikesSchema.parse(await index.ask(strikesQuery));
  const badly = ofSlow.filter(({ auditScore }) => auditScore < 5_000).map(({ number }) => number);
  story.expect(
    "strikes in GraphQL: of the slow node alone, for epochs with a low score",
    struck.filter(({ id }) => !badly.some((epoch) => id === `${slow}-${epoch}`)),
    [],
  );
  story.expect(
    "jailings in GraphQL",
    jailingsSchema.parse(await index.ask("jailings(limit: 10) { id releasedAt }")),
    [{ id: `${slow}-1`, releasedAt: null }],
  );
  // Both have the same stake: in an epoch in which both were audited, the scores alone tell their pay apart.
  const pairs = ofSlow.flatMap((bad) => {
    const fine = ofGood.find(({ number, claimed }) => claimed && number === bad.number);
    return fine && bad.claimed ? [{ bad, fine }] : [];
  });
  if (pairs.length === 0) story.fault("no epoch in which both nodes were audited and paid");
  for (const { bad, fine } of pairs) {
    story.say(
      `epoch ${bad.number}: node ${good} scored ${fine.auditScore} and got ${dtel(fine.availabilityReward)} DTEL ` +
        `for its stake, node ${slow} scored ${bad.auditScore} and got ${dtel(bad.availabilityReward)}`,
    );
    if (bad.auditScore >= fine.auditScore) story.fault(`epoch ${bad.number}: the scores do not differ`);
    if (bad.availabilityReward >= fine.availabilityReward)
      story.fault(`epoch ${bad.number}: the slow node's reward is not lower`);
  }
  for (const difference of await index.differences()) story.fault(difference);
  const last = pairs.at(-1);
  story.tell({
    slowNode: slow,
    auditedEpochs: pairs.length,
    strikes: struck.length,
    slowScore: last?.bad.auditScore,
    goodScore: last?.fine.auditScore,
    slowAvailability: last && dtel(last.bad.availabilityReward),
    goodAvailability: last && dtel(last.fine.availabilityReward),
    slowFeesScored: share(ofSlow),
    goodFeesScored: share(ofGood),
  });
}

const strikesQuery = "strikes(orderBy: epochNumber_ASC, limit: 100) { id reason }";

async function auditsOf(index: IndexReader, nodeId: bigint): Promise<z.output<typeof auditedSchema>> {
  return auditedSchema.parse(
    await index.ask(
      `nodeEpochs(where: { node: { id_eq: "${nodeId}" }, auditScore_isNull: false }, orderBy: number_ASC, limit: 100) {
         number auditScore feesBurned feesScored availabilityReward claimed
       }`,
    ),
  );
}

/** Which part of what a node's app paid counts for work rewards: the app's own judgement. */
function share(epochs: z.output<typeof auditedSchema>): number | undefined {
  const sum = (amounts: bigint[]) => amounts.reduce((total, wei) => total + wei, 0n);
  const burned = sum(epochs.map(({ feesBurned }) => feesBurned));
  const scored = sum(epochs.map(({ feesScored }) => feesScored));
  return burned === 0n ? undefined : Number((scored * 10_000n) / burned) / 10_000;
}

function dtel(wei: bigint): number {
  return Number(Number(formatEther(wei)).toPrecision(6));
}

function progressOf(story: Story): Progress {
  return {
    async step(name, work, describe) {
      const result = await work();
      story.say(`${name}: ${describe(result)}`);
      return result;
    },
    say: (name, text) => story.say(`${name}: ${text}`),
    gap: () => undefined,
  };
}

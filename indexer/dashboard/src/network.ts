/** What the page asks the API for, and the shape of the answers. */
import { createClient } from "graphql-ws";
import { z } from "zod/mini";

const wei = z.pipe(
  z.string(),
  z.transform((text: string) => BigInt(text)),
);
const byteCount = wei;
const time = z.pipe(
  z.string(),
  z.transform((text: string) => new Date(text)),
);

const networkSchema = z.object({
  currentEpoch: z.int(),
  genesisAt: time,
  epochSeconds: z.int(),
  nodes: z.int(),
  attestations: z.int(),
  proofs: z.int(),
  claims: z.int(),
  bytesDelivered: byteCount,
  sessions: wei,
  feesCollected: wei,
  feesBurned: wei,
  feesTreasury: wei,
  feesStakers: wei,
  workRewards: wei,
  availabilityRewards: wei,
  rewardsMinted: wei,
  bonded: wei,
  delegated: wei,
  activeNodes: z.int(),
  jailedNodes: z.int(),
  auditRingSize: z.int(),
  slashedInEscrow: wei,
  slashesUpheld: wei,
  slashesReturned: wei,
  phase: z.enum(["GUARDIAN", "COUNCIL", "DAO"]),
  token: z.string(),
  tokenSupply: wei,
  treasury: z.object({ balance: wei }),
});
export type NetworkState = z.infer<typeof networkSchema>;

const epochSchema = z.object({
  number: z.int(),
  startsAt: time,
  endsAt: time,
  seedStatus: z.enum(["UNARMED", "ARMED", "DRAWN"]),
  attestationCount: z.int(),
  proofCount: z.int(),
  claimCount: z.int(),
  bytesDelivered: byteCount,
  sessions: wei,
  feesCollected: wei,
  feesBurned: wei,
  workRewards: wei,
  availabilityRewards: wei,
});
export type EpochState = z.infer<typeof epochSchema>;

const nodeSchema = z.object({
  number: z.int(),
  owner: z.object({ id: z.string() }),
  operator: z.string(),
  endpoint: z.string(),
  pricePerGB: wei,
  bytesDelivered: byteCount,
  sessions: wei,
  feesCollected: wei,
  workRewards: wei,
  availabilityRewards: wei,
  registeredAt: time,
  status: z.enum(["IDLE", "ACTIVE", "RETIRED"]),
  jailed: z.boolean(),
  seat: z.nullable(z.int()),
  lastAuditScore: z.nullable(z.int()),
  lastScoredEpoch: z.nullable(z.int()),
  strikeRecords: z.array(z.object({ epochNumber: z.int() })),
  jailings: z.int(),
  slashed: wei,
  pool: z.nullable(z.object({ bond: wei, assets: wei, delegators: z.int(), commissionBps: z.int() })),
  epochs: z.array(
    z.object({
      number: z.int(),
      status: z.enum(["NONE", "ATTESTED", "PROVEN", "FAULTED"]),
      claimed: z.boolean(),
    }),
  ),
});
export type NodeState = z.infer<typeof nodeSchema>;

const appSchema = z.object({
  id: z.string(),
  balance: wei,
  reserved: wei,
  paid: wei,
  score: wei,
  signers: z.array(z.object({ lastEpoch: z.nullable(z.int()) })),
});
export type AppState = z.infer<typeof appSchema>;

const slashSchema = z.object({
  id: z.string(),
  node: z.object({ number: z.int() }),
  kind: z.enum(["MISSING_PROOF", "THIRD_JAIL", "RULING"]),
  status: z.enum(["OPEN", "VETOED", "OVERTURNED", "EXECUTED"]),
  amount: wei,
  openedAt: time,
  appealUntil: time,
});
export type SlashState = z.infer<typeof slashSchema>;

const proposalSchema = z.object({
  id: z.string(),
  title: z.string(),
  state: z.enum(["PENDING", "ACTIVE", "CANCELED", "DEFEATED", "SUCCEEDED", "QUEUED", "EXPIRED", "EXECUTED"]),
  voteStartAt: time,
  voteEndAt: time,
  executableAt: z.nullable(time),
  forVotes: wei,
  againstVotes: wei,
  abstainVotes: wei,
  quorum: z.nullable(wei),
});
export type ProposalState = z.infer<typeof proposalSchema>;

const streamSchema = z.object({
  id: z.string(),
  recipient: z.object({ id: z.string() }),
  asset: z.string(),
  amount: wei,
  paid: wei,
  endsAt: time,
});
export type StreamState = z.infer<typeof streamSchema>;

const paymentSchema = z.object({
  id: z.string(),
  timestamp: time,
  kind: z.enum(["DECISION", "STREAM", "BUDGET", "BURN", "AUCTION"]),
  asset: z.string(),
  to: z.nullable(z.object({ id: z.string() })),
  amount: wei,
});
export type PaymentState = z.infer<typeof paymentSchema>;

const happened = { id: z.string(), timestamp: time };
const nodeNumber = z.object({ number: z.int() });
const attestationSchema = z.object({
  ...happened,
  node: nodeNumber,
  epochNumber: z.int(),
  bytesDelivered: byteCount,
});
const proofSchema = z.object({ ...happened, node: nodeNumber, epoch: z.object({ number: z.int() }) });
// Anyone may claim, and an app may pay, for a number that no node has.
const claimSchema = z.object({
  ...happened,
  node: z.nullable(nodeNumber),
  epochNumber: z.int(),
  total: wei,
});
const collectionSchema = z.object({ ...happened, node: z.nullable(nodeNumber), amount: wei, burned: wei });

/** Epochs that the page looks back on. */
export const EPOCHS_SHOWN = 16;
const LATEST = 12;

/** One live query: its answer comes again whenever the chain has changed it. */
function live<T>(name: string, row: z.core.$ZodType<T>, query: string) {
  return { name, query: `subscription { ${name}${query} }`, schema: z.array(row) };
}

const QUERIES = {
  networks: live(
    "networks",
    networkSchema,
    `(limit: 1) { currentEpoch genesisAt epochSeconds nodes attestations proofs claims bytesDelivered sessions
      feesCollected feesBurned feesTreasury feesStakers workRewards availabilityRewards rewardsMinted bonded delegated
      activeNodes jailedNodes auditRingSize slashedInEscrow slashesUpheld slashesReturned phase token tokenSupply
      treasury { balance } }`,
  ),
  epochs: live(
    "epochs",
    epochSchema,
    `(orderBy: number_DESC, limit: ${EPOCHS_SHOWN}) { number startsAt endsAt seedStatus attestationCount proofCount
      claimCount bytesDelivered sessions feesCollected feesBurned workRewards availabilityRewards }`,
  ),
  nodes: live(
    "nodes",
    nodeSchema,
    `(orderBy: number_ASC, limit: 100) { number owner { id } operator endpoint pricePerGB bytesDelivered sessions
      feesCollected workRewards availabilityRewards registeredAt status jailed seat lastAuditScore lastScoredEpoch jailings slashed
      strikeRecords(where: {counts_eq: true}, limit: 20) { epochNumber } pool { bond assets delegators commissionBps }
      epochs(orderBy: number_DESC, limit: ${EPOCHS_SHOWN}) { number status claimed } }`,
  ),
  apps: live(
    "apps",
    appSchema,
    `(orderBy: paid_DESC, limit: 50) { id balance reserved paid score signers(limit: 20) { lastEpoch } }`,
  ),
  slashes: live(
    "slashes",
    slashSchema,
    `(orderBy: openedAt_DESC, limit: ${LATEST}) { id node { number } kind status amount openedAt appealUntil }`,
  ),
  proposals: live(
    "proposals",
    proposalSchema,
    `(orderBy: timestamp_DESC, limit: ${LATEST}) { id title state voteStartAt voteEndAt executableAt forVotes
      againstVotes abstainVotes quorum }`,
  ),
  treasuryStreams: live(
    "treasuryStreams",
    streamSchema,
    `(orderBy: openedAt_DESC, limit: ${LATEST}) { id recipient { id } asset amount paid endsAt }`,
  ),
  treasuryPayments: live(
    "treasuryPayments",
    paymentSchema,
    `(orderBy: timestamp_DESC, limit: ${LATEST}) { id timestamp kind asset to { id } amount }`,
  ),
  attestations: live(
    "attestations",
    attestationSchema,
    `(orderBy: timestamp_DESC, limit: ${LATEST}) { id timestamp node { number } epochNumber bytesDelivered }`,
  ),
  serviceProofs: live(
    "serviceProofs",
    proofSchema,
    `(orderBy: timestamp_DESC, limit: ${LATEST}) { id timestamp node { number } epoch { number } }`,
  ),
  rewardClaims: live(
    "rewardClaims",
    claimSchema,
    `(orderBy: timestamp_DESC, limit: ${LATEST}) { id timestamp node { number } epochNumber total }`,
  ),
  voucherCollections: live(
    "voucherCollections",
    collectionSchema,
    `(orderBy: timestamp_DESC, limit: ${LATEST}) { id timestamp node { number } amount burned }`,
  ),
} as const;

type Queries = typeof QUERIES;
/** The latest answer to each query. */
export type NetworkData = { readonly [Name in keyof Queries]: z.infer<Queries[Name]["schema"]> };
export type Connection = "connecting" | "live" | "lost";

export interface NetworkListener {
  onData(data: NetworkData): void;
  onConnection(state: Connection): void;
  onError(message: string): void;
}

/** Subscribes to everything the page shows; reconnects by itself. Returns what ends it. */
export function watchNetwork(url: string, listener: NetworkListener): () => void {
  let data: NetworkData = {
    networks: [],
    epochs: [],
    nodes: [],
    apps: [],
    slashes: [],
    proposals: [],
    treasuryStreams: [],
    treasuryPayments: [],
    attestations: [],
    serviceProofs: [],
    rewardClaims: [],
    voucherCollections: [],
  };
  const client = createClient({
    url,
    keepAlive: 10_000,
    retryAttempts: Number.POSITIVE_INFINITY,
    shouldRetry: () => true,
    retryWait: async (retries) => {
      await new Promise((resolve) => setTimeout(resolve, Math.min(500 * 2 ** retries, 10_000)));
    },
    on: {
      connected: () => listener.onConnection("live"),
      closed: () => listener.onConnection("lost"),
    },
  });

  const answerSchema = z.record(z.string(), z.unknown());
  for (const { name, query, schema } of Object.values(QUERIES)) {
    client.subscribe(
      { query },
      {
        next: (result) => {
          const [problem] = result.errors ?? [];
          if (problem !== undefined) return listener.onError(`${name}: ${problem.message}`);
          const rows = schema.safeParse(answerSchema.parse(result.data)[name]);
          if (!rows.success) return listener.onError(`${name}: ${z.prettifyError(rows.error)}`);
          data = { ...data, [name]: rows.data };
          listener.onData(data);
        },
        error: (error) =>
          listener.onError(`${name}: ${error instanceof Error ? error.message : String(error)}`),
        complete: () => {},
      },
    );
  }
  return () => void client.dispose();
}

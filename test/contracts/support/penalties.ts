/** Slashes as logs tell them, and what only the authority may do. */
import type { BaseContract, ContractTransactionResponse } from "ethers";
import { PenaltyManager__factory } from "../../../types/contracts/index.js";
import type { IPenaltyManager, SlashOpenedEvent } from "../../../types/contracts/penalties/PenaltyManager.js";
import type { App, Node } from "./people.js";
import { addApp, addNode } from "./people.js";
import { freshProtocol, protocolFixture } from "./protocol.js";
import type { Protocol } from "./protocol.js";
import { drawSeed, honestService, passProofDeadline } from "./service.js";
import type { Service } from "./service.js";

/** What a missing proof costs in the tests' parameters. */
export const SLASH = 100n * 10n ** 18n;

export interface OpenSlash {
  readonly id: string;
  readonly slash: IPenaltyManager.SlashStruct;
  readonly appealUntil: number;
  readonly bountyBps: bigint;
}

/** The slash that a transaction opened, from its log alone. */
export async function openedSlash(transaction: ContractTransactionResponse): Promise<OpenSlash> {
  const receipt = await transaction.wait();
  const abi = PenaltyManager__factory.createInterface();
  const event = abi.getEvent("SlashOpened");
  for (const { topics, data } of receipt?.logs ?? []) {
    if (topics[0] !== event.topicHash) continue;
    const decoded = abi.decodeEventLog(event, data, topics);
    const { slashId, slash, appealUntil, bountyBps } = decoded as unknown as SlashOpenedEvent.OutputObject;
    return {
      id: slashId,
      // As a call takes it: a decoded struct names its members, but is an array.
      slash: { ...named(slash, SLASH_MEMBERS), taken: named(slash.taken, TAKEN_MEMBERS) },
      appealUntil: Number(appealUntil),
      bountyBps,
    };
  }
  throw new Error("the transaction opened no slash");
}

const SLASH_MEMBERS = ["nodeId", "kind", "referenceId", "reporter", "openedAt"] as const;
const TAKEN_MEMBERS = [
  "bond",
  "bondExitPrevious",
  "bondExitCurrent",
  "pool",
  "exitPrevious",
  "exitCurrent",
  "lossPrevious",
  "lossCurrent",
  "period",
] as const;

function named<T, Name extends keyof T>(struct: T, names: readonly Name[]): Pick<T, Name> {
  return Object.fromEntries(names.map((name) => [name, struct[name]])) as Pick<T, Name>;
}

/** Calls a restricted function as the protocol's administrator and guardian, who are one in tests. */
export async function asAuthority(
  { manager }: Protocol,
  contract: BaseContract,
  name: string,
  values: readonly unknown[] = [],
): Promise<ContractTransactionResponse> {
  return manager.execute(contract, contract.interface.encodeFunctionData(name, values));
}

export async function veto(protocol: Protocol, { slash }: OpenSlash): Promise<ContractTransactionResponse> {
  return asAuthority(protocol, protocol.penalties, "veto", [slash]);
}

export async function overturn(
  protocol: Protocol,
  { slash }: OpenSlash,
): Promise<ContractTransactionResponse> {
  return asAuthority(protocol, protocol.penalties, "overturn", [slash]);
}

/** The parameters in force, as `setParameters` takes them. */
export async function presentParameters({ penalties }: Protocol): Promise<IPenaltyManager.ParametersStruct> {
  const present = await penalties.parameters();
  return {
    reportWindowEpochs: present.reportWindowEpochs,
    answerSeconds: present.answerSeconds,
    rulingSeconds: present.rulingSeconds,
    appealSeconds: present.appealSeconds,
    bountyBps: present.bountyBps,
    poolLimitBps: present.poolLimitBps,
    lowMark: present.lowMark,
    outlierDistance: present.outlierDistance,
    strikesToJail: present.strikesToJail,
    strikeWindowEpochs: present.strikeWindowEpochs,
    thirdJailBps: present.thirdJailBps,
    rulingSlashBps: present.rulingSlashBps,
    challengeDeposit: present.challengeDeposit,
  };
}

/** Sets some parameters, and leaves the others. */
export async function setPenaltyParameters(
  protocol: Protocol,
  changes: Partial<IPenaltyManager.ParametersStruct>,
): Promise<ContractTransactionResponse> {
  const next = { ...(await presentParameters(protocol)), ...changes };
  return asAuthority(protocol, protocol.penalties, "setParameters", [next]);
}

const everyoneProves = protocolFixture({
  sampling: { samples: 4, pickProbability: "1/1", missingProofSlash: "100" },
});

/** A network in which every attestation must be proven. */
export function strictProtocol(): Promise<Protocol> {
  return freshProtocol(everyoneProves);
}

export interface Culprit {
  readonly node: Node;
  readonly app: App;
  readonly epoch: number;
  readonly service: Service;
}

/** A node that attested an epoch and let the proof deadline pass. */
export async function unprovenNode(protocol: Protocol, options: { bond?: bigint } = {}): Promise<Culprit> {
  const node = await addNode(protocol, options);
  const app = await addApp(protocol);
  const epoch = (await protocol.clock.now()) + 1;
  const service = await unprovenService(protocol, node, app, epoch);
  return { node, app, epoch, service };
}

/** A service of one more epoch without a proof. */
export async function unprovenService(
  protocol: Protocol,
  node: Node,
  app: App,
  epoch: number,
): Promise<Service> {
  const service = await honestService(protocol, node, app, epoch, 2);
  await protocol.clock.goTo(epoch + 1, 10);
  await service.attest();
  await drawSeed(protocol, epoch);
  await passProofDeadline(protocol, epoch);
  return service;
}

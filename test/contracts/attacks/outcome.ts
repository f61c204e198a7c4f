/** What an attack brings, compared with the same people being honest on the same chain. */
import { formatEther } from "ethers";
import { freshProtocol } from "../support/protocol.js";
import type { Protocol } from "../support/protocol.js";
import { Network } from "./network.js";
import type { Party } from "./network.js";

export interface Outcome {
  readonly attack: string;
  /** What it brought in, in wei, before all that it cost. */
  readonly wins: bigint;
  /** What the attackers have more than if they had been honest, in wei. */
  readonly net: bigint;
}

/** The chain, its parameters and how a scenario gets a fresh one. */
export interface Setting {
  readonly name: string;
  readonly fixture: NonNullable<Parameters<typeof freshProtocol>[0]>;
  /** Probability that a node must prove. */
  readonly pick: number;
}

export interface Scenario {
  readonly name: string;
  readonly run: (setting: Setting) => Promise<Outcome[]>;
}

interface Course<S> {
  readonly prepare: (network: Network) => Promise<S>;
  readonly party: (people: S) => Party;
  /** Returns what it brought in, where that is not all that there is to it. */
  readonly act: (network: Network, people: S) => Promise<bigint | void>;
}

/** Lets a party act and says what it has more than before. */
async function gainOf<S>(
  { fixture }: Setting,
  { prepare, party, act }: Course<S>,
): Promise<{ gain: bigint; wins: bigint }> {
  const network = new Network(await freshProtocol(fixture));
  const people = await prepare(network);
  await network.begin();
  const before = await network.wealthOf(party(people));
  const wins = (await act(network, people)) ?? 0n;
  await network.letIncomeVest();
  await network.executeSlashes();
  return { gain: (await network.wealthOf(party(people))) - before, wins };
}

/** The attack next to what the same party would have had by honest means. */
export async function compare<S>(
  setting: Setting,
  attack: string,
  { honest, act, ...course }: Course<S> & { readonly honest: Course<S>["act"] },
): Promise<Outcome> {
  const fair = await gainOf(setting, { ...course, act: honest });
  const foul = await gainOf(setting, { ...course, act });
  return { attack, wins: foul.wins, net: foul.gain - fair.gain };
}

/** Two ways to set up what is otherwise the same, compared. */
export async function compareSetups<S>(
  setting: Setting,
  attack: string,
  honest: Course<S>,
  foul: Course<S>,
): Promise<Outcome> {
  const fair = await gainOf(setting, honest);
  const own = await gainOf(setting, foul);
  return { attack, wins: own.wins, net: own.gain - fair.gain };
}

/** Work, availability and fees that nodes were credited since a block. */
export async function creditedTo(
  { distributor }: Protocol,
  nodeIds: readonly bigint[],
): Promise<{ work: bigint; availability: bigint; fees: bigint }> {
  const events = await distributor.queryFilter(distributor.filters.Claimed());
  const own = events.filter(({ args }) => nodeIds.includes(args.nodeId)).map(({ args }) => args);
  const total = (values: readonly bigint[]) => values.reduce((sum, value) => sum + value, 0n);
  return {
    work: total(own.map(({ work }) => work)),
    availability: total(own.map(({ availability }) => availability)),
    fees: total(own.map(({ fees }) => fees)),
  };
}

/** A table of what each attack wins and loses, in DTEL. */
export function tableOf(rows: readonly (Outcome & { readonly setting: string })[]): string {
  const amount = (wei: bigint) => Number(formatEther(wei)).toLocaleString("en", { maximumFractionDigits: 3 });
  const cells = [
    ["attack", "parameters", "wins", "loses", "net, against honest"],
    ...rows.map(({ attack, setting, wins, net }) => [
      attack,
      setting,
      amount(wins),
      amount(wins - net),
      amount(net),
    ]),
  ];
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...cells.map((row) => row[column]!.length)));
  return cells
    .map((row) =>
      row
        .map((cell, column) => (column < 2 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
        .join("  "),
    )
    .join("\n");
}

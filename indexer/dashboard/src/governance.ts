/** Slashes, proposals and the treasury as elements of the page. */
import { el, facts, table } from "./dom.js";
import type { Child } from "./dom.js";
import { countdown, dtel, shortAddress } from "./format.js";
import type { NetworkData, NetworkState, ProposalState, SlashState } from "./network.js";
import { empty } from "./views.js";

const SLASH_KINDS: Readonly<Record<SlashState["kind"], string>> = {
  MISSING_PROOF: "no proof",
  THIRD_JAIL: "third jail",
  RULING: "ruling",
};

const PHASES: Readonly<Record<NetworkState["phase"], string>> = {
  GUARDIAN: "a guardian may pause and veto",
  COUNCIL: "a council may veto",
  DAO: "voters only",
};

const NATIVE_COIN = "0x0000000000000000000000000000000000000000";
const LONGEST_COUNTDOWN_SECONDS = 3_600;

export function slashTable(slashes: readonly SlashState[], network: NetworkState, nowMs: number): Node {
  if (slashes.length === 0) return empty("Nobody was ever slashed.");
  const status = (slash: SlashState): Child => {
    const words =
      slash.status === "OPEN"
        ? slash.appealUntil.getTime() > nowMs
          ? `appeal ${inTime(slash.appealUntil, nowMs)}`
          : "open, can be executed"
        : slash.status.toLowerCase();
    return el("span", { class: "badge", "data-state": slash.status.toLowerCase() }, words);
  };
  const summary =
    `${dtel(network.slashedInEscrow)} DTEL in escrow, ${dtel(network.slashesUpheld)} upheld, ` +
    `${dtel(network.slashesReturned)} given back`;
  return el(
    "div",
    {},
    table<SlashState>(
      "Latest slashes",
      [
        { title: "Node", cell: ({ node }) => node.number },
        { title: "For", cell: ({ kind }) => SLASH_KINDS[kind] },
        { title: "DTEL", number: true, cell: ({ amount }) => dtel(amount) },
        { title: "Status", cell: status },
      ],
      slashes,
    ),
    el("p", { class: "quiet" }, summary),
  );
}

export function proposalList(proposals: readonly ProposalState[], nowMs: number): Node[] {
  if (proposals.length === 0) return [el("li", { class: "empty" }, "Nobody has proposed anything yet.")];
  return proposals.map((proposal) => {
    const { state, forVotes, againstVotes, abstainVotes, quorum } = proposal;
    const badge = state === "ACTIVE" ? "voting" : state.toLowerCase();
    const reached = quorum !== null && forVotes + abstainVotes >= quorum;
    const votes = `${dtel(forVotes)} for, ${dtel(againstVotes)} against, ${dtel(abstainVotes)} abstain`;
    const need = quorum === null ? "" : `; quorum ${dtel(quorum)} ${reached ? "reached" : "not reached"}`;
    return el(
      "li",
      {},
      el(
        "header",
        {},
        el("strong", {}, proposal.title === "" ? "Untitled" : proposal.title),
        el("span", { class: "badge", "data-state": badge }, badge),
      ),
      tally(proposal, `${votes}${need}`),
      el("p", { class: "quiet" }, `${votes}${need}. ${nextStep(proposal, nowMs)}`),
    );
  });
}

/** The votes as parts of a bar; the same numbers stand below it. */
function tally({ forVotes, againstVotes, abstainVotes }: ProposalState, label: string): Node {
  const total = forVotes + againstVotes + abstainVotes;
  const part = (side: string, votes: bigint): Child =>
    votes > 0n && el("i", { "data-side": side, style: `width:${Number((votes * 1_000n) / total) / 10}%` });
  return el(
    "div",
    { class: "tally", role: "img", "aria-label": label },
    part("for", forVotes),
    part("against", againstVotes),
    part("abstain", abstainVotes),
  );
}

function nextStep({ state, voteStartAt, voteEndAt, executableAt }: ProposalState, nowMs: number): string {
  if (state === "PENDING") return `The vote begins ${inTime(voteStartAt, nowMs)}.`;
  if (state === "ACTIVE") return `The vote ends ${inTime(voteEndAt, nowMs)}.`;
  if (state === "SUCCEEDED") return "It can be queued.";
  if (state !== "QUEUED" || executableAt === null) return "";
  return executableAt.getTime() <= nowMs
    ? "It can be executed."
    : `It can be executed ${inTime(executableAt, nowMs)}.`;
}

export function treasuryFacts(data: NetworkData, network: NetworkState): Node[] {
  const unit = (asset: string): string =>
    asset === network.token ? "DTEL" : asset === NATIVE_COIN ? "native coin" : shortAddress(asset);
  const open = data.treasuryStreams.filter(({ amount, paid }) => paid < amount);
  const [latest] = data.treasuryPayments;
  return facts([
    ["Holds", `${dtel(network.treasury.balance)} DTEL`],
    [
      "Grants",
      open.length === 0
        ? "none running"
        : open
            .slice(0, 4)
            .map(
              ({ recipient, amount, paid, asset }) =>
                `${shortAddress(recipient.id)}: ${dtel(paid)} of ${dtel(amount)} ${unit(asset)}`,
            )
            .join("; "),
    ],
    [
      "Last paid",
      latest === undefined
        ? "nothing yet"
        : `${dtel(latest.amount)} ${unit(latest.asset)} ${latest.to === null ? "burned" : `to ${shortAddress(latest.to.id)}`}`,
    ],
    ["DTEL in all", dtel(network.tokenSupply)],
    ["Power", PHASES[network.phase]],
  ]);
}

/** A time to come: how long, or when. */
function inTime(date: Date, nowMs: number): string {
  const seconds = (date.getTime() - nowMs) / 1_000;
  if (seconds <= LONGEST_COUNTDOWN_SECONDS) return `in ${countdown(seconds)}`;
  return `on ${date.toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" })}`;
}

/** The network's state as elements of the page. */
import { el, facts, svg, table } from "./dom.js";
import type { Child } from "./dom.js";
import { bytes, clockTime, count, countdown, dtel, percent, shortAddress } from "./format.js";
import { EPOCHS_SHOWN } from "./network.js";
import type { AppState, EpochState, NetworkData, NetworkState, NodeState } from "./network.js";
import { PHASE_NAMES, phaseOf } from "./phases.js";

/** The running epoch and what happens to the one before it meanwhile. */
export function runningEpoch(network: NetworkState, nowMs: number): Node[] {
  const elapsed = (nowMs - network.genesisAt.getTime()) / 1_000;
  const epoch = Math.floor(elapsed / network.epochSeconds);
  const into = elapsed - epoch * network.epochSeconds;
  const firstHalf = into < network.epochSeconds / 2;
  const before = epoch - 1;
  const meanwhile = firstHalf
    ? `Nodes attest what they delivered in epoch ${before}.`
    : `A random seed picks who must prove epoch ${before}; then it is paid.`;
  return [
    el("h1", { id: "now-title" }, `Epoch ${count(epoch)}`),
    el("progress", {
      max: network.epochSeconds,
      value: into.toFixed(1),
      "aria-label": "Time into the epoch",
    }),
    el("p", {}, `Ends in ${countdown(network.epochSeconds - into)}. `, before < 0 ? "" : meanwhile),
  ];
}

export function totals(network: NetworkState): Node[] {
  const tile = (title: string, value: string, unit: string, note = "", kind?: string) =>
    el(
      "div",
      { class: kind },
      el("dt", {}, title),
      el("dd", {}, value, el("small", {}, ` ${unit}`), el("small", { class: "note" }, note)),
    );
  const share = (part: bigint) =>
    network.feesCollected === 0n
      ? ""
      : `${percent(Number((part * 10_000n) / network.feesCollected))} of fees`;
  const [delivered = "", unit = ""] = bytes(network.bytesDelivered).split(" ");
  return [
    tile(
      "Nodes",
      count(network.activeNodes),
      `of ${count(network.nodes)} serve`,
      `${dtel(network.bonded + network.delegated)} DTEL staked`,
    ),
    tile("Delivered", delivered, unit, `in ${count(network.sessions)} sessions`),
    tile("Attestations", count(network.attestations), "", `${count(network.proofs)} proven`),
    tile("Fees paid by apps", dtel(network.feesCollected), "DTEL"),
    tile("Burned", dtel(network.feesBurned), "DTEL", share(network.feesBurned), "burned"),
    tile("To the treasury", dtel(network.feesTreasury), "DTEL", share(network.feesTreasury)),
    tile("To stakers", dtel(network.feesStakers), "DTEL", share(network.feesStakers)),
    tile(
      "Rewards earned",
      dtel(network.workRewards + network.availabilityRewards),
      "DTEL",
      `${dtel(network.workRewards)} for work`,
      "earned",
    ),
  ];
}

export function epochTable(epochs: readonly EpochState[], network: NetworkState, nowMs: number): Node {
  if (epochs.length === 0) return empty("The first epoch has only begun.");
  /** Of an epoch in service nothing is known yet: a dash, not a zero. */
  const known = (cell: (epoch: EpochState) => Child) => (epoch: EpochState) =>
    phaseOf(epoch, network.epochSeconds, nowMs) === "service" ? "–" : cell(epoch);
  return table<EpochState>(
    "Latest epochs",
    [
      { title: "Epoch", cell: (epoch) => count(epoch.number) },
      {
        title: "Phase",
        cell: (epoch) => {
          const phase = phaseOf(epoch, network.epochSeconds, nowMs);
          return el("span", { class: "phase", "data-phase": phase }, PHASE_NAMES[phase]);
        },
      },
      {
        title: "Attested",
        number: true,
        cell: known((epoch) => `${epoch.attestationCount} of ${network.nodes}`),
      },
      { title: "Proven", number: true, cell: known((epoch) => epoch.proofCount) },
      { title: "Sessions", number: true, cell: known((epoch) => count(epoch.sessions)) },
      { title: "Delivered", number: true, cell: known((epoch) => bytes(epoch.bytesDelivered)) },
      { title: "Fees", number: true, cell: known((epoch) => dtel(epoch.feesCollected)) },
      { title: "Burned", number: true, cell: known((epoch) => dtel(epoch.feesBurned)) },
      {
        title: "Rewards",
        number: true,
        cell: known((epoch) => dtel(epoch.workRewards + epoch.availabilityRewards)),
      },
    ],
    epochs.slice(0, 9),
  );
}

export function charts(epochs: readonly EpochState[]): Node[] {
  const chart = (
    kind: string,
    title: string,
    value: (epoch: EpochState) => bigint,
    show: (v: bigint) => string,
  ) => barChart(kind, title, epochs, value, show);
  return [
    chart("bytes", "Delivered", (epoch) => epoch.bytesDelivered, bytes),
    chart(
      "fees",
      "Fees",
      (epoch) => epoch.feesCollected,
      (wei) => `${dtel(wei)} DTEL`,
    ),
    chart(
      "rewards",
      "Rewards",
      (epoch) => epoch.workRewards + epoch.availabilityRewards,
      (wei) => `${dtel(wei)} DTEL`,
    ),
  ];
}

/** One bar an epoch, the newest on the right. The same numbers are in the table of epochs. */
function barChart(
  kind: string,
  title: string,
  epochs: readonly EpochState[],
  value: (epoch: EpochState) => bigint,
  show: (value: bigint) => string,
): Node {
  const height = 74;
  const slot = 20;
  const peak = epochs.reduce((most, epoch) => (value(epoch) > most ? value(epoch) : most), 0n);
  const bars = epochs.map((epoch, age) => {
    const share = peak === 0n ? 0 : Number((value(epoch) * 1_000n) / peak) / 1_000;
    const bar = Math.max(2, share * (height - 2));
    return svg(
      "rect",
      {
        class: share === 0 ? "empty" : undefined,
        x: (EPOCHS_SHOWN - 1 - age) * slot + 2,
        y: height - bar,
        width: slot - 4,
        height: bar,
        rx: 3,
      },
      svg("title", {}, `Epoch ${epoch.number}: ${show(value(epoch))}`),
    );
  });
  return el(
    "div",
    { class: `card chart ${kind}` },
    el("h3", {}, title, el("span", { class: "quiet" }, `at most ${show(peak)} an epoch`)),
    svg(
      "svg",
      {
        viewBox: `0 0 ${EPOCHS_SHOWN * slot} ${height}`,
        preserveAspectRatio: "none",
        role: "img",
        "aria-label": `${title} by epoch, at most ${show(peak)}`,
      },
      ...bars,
    ),
  );
}

export function nodeCards(nodes: readonly NodeState[], network: NetworkState): Node[] {
  if (nodes.length === 0) return [empty("No node is registered yet.")];
  return nodes.map((node) => {
    const { pool } = node;
    return el(
      "article",
      { class: "card node" },
      el("header", {}, el("h3", {}, `Node ${node.number}`), statusBadge(node), el("code", {}, node.endpoint)),
      epochSquares(node, network),
      el(
        "dl",
        { class: "facts" },
        ...facts([
          ["Delivered", `${bytes(node.bytesDelivered)} in ${count(node.sessions)} sessions`],
          ["Fees", `${dtel(node.feesCollected)} DTEL`],
          ["Rewards", `${dtel(node.workRewards + node.availabilityRewards)} DTEL`],
          ["Audits", auditWords(node)],
          ["Strikes", strikeWords(node)],
          ["Price", `${dtel(node.pricePerGB)} DTEL per GB`],
          ["Bond", pool === null ? "none" : `${dtel(pool.bond)} DTEL`],
          [
            "Delegated",
            pool === null ? "none" : `${dtel(pool.assets)} DTEL, ${percent(pool.commissionBps)} commission`,
          ],
          ["Owner", el("code", { title: node.owner.id }, shortAddress(node.owner.id))],
        ]),
      ),
    );
  });
}

/** Whether the node serves. */
function statusBadge(node: NodeState): Node {
  const state = node.jailed ? "jailed" : node.status.toLowerCase();
  return el("span", { class: "badge", "data-state": state }, node.jailed ? "in jail" : state);
}

/** What other nodes found of it lately. */
function auditWords({ seat, lastAuditScore, lastScoredEpoch }: NodeState): string {
  const place = seat === null ? "no seat" : `seat ${seat}`;
  return lastAuditScore === null
    ? `${place}, no score yet`
    : `${percent(lastAuditScore)} in epoch ${lastScoredEpoch}, ${place}`;
}

function strikeWords({ strikeRecords, jailings, slashed }: NodeState): string {
  const words = [strikeRecords.length === 0 ? "none" : String(strikeRecords.length)];
  if (jailings > 0) words.push(`${jailings} × in jail`);
  if (slashed > 0n) words.push(`${dtel(slashed)} DTEL slashed`);
  return words.join(", ");
}

/** What the node did in each of the latest epochs that it could have attested. */
function epochSquares(node: NodeState, network: NetworkState): Node {
  const known = new Map(node.epochs.map((epoch) => [epoch.number, epoch]));
  const registeredIn = Math.floor(
    (node.registeredAt.getTime() - network.genesisAt.getTime()) / 1_000 / network.epochSeconds,
  );
  const squares: Node[] = [];
  for (let number = network.currentEpoch - 1; number > network.currentEpoch - 1 - EPOCHS_SHOWN; number -= 1) {
    if (number < Math.max(registeredIn, 0)) break;
    const epoch = known.get(number);
    // The epoch that just ended can still be attested.
    const late = number < network.currentEpoch - 1;
    const state =
      epoch === undefined || epoch.status === "NONE"
        ? late
          ? "missed"
          : "open"
        : epoch.claimed
          ? "claimed"
          : epoch.status.toLowerCase();
    const words = state === "claimed" ? "paid" : state === "open" ? "can still be attested" : state;
    squares.push(
      el(
        "li",
        { class: "square", "data-state": state, title: `Epoch ${number}: ${words}` },
        hidden(`${number} ${words}`),
      ),
    );
  }
  return el("ul", { class: "squares", "aria-label": "Latest epochs, newest first" }, ...squares);
}

export function appTable(apps: readonly AppState[]): Node {
  if (apps.length === 0) return empty("No app has paid in yet.");
  return table<AppState>(
    "Apps",
    [
      { title: "App", cell: (app) => el("code", { title: app.id }, shortAddress(app.id)) },
      { title: "Paid", number: true, cell: (app) => dtel(app.paid) },
      {
        title: "Judged",
        number: true,
        cell: (app) => (app.paid === 0n ? "–" : percent(Number((app.score * 10_000n) / app.paid))),
      },
      { title: "Reserved", number: true, cell: (app) => dtel(app.reserved) },
      { title: "Free", number: true, cell: (app) => dtel(app.balance) },
      {
        title: "Signers",
        number: true,
        cell: (app) => app.signers.filter(({ lastEpoch }) => lastEpoch === null).length,
      },
    ],
    apps,
  );
}

export function activity(data: NetworkData): Node[] {
  const events = [
    ...data.attestations.map((one) => ({
      ...one,
      text: `Node ${one.node.number} attested epoch ${one.epochNumber}: ${bytes(one.bytesDelivered)}`,
    })),
    ...data.serviceProofs.map((one) => ({
      ...one,
      text: `Node ${one.node.number} proved epoch ${one.epoch.number}`,
    })),
    ...data.rewardClaims.map((one) => ({
      ...one,
      text: `${nodeName(one.node)} was paid ${dtel(one.total)} DTEL for epoch ${one.epochNumber}`,
    })),
    ...data.voucherCollections.map((one) => ({
      ...one,
      text: `${nodeName(one.node)} collected ${dtel(one.amount)} DTEL, ${dtel(one.burned)} burned`,
    })),
  ];
  if (events.length === 0) return [el("li", { class: "empty" }, "Nothing yet.")];
  return events
    .sort((a, b) => b.timestamp.getTime() - a.timestamp.getTime())
    .slice(0, 30)
    .map((event) =>
      el(
        "li",
        {},
        el("time", { datetime: event.timestamp.toISOString() }, clockTime(event.timestamp)),
        el("span", {}, event.text),
      ),
    );
}

function nodeName(node: { readonly number: number } | null): string {
  return node === null ? "A node that nobody has" : `Node ${node.number}`;
}

export function empty(text: string): HTMLElement {
  return el("p", { class: "empty" }, text);
}

/** For screen readers only. */
function hidden(text: string): Node {
  return el("span", { class: "hidden" }, text);
}

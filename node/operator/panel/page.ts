import { createHash } from "node:crypto";
import { formatEther } from "ethers";
import type { MediaLoad } from "../../media/LoadMeter.js";
import type { EpochLine } from "../epochHistory.js";
import type { HealthReading } from "../health/healthMonitor.js";
import type { AppReceipts } from "../receiptSummary.js";
import type { NodeStatus } from "../status.js";
import { Html, markup } from "./html.js";
import type { Content } from "./html.js";
import { STYLES } from "./styles.js";

/** What the panel's buttons do. */
export type PanelAction = "drain" | "activate" | "release";

export interface PanelView {
  readonly status: NodeStatus;
  readonly problems: readonly string[];
  readonly health: HealthReading;
  readonly load: MediaLoad;
  readonly rooms: readonly { readonly name: string; readonly peers: number }[];
  readonly apps: readonly AppReceipts[];
  readonly epochs: readonly EpochLine[];
  /** Nodes that this one is linked with; undefined where links are off. */
  readonly links: number | undefined;
  /** Shows that a form comes from this page. */
  readonly formToken: string;
  /** Of the page's one script. */
  readonly nonce: string;
}

const REFRESH_MS = 10_000;
const ROOMS_SHOWN = 20;
/** Loads the page anew, unless somebody is about to press a button. */
const SCRIPT = `setInterval(() => { if (!document.hidden && document.activeElement?.tagName !== "BUTTON") location.reload(); }, ${REFRESH_MS});`;
const STYLE_HASH = createHash("sha256").update(STYLES).digest("base64");

/** Nothing is loaded from anywhere, nothing inline runs but what is named here, and no other page may frame this one. */
export function panelHeaders(nonce: string): Record<string, string> {
  return {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": [
      "default-src 'none'",
      `style-src 'sha256-${STYLE_HASH}'`,
      `script-src 'nonce-${nonce}'`,
      "form-action 'self'",
      "frame-ancestors 'none'",
      "base-uri 'none'",
    ].join("; "),
    "referrer-policy": "same-origin",
    "x-frame-options": "DENY",
  };
}

/** Constants of this folder only. */
const raw = (text: string): Html => new Html(text);

/** The whole page. What participants, apps and other nodes call themselves is escaped wherever it stands. */
export function renderPanel(view: PanelView): string {
  const { status, problems, nonce } = view;
  const healthy = problems.length === 0;
  const page = markup`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${healthy ? "" : "⚠ "}node ${status.nodeId}</title>
        <style>${raw(STYLES)}</style>
      </head>
      <body>
        <header>
          <h1>Node ${status.nodeId}</h1>
          <span class="state ${healthy ? "good" : "bad"}">${headline(problems)}</span>
          <span class="soft">epoch ${status.epoch}, ${standing(status)}</span>
        </header>
        <main>
          ${alarms(view)} ${controls(view)} ${sessions(view)}
          ${apps(view)} ${work(view)} ${money(view)} ${audits(view)} ${epochs(view)} ${machine(view)}
        </main>
        <script nonce="${nonce}">${raw(SCRIPT)}</script>
      </body>
    </html> `;
  return page.toString();
}

function headline(problems: readonly string[]): string {
  return problems.length === 0 ? "all is well" : `${problems.length} to look into`;
}

function standing({ seat, jail }: NodeStatus): string {
  if (jail?.jailed === true) return "in jail";
  if (!seat.wanted) return seat.seat === undefined ? "in maintenance" : "going into maintenance";
  return seat.seat === undefined ? "no seat in the audit ring yet" : "serving";
}

function alarms({ problems, status }: PanelView): Html | undefined {
  const messages = [...new Set([...problems, ...status.alarms.map(({ message }) => message)])];
  if (messages.length === 0) return undefined;
  return markup`<section class="wide" role="alert">
    <h2 class="bad">Alarms</h2>
    <ul>
      ${messages.map((problem) => markup`<li>${problem}</li>`)}
    </ul>
  </section>`;
}

function controls({ status, formToken }: PanelView): Html {
  const button = (action: PanelAction, label: string): Html =>
    markup`<form method="post" action="/panel/${action}">
      <input type="hidden" name="token" value="${formToken}" /><button>${label}</button>
    </form>`;
  const { seat, jail } = status;
  return markup`<section class="wide">
    <h2>Maintenance</h2>
    <div class="buttons">
      ${seat.wanted ? button("drain", "Drain: leave the ring") : button("activate", "Activate: serve again")}
      ${jail?.jailed === true ? button("release", "Release from jail") : undefined}
    </div>
  </section>`;
}

function sessions({ status, load, rooms, links }: PanelView): Html {
  const shown = rooms.slice(0, ROOMS_SHOWN);
  return card("Sessions", [
    figures([
      ["participants served", status.sessions],
      ["rooms", load.rooms],
      ["tracks in / out", `${load.publications} / ${load.subscriptions}`],
      ["sent now", `${(load.outgoingBitsPerSecond / 1e6).toFixed(1)} Mbit/s`],
      ...(links === undefined ? [] : [["linked nodes", links] as const]),
    ]),
    shown.length === 0
      ? undefined
      : table(
          ["room", "participants"],
          shown.map(({ name, peers }) => [name, peers]),
        ),
    rooms.length > shown.length
      ? markup`<p class="soft">and ${rooms.length - shown.length} more rooms</p>`
      : undefined,
  ]);
}

function apps({ apps: lines, status }: PanelView): Html {
  const { receipts } = status;
  return card("Receipts and quality", [
    figures([
      ["stored in this run", receipts.storedInThisRun],
      ["last one", receipts.lastAgeSeconds === undefined ? "none yet" : `${receipts.lastAgeSeconds} s ago`],
    ]),
    lines.length === 0
      ? markup`<p class="soft">No receipts in this epoch yet.</p>`
      : table(
          ["app", "sessions", "delivered", "quality"],
          lines.map(({ app, sessions: count, bytesDelivered, quality }) => [
            shortAddress(app),
            count,
            bytes(bytesDelivered),
            percent(quality),
          ]),
        ),
  ]);
}

function work({ status }: PanelView): Html {
  const { attestation, queue, dutyFailures } = status;
  const failures = Object.entries(dutyFailures).filter(([, count]) => count > 0);
  return card("Jobs", [
    figures([
      ["epochs with something left to do", attestation.openEpochs.length],
      ["transactions on their way", queue.length],
      ["webhook events waiting", status.webhooks.waiting],
    ]),
    queue.length === 0
      ? undefined
      : table(
          ["transaction", "nonce", "sent"],
          queue.map(({ intent, nonce, attempts }) => [intent, nonce, `${attempts}×`]),
        ),
    failures.length === 0 ? undefined : table(["duty", "failures"], failures),
  ]);
}

function money({ status }: PanelView): Html {
  const { earnings, chain, seat } = status;
  return card("Earnings and stake", [
    figures([
      ["owed by apps", dtel(earnings.owed)],
      ["promised by vouchers", dtel(earnings.promised)],
      ["left unsigned", dtel(earnings.lost)],
      ["seat in the audit ring", seat.seat ?? (seat.seatAhead ? "from the next epochs on" : "none")],
      ["coins for gas", trimmed(chain.balance)],
      ...(status.gas.runwayDays === undefined
        ? []
        : [["they last for", `${status.gas.runwayDays.toFixed(1)} days`] as const]),
      ["operator", shortAddress(status.operator)],
    ]),
  ]);
}

function audits({ status }: PanelView): Html {
  const { given, received } = status.audits;
  const scores = Object.entries(given);
  return card("Audits", [
    figures([
      [
        "received",
        received === undefined
          ? "none yet"
          : `${percent(received.median)} from ${received.auditors} in epoch ${received.epoch}`,
      ],
    ]),
    scores.length === 0
      ? markup`<p class="soft">None given in the last epoch.</p>`
      : table(
          ["given to node", "score"],
          scores.map(([node, score]) => [node, percent(score)]),
        ),
  ]);
}

function epochs({ epochs: lines }: PanelView): Html {
  const state = ({ status, claimed, settled }: EpochLine): string => {
    if (status === undefined) return "not known";
    return `${status === "none" ? "not attested" : status}${claimed === true ? ", claimed" : ""}${settled ? "" : " · open"}`;
  };
  return card(
    "Epochs",
    lines.length === 0
      ? markup`<p class="soft">None is over yet.</p>`
      : table(
          ["epoch", "sessions", "delivered", "state"],
          lines.map((line) => [line.epoch, line.sessions, bytes(Number(line.bytesDelivered)), state(line)]),
        ),
  );
}

function machine({ status, health, load }: PanelView): Html {
  const { media, store, eventLoop } = health;
  const working = media.filter((probe) => probe.ok).length;
  return card("Machine and chain", [
    figures([
      ["workers that forward media", `${working} of ${media.length}`],
      ["CPU of workers", load.workers.map(({ cpuShare }) => `${Math.round(cpuShare * 100)} %`).join(", ")],
      ["write to disk", store.ok ? `${store.writeMs.toFixed(1)} ms` : store.error],
      [
        "event loop delay",
        `${eventLoop.meanDelayMs.toFixed(1)} ms, at most ${eventLoop.maxDelayMs.toFixed(0)}`,
      ],
      ["newest block", `${status.chain.block}, ${status.chain.blockAgeSeconds} s old`],
    ]),
  ]);
}

function card(title: string, content: Content): Html {
  return markup`<section>
    <h2>${title}</h2>
    ${content}
  </section>`;
}

function figures(lines: readonly (readonly [string, Content])[]): Html {
  return markup`<dl>
    ${lines.map(
      ([name, value]) =>
        markup`<dt>${name}</dt>
          <dd>${value}</dd>`,
    )}
  </dl>`;
}

/** The first column is a name, the others are figures. */
function table(heads: readonly string[], rows: readonly (readonly Content[])[]): Html {
  const line = (cells: readonly Content[], isHead: boolean): Html =>
    markup`<tr>
      ${cells.map((cell, index) => {
        if (isHead) return index === 0 ? markup`<th>${cell}</th>` : markup`<th class="number">${cell}</th>`;
        return index === 0 ? markup`<td>${cell}</td>` : markup`<td class="number">${cell}</td>`;
      })}
    </tr>`;
  return markup`<div class="scroll">
    <table>
      ${line(heads, true)}${rows.map((row) => line(row, false))}
    </table>
  </div>`;
}

const NO_BREAK = "\u00a0";
const UNITS = ["B", "kB", "MB", "GB", "TB", "PB"] as const;

function bytes(count: number): string {
  const power = Math.min(UNITS.length - 1, count < 1 ? 0 : Math.floor(Math.log10(count) / 3));
  return `${(count / 1_000 ** power).toFixed(power === 0 ? 0 : 1)} ${UNITS[power] ?? "B"}`.replace(
    " ",
    NO_BREAK,
  );
}

function percent(score: number): string {
  return `${(score / 100).toFixed(1)}${NO_BREAK}%`;
}

function dtel(wei: string): string {
  return `${trimmed(wei)} DTEL`;
}

/** Whole units with at most four decimals. */
function trimmed(wei: string): string {
  return Number(formatEther(BigInt(wei))).toLocaleString("en", { maximumFractionDigits: 4 });
}

function shortAddress(address: string): string {
  return address.length > 14 ? `${address.slice(0, 8)}…${address.slice(-4)}` : address;
}

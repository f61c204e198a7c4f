/** The network's page: live state from the API, and a call to join. */
import { z } from "zod/mini";
import { listRooms } from "../../../scripts/devnet/app/tokenExchange.js";
import { startCallPanel } from "./call.js";
import { byId } from "./dom.js";
import { watchNetwork } from "./network.js";
import type { Connection, NetworkData } from "./network.js";
import { proposalList, slashTable, treasuryFacts } from "./governance.js";
import { activity, appTable, charts, epochTable, nodeCards, runningEpoch, totals } from "./views.js";

/** What whoever runs the API tells the page about where else to go. */
const configSchema = z.object({
  /** Backend of an app that lets people into its rooms. */
  appEndpoint: z.nullish(z.string()),
});

const CONNECTION_WORDS: Readonly<Record<Connection, string>> = {
  connecting: "connecting",
  live: "live",
  lost: "connection lost, trying again",
};

const connection = byId("connection", HTMLElement);
const slot = (id: string) => byId(id, HTMLElement);

let latest: NetworkData | undefined;
let scheduled = false;

/** Answers to several subscriptions arrive together: one drawing for all of them. */
function redraw(): void {
  if (scheduled) return;
  scheduled = true;
  requestAnimationFrame(() => {
    scheduled = false;
    drawClock();
    const network = latest?.networks[0];
    if (latest === undefined || network === undefined) return;
    const now = Date.now();
    slot("totals").replaceChildren(...totals(network));
    slot("epoch-table").replaceChildren(epochTable(latest.epochs, network, now));
    slot("charts").replaceChildren(...charts(latest.epochs));
    slot("node-cards").replaceChildren(...nodeCards(latest.nodes, network));
    slot("slash-table").replaceChildren(slashTable(latest.slashes, network, now));
    slot("proposal-list").replaceChildren(...proposalList(latest.proposals, now));
    slot("treasury-facts").replaceChildren(...treasuryFacts(latest, network));
    slot("app-table").replaceChildren(appTable(latest.apps));
    slot("activity").replaceChildren(...activity(latest));
  });
}

function drawClock(): void {
  const network = latest?.networks[0];
  if (network !== undefined) slot("now").replaceChildren(...runningEpoch(network, Date.now()));
}

setInterval(drawClock, 1_000);

watchNetwork(new URL("graphql", location.href.replace(/^http/, "ws")).href, {
  onData(data) {
    latest = data;
    redraw();
  },
  onConnection(state) {
    connection.dataset.state = state;
    connection.textContent = CONNECTION_WORDS[state];
  },
  onError(message) {
    console.error(message);
    connection.dataset.state = "lost";
    connection.textContent = message;
  },
});

const answer = await fetch("config.json");
const { appEndpoint } = configSchema.parse(answer.ok ? await answer.json() : {});
if (appEndpoint == null) startCallPanel(undefined);
else {
  const rooms = await listRooms(appEndpoint).catch((error: unknown) => {
    console.error(error);
    return [];
  });
  startCallPanel({ appUrl: appEndpoint, rooms });
}

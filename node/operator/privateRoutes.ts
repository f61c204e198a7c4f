import { randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { z } from "zod";
import type { ClusterLinks } from "../cluster/createRoomLinks.js";
import type { MediaServer } from "../media/MediaServer.js";
import { ScoresRefused } from "../service/audits/auditDesk.js";
import type { SignalingServer } from "../signaling/signalingServer.js";
import { REACH_LIFETIME_MS } from "./doctor/mediaChecks.js";
import type { HealthMonitor } from "./health/healthMonitor.js";
import { ReleaseRefused } from "./jail.js";
import type { NodeMetrics } from "./metrics/nodeMetrics.js";
import type { NodeService } from "./nodeService.js";
import { panelHeaders, renderPanel } from "./panel/page.js";
import type { PanelAction } from "./panel/page.js";
import { openReachTargets } from "./reach/reachTarget.js";
import type { ReachTargets } from "./reach/reachTarget.js";

/** What the operator sees and decides. */
export interface PrivateParts {
  readonly service: NodeService;
  readonly media: MediaServer;
  readonly health: HealthMonitor;
  readonly metrics: NodeMetrics;
  readonly signaling: Pick<SignalingServer, "participants" | "connections">;
  readonly links: Pick<ClusterLinks, "status"> | undefined;
  /** Moves participants for at most so long, then ends the node. */
  readonly stop: (deadlineMs: number) => void;
}

export interface PrivateAnswer {
  readonly status: number;
  /** Sent as JSON, unless there is text. */
  readonly body?: object;
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const NOT_FOUND: PrivateAnswer = {
  status: 404,
  body: {
    error:
      "served here: GET / (panel), /health, /status, /metrics; GET and PUT /audits/<epoch>; " +
      "POST /drain, /activate, /release, /stop, /media-test",
  },
};
const stopSchema = z.strictObject({ deadlineMs: z.int().min(0).max(3_600_000) });
const ACTIONS: ReadonlySet<string> = new Set<PanelAction>(["drain", "activate", "release"]);
const isAction = (name: string): name is PanelAction => ACTIONS.has(name);

/**
 * What an operator asks on the private port:
 *
 *     GET /                  the panel, for people
 *     GET /health            200 or 503, and what is wrong
 *     GET /status            the whole status
 *     GET /metrics           for Prometheus
 *     GET /audits/<epoch>    whom this node audits, and what was found
 *     PUT /audits/<epoch>    {"scores": {"<node id>": 0 to 10000}}, from an auditor
 *     POST /drain            maintenance: the node leaves the audit ring, then takes no joins
 *     POST /activate         the node serves again
 *     POST /release          out of jail, where its time is over
 *     POST /stop             {"deadlineMs"}: participants are moved, then the node ends
 *     POST /media-test       tests media now, and opens targets on the media ports for `doctor`
 */
export function privateRoutes(
  parts: PrivateParts,
): (request: IncomingMessage, body: string | undefined) => Promise<PrivateAnswer> {
  const { service, health, metrics, media } = parts;
  // The panel's buttons carry it: who can read the page may use them.
  const formToken = randomBytes(32).toString("base64url");
  let targets: ReachTargets | undefined;

  const act = async (action: PanelAction): Promise<PrivateAnswer> => {
    if (action === "release") {
      try {
        await service.jail.release();
      } catch (error) {
        if (error instanceof ReleaseRefused) return { status: 409, body: { error: error.message } };
        throw error;
      }
      service.seat.want(true);
      return { status: 200, body: service.seat.status };
    }
    service.seat.want(action === "activate");
    return { status: 202, body: service.seat.status };
  };

  const fromPanel = async (action: string, body: string | undefined): Promise<PrivateAnswer> => {
    const form = new URLSearchParams(body ?? "");
    if (!isAction(action)) return NOT_FOUND;
    if (!sameSecret(form.get("token") ?? "", formToken))
      return { status: 403, body: { error: "the page is of an earlier run of the node: load it again" } };
    const { status, body: result } = await act(action);
    if (status < 400) return { status: 303, text: "", headers: { location: "/" } };
    return { status, body: result ?? {} };
  };

  return async (request, body) => {
    const path = new URL(request.url ?? "/", "http://private").pathname;
    const [, first = "", second] = path.split("/");
    const epoch = /^\/audits\/(\d{1,9})$/.exec(path)?.[1];
    if (body === undefined) return { status: 413, body: { error: "the request is too long" } };
    if (request.method === "POST" && first === "panel") return fromPanel(second ?? "", body);
    switch (`${request.method} ${epoch === undefined ? path : "/audits"}`) {
      case "GET /":
        return panel(parts, formToken);
      case "GET /health": {
        const reading = await nodeHealth(parts);
        return { status: reading.healthy ? 200 : 503, body: reading };
      }
      case "GET /status":
        return { status: 200, body: await wholeStatus(parts) };
      case "GET /metrics":
        return {
          status: 200,
          text: await metrics.render(),
          headers: { "content-type": metrics.contentType },
        };
      case "GET /audits":
        return { status: 200, body: await service.audits.view(Number(epoch)) };
      case "PUT /audits":
        return handIn(service, Number(epoch), body);
      case "POST /drain":
        return act("drain");
      case "POST /activate":
        return act("activate");
      case "POST /release":
        return act("release");
      case "POST /stop": {
        const wish = stopSchema.safeParse(parseJson(body));
        if (!wish.success) return { status: 400, body: { error: "expected {deadlineMs}, at most an hour" } };
        parts.stop(wish.data.deadlineMs);
        return { status: 202, body: { participants: parts.signaling.participants } };
      }
      case "POST /media-test": {
        const { media: selfTest } = await health.test();
        targets?.close();
        targets = await openReachTargets(media.workers, REACH_LIFETIME_MS);
        return { status: 200, body: { selfTest, targets: targets.targets } };
      }
      default:
        return NOT_FOUND;
    }
  };
}

/** The node's health: what its status and its own tests say. */
async function nodeHealth({ service, health }: PrivateParts) {
  const { problems } = await service.status();
  const all = [...problems, ...health.problems];
  return { healthy: all.length === 0, problems: all, selfTest: health.reading };
}

async function wholeStatus(parts: PrivateParts) {
  const { service, media, health, signaling, links } = parts;
  const status = await service.status();
  const problems = [...status.problems, ...health.problems];
  return {
    ...status,
    healthy: problems.length === 0,
    problems,
    participants: signaling.participants,
    media: media.load,
    selfTest: health.reading,
    ...(links === undefined ? {} : { cluster: { ...links.status, links: links.status.links.map(String) } }),
  };
}

async function panel(parts: PrivateParts, formToken: string): Promise<PrivateAnswer> {
  const { service, media, health, links } = parts;
  const [status, epochs, apps] = await Promise.all([
    service.status(),
    service.history.read(),
    service.receiptSummary.read(),
  ]);
  const nonce = randomBytes(16).toString("base64");
  const rooms = media.rooms.map((room) => ({ name: room.name, peers: room.peers.length }));
  const text = renderPanel({
    ...{ status, epochs, apps, rooms, formToken, nonce, load: media.load },
    ...{ health: health.reading, problems: [...status.problems, ...health.problems] },
    links: links?.status.links.length,
  });
  return { status: 200, text, headers: panelHeaders(nonce) };
}

function handIn(service: NodeService, epoch: number, body: string): PrivateAnswer {
  try {
    service.audits.handIn(epoch, parseJson(body));
  } catch (error) {
    if (error instanceof ScoresRefused) return { status: 409, body: { error: error.message } };
    throw error;
  }
  return { status: 200, body: { epoch } };
}

function sameSecret(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

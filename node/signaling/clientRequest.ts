import { z } from "zod";
import { clientRequests } from "../protocol/signaling.js";
import type { ClientMethod } from "../protocol/signaling.js";
import { RequestError } from "./requestError.js";

/** A client's request, checked. */
export type ClientRequest = {
  [M in ClientMethod]: { readonly method: M; readonly data: z.output<(typeof clientRequests)[M]["data"]> };
}[ClientMethod];

/** A request of somebody who is in a room. */
export type ParticipantRequest = Exclude<ClientRequest, { method: "join" | "resume" | "ping" }>;

/** Throws RequestError: unknown_method, invalid_request. */
export function parseRequest(method: string, data: unknown): ClientRequest {
  if (!isClientMethod(method)) throw new RequestError("unknown_method", `there is no request "${method}"`);
  const parsed = requestSchema.safeParse({ method, data });
  if (!parsed.success) {
    throw new RequestError("invalid_request", `${method}: ${z.prettifyError(parsed.error).slice(0, 1_024)}`);
  }
  return parsed.data;
}

function isClientMethod(method: string): method is ClientMethod {
  return Object.hasOwn(clientRequests, method);
}

const shape = <const M extends string, S extends z.ZodType>(method: M, { data }: { readonly data: S }) =>
  z.object({ method: z.literal(method), data });

/** Each method with its schema, so that what comes out is one of `ClientRequest` and not a mixture of them. */
const requestSchema = z.discriminatedUnion("method", [
  shape("join", clientRequests.join),
  shape("resume", clientRequests.resume),
  shape("createTransport", clientRequests.createTransport),
  shape("connectTransport", clientRequests.connectTransport),
  shape("restartIce", clientRequests.restartIce),
  shape("produce", clientRequests.produce),
  shape("closeProducer", clientRequests.closeProducer),
  shape("pauseProducer", clientRequests.pauseProducer),
  shape("resumeProducer", clientRequests.resumeProducer),
  shape("resumeConsumer", clientRequests.resumeConsumer),
  shape("pauseConsumer", clientRequests.pauseConsumer),
  shape("setPreferredLayers", clientRequests.setPreferredLayers),
  shape("setConsumerPriority", clientRequests.setConsumerPriority),
  shape("requestKeyFrame", clientRequests.requestKeyFrame),
  shape("produceData", clientRequests.produceData),
  shape("closeDataProducer", clientRequests.closeDataProducer),
  shape("moderate", clientRequests.moderate),
  shape("receipt", clientRequests.receipt),
  shape("ping", clientRequests.ping),
]);

import { z } from "zod";
import { MAX_DETAILS_BYTES } from "./grantDetails.js";
import { MAX_ROOM_NAME_LENGTH } from "./limits.js";
import {
  dtlsParametersSchema,
  iceParametersSchema,
  layersSchema,
  mediaKindSchema,
  rtpCapabilitiesSchema,
  rtpParametersSchema,
  sctpStreamParametersSchema,
  transportParametersSchema,
} from "./mediaParameters.js";
import type { Rejoin } from "./refusals.js";
import { moderationActionSchema } from "./roomCommand.js";
import {
  accessGrantSchema,
  addressSchema,
  epochSchema,
  hexSchema,
  signatureSchema,
  signedReceiptSchema,
  uint64Schema,
  uint256Schema,
} from "./schemas.js";

// What a node and its participants say to each other over the WebSocket: JSON in the shape of protoo, that is
// requests with an id, responses to them and notifications, in both directions.
//
//   node → client   notification welcome     who the node is, a nonce to sign, the epoch
//   client → node   request join             grant, join proof → what the room carries, who is in it
//   client → node   request createTransport, connectTransport, produce, ...
//   node → client   request newConsumer      a track is offered, paused; accepted by an empty response
//   client → node   request resumeConsumer   the client is ready to receive it
//   client → node   request receipt          every few seconds → the highest receipt the node holds
//   node → client   notification goodbye     why the connection ends, and where to go on
//
// Where the WebSocket breaks, the client connects again and sends `resume` instead of `join`: its media went on
// meanwhile, and the answer says what it missed. A node that no longer knows it refuses with `session_unknown`, and the
// client joins as if for the first time.

/** The WebSocket subprotocol that both sides name. */
export const SIGNALING_SUBPROTOCOL = "dtelecom-signaling-1";
/** Largest message that a node takes, in bytes of UTF-8. */
export const MAX_MESSAGE_BYTES = 64 * 1024;
/** Largest message that a client takes, in UTF-16 code units: the answer to a join lists everyone in the room. */
export const MAX_SERVER_MESSAGE_LENGTH = 1024 * 1024;

const idSchema = z.string().min(1).max(64);
const requestIdSchema = z.number().int().min(0).max(0xffffffff);
const methodSchema = z.string().min(1).max(64);
const emptySchema = z.strictObject({});

/** One message of either direction. */
export const messageSchema = z.union([
  z.strictObject({ request: z.literal(true), id: requestIdSchema, method: methodSchema, data: z.unknown() }),
  z.strictObject({ response: z.literal(true), id: requestIdSchema, ok: z.literal(true), data: z.unknown() }),
  z.strictObject({
    response: z.literal(true),
    id: requestIdSchema,
    ok: z.literal(false),
    /** For programs: a refusal's code (`refusals.ts`), a media limit, or one of `SignalingErrorCode`. */
    errorCode: z.string().max(64),
    /** For people. */
    errorReason: z.string().max(2048),
  }),
  z.strictObject({ notification: z.literal(true), method: methodSchema, data: z.unknown() }),
]);
export type SignalingMessage = z.infer<typeof messageSchema>;

/** Errors of signaling itself. */
export type SignalingErrorCode =
  | "message_malformed"
  | "message_too_large"
  | "rate_limited"
  | "unknown_method"
  | "invalid_request"
  | "not_joined"
  | "already_joined"
  | "permission_denied"
  | "session_unknown"
  | "resumed"
  | "muted_by_moderator"
  | "removed_by_moderator"
  | "room_closed"
  | "handshake_timeout"
  | "request_timeout"
  | "replaced"
  | "node_closing"
  | "internal_error";

/** WebSocket close codes (RFC 6455 7.4.2: 4000 and up are the application's). */
export const CLOSE_CODES = {
  goodbye: 4000,
  handshakeTimeout: 4408,
  rateLimited: 4429,
  malformed: 4400,
  tooLarge: 1009,
} as const;

export const typedDataDomainSchema = z.strictObject({
  name: z.literal("dTelecom"),
  version: z.literal("1"),
  chainId: uint256Schema,
  verifyingContract: addressSchema,
});

/** What others in the room learn about a participant; the app vouches for it in the grant's details. */
export const peerInfoSchema = z.strictObject({
  /** The session key. */
  peerId: addressSchema,
  identity: z.string(),
  name: z.string().optional(),
  metadata: z.string().optional(),
});
export type PeerInfo = z.infer<typeof peerInfoSchema>;

/** What the publisher says a track shows or sounds: "camera", "microphone", "screen", or its own word. */
export const trackSourceSchema = z.string().min(1).max(32);

/** What a data channel is called, and its subprotocol: the publisher's own words. */
export const dataLabelSchema = z.string().max(64);

/** What a node and its client agree on after `join` and after `resume`. */
const standing = {
  /** As of now; it may have changed since the welcome. */
  epoch: epochSchema,
  /** The others in the room, on whatever node; hidden ones are left out. */
  peers: z.array(peerInfoSchema),
  /** The highest receipt that the node holds of this session in this epoch: go on from it. */
  lastReceipt: signedReceiptSchema.optional(),
  /** The node that keeps the room together where it spans several; a later participant's grant may name it. */
  homeNodeId: uint256Schema.optional(),
};

/** Requests that a client sends: what they hold and what the answer holds. */
export const clientRequests = {
  join: {
    data: z.strictObject({
      room: z.string().min(1).max(MAX_ROOM_NAME_LENGTH),
      grant: accessGrantSchema,
      grantSignature: signatureSchema,
      details: z.string().max(MAX_DETAILS_BYTES),
      joinSignature: signatureSchema,
    }),
    answer: z.strictObject({ ...standing, routerRtpCapabilities: rtpCapabilitiesSchema }),
  },
  /** Goes on with a session whose WebSocket broke. Signed as a join is, over this connection's nonce. */
  resume: {
    data: z.strictObject({
      room: z.string().min(1).max(MAX_ROOM_NAME_LENGTH),
      sessionKey: addressSchema,
      joinSignature: signatureSchema,
    }),
    answer: z.strictObject({
      ...standing,
      transportIds: z.array(idSchema),
      producerIds: z.array(idSchema),
      dataProducerIds: z.array(idSchema),
      /** Offers that the client accepted and that still stand; all others are gone or are offered again. */
      consumers: z.array(z.strictObject({ consumerId: idSchema, producerPaused: z.boolean() })),
      dataConsumerIds: z.array(idSchema),
    }),
  },
  /** One transport to send on and one to receive on; `rtpCapabilities` is what the client can receive. */
  createTransport: {
    data: z.discriminatedUnion("direction", [
      z.strictObject({ direction: z.literal("send") }),
      z.strictObject({ direction: z.literal("receive"), rtpCapabilities: rtpCapabilitiesSchema }),
    ]),
    answer: transportParametersSchema,
  },
  connectTransport: {
    data: z.strictObject({ transportId: idSchema, dtlsParameters: dtlsParametersSchema }),
    answer: emptySchema,
  },
  restartIce: {
    data: z.strictObject({ transportId: idSchema }),
    answer: z.strictObject({ iceParameters: iceParametersSchema }),
  },
  produce: {
    data: z.strictObject({
      transportId: idSchema,
      kind: mediaKindSchema,
      rtpParameters: rtpParametersSchema,
      source: trackSourceSchema,
      paused: z.boolean().default(false),
    }),
    answer: z.strictObject({ producerId: idSchema }),
  },
  closeProducer: { data: z.strictObject({ producerId: idSchema }), answer: emptySchema },
  pauseProducer: { data: z.strictObject({ producerId: idSchema }), answer: emptySchema },
  resumeProducer: { data: z.strictObject({ producerId: idSchema }), answer: emptySchema },
  resumeConsumer: { data: z.strictObject({ consumerId: idSchema }), answer: emptySchema },
  /** Nothing of the track is sent, nor counted, until it is resumed. */
  pauseConsumer: { data: z.strictObject({ consumerId: idSchema }), answer: emptySchema },
  /** The most that is wanted of a simulcast or SVC track; what the bandwidth does not carry is left out all the same. */
  setPreferredLayers: {
    data: z.strictObject({ consumerId: idSchema, preferred: layersSchema }),
    answer: emptySchema,
  },
  /** Which track keeps its quality where bandwidth is short: 1 (least) to 255; 1 unless set. */
  setConsumerPriority: {
    data: z.strictObject({ consumerId: idSchema, priority: z.number().int().min(1).max(255) }),
    answer: emptySchema,
  },
  requestKeyFrame: { data: z.strictObject({ consumerId: idSchema }), answer: emptySchema },
  /** Opens a data channel to everybody in the room. Data counts and is signed for as media is. */
  produceData: {
    data: z.strictObject({
      transportId: idSchema,
      sctpStreamParameters: sctpStreamParametersSchema,
      label: dataLabelSchema,
      protocol: dataLabelSchema,
    }),
    answer: z.strictObject({ dataProducerId: idSchema }),
  },
  closeDataProducer: { data: z.strictObject({ dataProducerId: idSchema }), answer: emptySchema },
  /**
   * For admins: as the command of an app (`roomCommand.ts`), in the admin's own room. Signed by the session key over
   * `RoomCommand`, so that other nodes of the room can check it too; the node adds the grant that it holds.
   */
  moderate: {
    data: z.strictObject({
      action: moderationActionSchema,
      target: z.string().max(64),
      expiresAt: uint64Schema,
      signature: signatureSchema,
    }),
    answer: emptySchema,
  },
  /** Only to find out whether the node still answers: a browser cannot send the WebSocket's own pings. */
  ping: { data: emptySchema, answer: emptySchema },
  /** Answered with what is now the highest receipt of the session in that epoch, stored durably. */
  receipt: { data: signedReceiptSchema, answer: signedReceiptSchema },
} as const;
export type ClientRequests = typeof clientRequests;
export type ClientMethod = keyof ClientRequests;
export type ClientAnswers = { readonly [M in ClientMethod]: z.output<ClientRequests[M]["answer"]> };

/**
 * Where a client goes on whose connection ends: on the same node at once (a media worker died), on another one (this one
 * is full, draining or closing), or nowhere (it was removed, its grant is used up). Which code means what:
 * `rejoinAfter` in `refusals.ts`.
 */
export type { Rejoin } from "./refusals.js";
export const rejoinSchema = z.enum(["here", "elsewhere", "no"]) satisfies z.ZodType<Rejoin>;

/** Requests that the node sends. */
export const serverRequests = {
  newConsumer: {
    data: z.strictObject({
      consumerId: idSchema,
      producerId: idSchema,
      /** Who publishes it. */
      peerId: addressSchema,
      kind: mediaKindSchema,
      rtpParameters: rtpParametersSchema,
      source: trackSourceSchema,
      /** Whether the publisher has it paused. */
      producerPaused: z.boolean(),
      /** Of a simulcast or SVC track: how many layers there are. */
      layers: z
        .strictObject({ spatial: z.number().int().min(1), temporal: z.number().int().min(1) })
        .optional(),
    }),
    answer: emptySchema,
  },
  newDataConsumer: {
    data: z.strictObject({
      dataConsumerId: idSchema,
      dataProducerId: idSchema,
      peerId: addressSchema,
      sctpStreamParameters: sctpStreamParametersSchema,
      label: dataLabelSchema,
      protocol: dataLabelSchema,
    }),
    answer: emptySchema,
  },
} as const;
export type ServerRequests = typeof serverRequests;
export type ServerMethod = keyof ServerRequests;

/** Notifications that the node sends. */
export const serverNotifications = {
  welcome: z.strictObject({
    nodeId: uint256Schema,
    domain: typedDataDomainSchema,
    /** To be signed in the join proof; good for this connection only. */
    nonce: hexSchema(32),
    genesisSeconds: z.number().int().positive(),
    epochSeconds: z.number().int().positive(),
    epoch: epochSchema,
    serverTimeMs: z.number().int().positive(),
  }),
  /** A new epoch began: sign a last receipt for the old one and count from zero. */
  epoch: z.strictObject({ epoch: epochSchema }),
  peerJoined: peerInfoSchema,
  peerLeft: z.strictObject({ peerId: addressSchema }),
  /** A track that was offered is gone: its publisher closed it or left. */
  producerClosed: z.strictObject({ producerId: idSchema }),
  producerPaused: z.strictObject({ producerId: idSchema }),
  producerResumed: z.strictObject({ producerId: idSchema }),
  dataProducerClosed: z.strictObject({ dataProducerId: idSchema }),
  /** Which layers of a track arrive now; none: the bandwidth does not carry any. */
  layersChanged: z.strictObject({ consumerId: idSchema, layers: layersSchema.optional() }),
  /** A moderator muted this participant's own track, or unmuted it. */
  trackMuted: z.strictObject({ producerId: idSchema, muted: z.boolean() }),
  /** Someone else speaks loudest now. */
  activeSpeaker: z.strictObject({ peerId: addressSchema }),
  /** A message could not be read, so there is no request to answer. */
  error: z.strictObject({ code: z.string(), reason: z.string() }),
  /** The node ends the connection. */
  goodbye: z.strictObject({ code: z.string(), reason: z.string(), rejoin: rejoinSchema }),
} as const;
export type ServerNotifications = typeof serverNotifications;
export type ServerNotification = keyof ServerNotifications;

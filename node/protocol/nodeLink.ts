import { z } from "zod";
import { MAX_DETAILS_BYTES } from "./grantDetails.js";
import { mediaKindSchema, rtpParametersSchema, sctpStreamParametersSchema } from "./mediaParameters.js";
import { signedRoomCommandSchema } from "./roomCommand.js";
import { accessGrantSchema, addressSchema, hexSchema, signatureSchema, uint256Schema } from "./schemas.js";
import { dataLabelSchema, trackSourceSchema } from "./signaling.js";

// What the nodes of one room say to each other, over one WebSocket for each pair of them. First they show who they are:
//
//   accepting → dialing   hello   node id, nonce
//   dialing → accepting   hello   node id, nonce, operator's signature of a `NodeProof` over the accepting node's nonce
//   accepting → dialing   proof   operator's signature over the dialing node's nonce
//
// Each nonce is an X25519 public key made for this link, so that the two signatures also authenticate a key agreement:
// every later message is one binary frame sealed with it (node/cluster/LinkCipher.ts). TLS below is welcome and not
// relied upon, since it is the operator key and not a certificate that says who the other is.
//
// Sealed messages are JSON in the shape of signaling's: requests with an id, responses to them and notifications, in both
// directions. Rooms are named by app and hash. A node is shown members and tracks of a room only once it has proved, by a
// grant and a join proof of somebody that it serves, that it belongs there (`enterRoom`).

/** The WebSocket subprotocol that both sides name. */
export const NODE_LINK_SUBPROTOCOL = "dtelecom-node-1";
/** On a node's public port. */
export const NODE_LINK_PATH = "/link";
/** Largest message, in bytes of UTF-8. */
export const MAX_LINK_MESSAGE_BYTES = 64 * 1024;
/** What sealing adds to a message, in bytes. */
export const LINK_SEAL_BYTES = 16;
/** Nodes that are together in one room. */
export const MAX_NODES_PER_ROOM = 32;

/** WebSocket close codes of links. */
export const LINK_CLOSE_CODES = {
  /** Nothing to talk about any more. */
  idle: 4000,
  /** Another link to the same node stays. */
  superseded: 4001,
  closing: 4002,
  handshakeTimeout: 4408,
  refused: 4403,
  malformed: 4400,
  rateLimited: 4429,
  tooSlow: 4413,
} as const;

export const acceptorHelloSchema = z.strictObject({
  hello: z.strictObject({ nodeId: uint256Schema, nonce: hexSchema(32) }),
});
export const dialerHelloSchema = z.strictObject({
  hello: z.strictObject({ nodeId: uint256Schema, nonce: hexSchema(32), signature: signatureSchema }),
});
export const acceptorProofSchema = z.strictObject({ proof: z.strictObject({ signature: signatureSchema }) });

/** mediasoup's ids of producers and transports: UUIDs. */
const idSchema = z.uuid();
const empty = z.strictObject({});

export const linkedRoomSchema = z.strictObject({ app: addressSchema, hash: hexSchema(32) });

/** Shows that an app let a session key into a room, and that its holder chose the node that shows it. */
export const membershipSchema = z.strictObject({
  grant: accessGrantSchema,
  grantSignature: signatureSchema,
  /** Of the `JoinProof` that the participant signed for the node. */
  nonce: hexSchema(32),
  joinSignature: signatureSchema,
});
export type Membership = z.infer<typeof membershipSchema>;

export const addressFamilySchema = z.enum(["ipv4", "ipv6"]);
export type AddressFamily = z.infer<typeof addressFamilySchema>;

/** One end of a pipe for media. */
export const pipeEndSchema = z.strictObject({
  /** Names this end; another id means that the former is gone. */
  id: idSchema,
  /** IP address or host name, and UDP port. */
  address: z.string().min(1).max(253),
  port: z.number().int().min(1).max(65535),
  srtp: z.strictObject({
    cryptoSuite: z.literal("AEAD_AES_256_GCM"),
    /** 32 bytes of key and 12 of salt. */
    keyBase64: z.base64().length(60),
  }),
});
export type PipeEnd = z.infer<typeof pipeEndSchema>;

export const remoteTrackSchema = z.strictObject({
  id: idSchema,
  /** Session key of the publisher. */
  peerId: addressSchema,
  kind: mediaKindSchema,
  source: trackSourceSchema,
  paused: z.boolean(),
});
export type RemoteTrack = z.infer<typeof remoteTrackSchema>;

export const remoteDataChannelSchema = z.strictObject({
  id: idSchema,
  peerId: addressSchema,
  label: dataLabelSchema,
  protocol: dataLabelSchema,
});
export type RemoteDataChannel = z.infer<typeof remoteDataChannelSchema>;

const room = linkedRoomSchema;

/** Requests of either side: what they hold and what the answer holds. */
export const linkRequests = {
  /** To a home: this node has participants in the room. Answered with the other nodes that have. */
  register: {
    data: z.strictObject({ room, membership: membershipSchema }),
    answer: z.strictObject({ nodes: z.array(uint256Schema).max(MAX_NODES_PER_ROOM) }),
  },
  /** The first word about a room: who enters proves that it belongs there, and learns nothing yet. */
  enterRoom: { data: z.strictObject({ room, membership: membershipSchema }), answer: empty },
  /** A participant of this node, hidden ones too: the details say that they are, and whether they may receive. */
  addMember: {
    data: z.strictObject({
      room,
      membership: membershipSchema,
      details: z.string().max(MAX_DETAILS_BYTES),
      /** Unix time in milliseconds: where two nodes name the same participant, the later one is where it is. */
      joinedAtMs: z.number().int().positive(),
    }),
    answer: empty,
  },
  /**
   * Send me this track over the pipe between us for this room, of which this is my end. The answer names the other end.
   * An end that is not the former one means that the former is gone.
   */
  pipeTrack: {
    data: z.strictObject({ room, id: idSchema, pipe: pipeEndSchema }),
    answer: z.strictObject({ pipe: pipeEndSchema, rtpParameters: rtpParametersSchema, paused: z.boolean() }),
  },
  /** As `pipeTrack`, for a data channel. */
  pipeData: {
    data: z.strictObject({ room, id: idSchema, pipe: pipeEndSchema }),
    answer: z.strictObject({ pipe: pipeEndSchema, sctpStreamParameters: sctpStreamParametersSchema }),
  },
} as const;
export type LinkRequests = typeof linkRequests;
export type LinkMethod = keyof LinkRequests;

/** Notifications of either side. */
export const linkNotifications = {
  /** The first message of each side. */
  about: z.strictObject({
    /** Another one means that the node has been started again, and that what it said before is void. */
    instance: hexSchema(16),
    /** Of the addresses at which its media arrives: pipes go over IPv4 where both sides have it. */
    families: z.array(addressFamilySchema).max(2),
  }),
  /** A home says which other nodes have participants in a room. */
  nodes: z.strictObject({ room, nodes: z.array(uint256Schema).max(MAX_NODES_PER_ROOM) }),
  /** To a home: no participants left. */
  unregister: z.strictObject({ room }),
  /** All of this node's members, or all of its tracks and data channels, have been named since `enterRoom`: any others are gone. */
  synced: z.strictObject({ room, what: z.enum(["members", "tracks"]) }),
  removeMember: z.strictObject({ room, sessionKey: addressSchema }),
  /** None of this node's participants is left in the room. */
  leaveRoom: z.strictObject({ room }),
  track: z.strictObject({ room, track: remoteTrackSchema }),
  trackPaused: z.strictObject({ room, id: idSchema, paused: z.boolean() }),
  trackClosed: z.strictObject({ room, id: idSchema }),
  dataChannel: z.strictObject({ room, channel: remoteDataChannelSchema }),
  dataChannelClosed: z.strictObject({ room, id: idSchema }),
  /** Nobody here receives this track or data channel any more: stop piping it. */
  release: z.strictObject({ room, id: idSchema }),
  /** The sender's end of the pipe is gone. */
  pipeClosed: z.strictObject({ room, pipeId: idSchema }),
  /** A moderator's command; each node checks it for itself. */
  command: z.strictObject({ room, command: signedRoomCommandSchema }),
} as const;
export type LinkNotifications = typeof linkNotifications;
export type LinkNotification = keyof LinkNotifications;

/** Errors that a node answers another one's request with. */
export type LinkErrorCode =
  | "unknown_method"
  | "invalid_request"
  | "not_in_room"
  | "not_found"
  | "membership_invalid"
  | "limit_reached"
  | "failed";

import { z } from "zod";

// Wire form of what WebRTC endpoints tell each other through signaling, as mediasoup and mediasoup-client have it
// (after ORTC). Only shape and size are checked here; mediasoup checks what the values mean.

const token = z.string().min(1).max(128);
const ssrc = z.number().int().min(0).max(0xffffffff);
const payloadType = z.number().int().min(0).max(127);

/** Codec and header extension parameters; mediasoup refuses values other than strings and numbers. */
const parametersSchema = z
  .record(z.string().max(64), z.unknown())
  .refine((parameters) => Object.keys(parameters).length <= 32, "expected at most 32 parameters");

const rtcpFeedbackSchema = z.object({ type: token, parameter: z.string().max(64).optional() });

/** Header extensions that mediasoup knows. */
const headerExtensionUriSchema = z.enum([
  "urn:ietf:params:rtp-hdrext:sdes:mid",
  "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
  "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
  "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
  "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
  "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
  "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension",
  "urn:3gpp:video-orientation",
  "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time",
  "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay",
  "urn:mediasoup:params:rtp-hdrext:packet-id",
]);

export const mediaKindSchema = z.enum(["audio", "video"]);
export type MediaKind = z.infer<typeof mediaKindSchema>;

export const rtpCapabilitiesSchema = z.object({
  codecs: z
    .array(
      z.object({
        kind: mediaKindSchema,
        mimeType: token,
        preferredPayloadType: payloadType,
        clockRate: z.number().int().positive(),
        channels: z.number().int().positive().optional(),
        parameters: parametersSchema.optional(),
        rtcpFeedback: z.array(rtcpFeedbackSchema).max(16).optional(),
      }),
    )
    .max(64)
    .optional(),
  headerExtensions: z
    .array(
      z.object({
        kind: mediaKindSchema,
        uri: headerExtensionUriSchema,
        preferredId: z.number().int().min(1).max(255),
        preferredEncrypt: z.boolean().optional(),
        direction: z.enum(["sendrecv", "sendonly", "recvonly", "inactive"]).optional(),
      }),
    )
    .max(64)
    .optional(),
});
export type RtpCapabilities = z.infer<typeof rtpCapabilitiesSchema>;

export const rtpParametersSchema = z.object({
  mid: z.string().max(32).optional(),
  codecs: z
    .array(
      z.object({
        mimeType: token,
        payloadType,
        clockRate: z.number().int().positive(),
        channels: z.number().int().positive().optional(),
        parameters: parametersSchema.optional(),
        rtcpFeedback: z.array(rtcpFeedbackSchema).max(16).optional(),
      }),
    )
    .min(1)
    .max(16),
  headerExtensions: z
    .array(
      z.object({
        uri: headerExtensionUriSchema,
        id: z.number().int().min(1).max(255),
        encrypt: z.boolean().optional(),
        parameters: parametersSchema.optional(),
      }),
    )
    .max(32)
    .optional(),
  encodings: z
    .array(
      z.object({
        ssrc: ssrc.optional(),
        rid: z.string().max(32).optional(),
        codecPayloadType: payloadType.optional(),
        rtx: z.object({ ssrc }).optional(),
        dtx: z.boolean().optional(),
        scalabilityMode: z.string().max(32).optional(),
        maxBitrate: z.number().int().positive().optional(),
      }),
    )
    .max(8)
    .optional(),
  rtcp: z.object({ cname: z.string().max(256).optional(), reducedSize: z.boolean().optional() }).optional(),
  msid: z.string().max(256).optional(),
});
export type RtpParameters = z.infer<typeof rtpParametersSchema>;

export const iceParametersSchema = z.object({
  usernameFragment: z.string().min(4).max(256),
  password: z.string().min(22).max(256),
  iceLite: z.boolean().optional(),
});
export type IceParameters = z.infer<typeof iceParametersSchema>;

export const iceCandidateSchema = z.object({
  foundation: token,
  priority: z.number().int().nonnegative(),
  address: z.string().max(256),
  ip: z.string().max(256),
  protocol: z.enum(["udp", "tcp"]),
  port: z.number().int().min(1).max(65535),
  type: z.enum(["host", "srflx", "prflx", "relay"]),
  tcpType: z.enum(["active", "passive", "so"]).optional(),
});
export type IceCandidate = z.infer<typeof iceCandidateSchema>;

export const dtlsParametersSchema = z.object({
  role: z.enum(["auto", "client", "server"]).optional(),
  fingerprints: z
    .array(
      z.object({
        algorithm: z.enum(["sha-1", "sha-224", "sha-256", "sha-384", "sha-512"]),
        value: z.string().max(256),
      }),
    )
    .min(1)
    .max(16),
});
export type DtlsParameters = z.infer<typeof dtlsParametersSchema>;

/** Data channels of a transport (RFC 8831). */
export const sctpParametersSchema = z.object({
  port: z.number().int().min(1).max(65535),
  /** Largest messages that the node sends and takes, in bytes. */
  maxSendMessageSize: z.number().int().positive(),
  maxReceiveMessageSize: z.number().int().positive(),
});
export type SctpParameters = z.infer<typeof sctpParametersSchema>;

/** One data channel: reliable and in order unless it says otherwise. */
export const sctpStreamParametersSchema = z.object({
  streamId: z.number().int().min(0).max(65534).optional(),
  ordered: z.boolean().optional(),
  maxPacketLifeTime: z.number().int().positive().optional(),
  maxRetransmits: z.number().int().nonnegative().optional(),
});
export type SctpStreamParameters = z.infer<typeof sctpStreamParametersSchema>;

/** Layers of a simulcast or SVC track, from 0 (lowest). */
export const layersSchema = z.object({
  spatialLayer: z.number().int().min(0).max(7),
  temporalLayer: z.number().int().min(0).max(7).optional(),
});
export type Layers = z.infer<typeof layersSchema>;

/** What a client needs to connect to a transport of the node. */
export const transportParametersSchema = z.object({
  id: token,
  iceParameters: iceParametersSchema,
  iceCandidates: z.array(iceCandidateSchema).max(64),
  dtlsParameters: dtlsParametersSchema,
  /** Where the transport carries data channels. */
  sctpParameters: sctpParametersSchema.optional(),
});
export type TransportParameters = z.infer<typeof transportParametersSchema>;

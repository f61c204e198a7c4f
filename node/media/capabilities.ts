import type * as mediasoup from "mediasoup/types";
import type { RtpCapabilities, RtpParameters } from "../protocol/mediaParameters.js";

/**
 * Transmission time offset (RFC 5450): mediasoup supports it, mediasoup-client does not know it, and nothing here
 * needs it beside transport-wide congestion control. So no room offers it.
 */
const NOT_OFFERED = "urn:ietf:params:rtp-hdrext:toffset";

function isOffered<T extends { uri: string }>(
  extension: T,
): extension is T & { uri: Exclude<T["uri"], typeof NOT_OFFERED> } {
  return extension.uri !== NOT_OFFERED;
}

/** What a room offers to its participants. */
export function offeredCapabilities(router: mediasoup.RtpCapabilities): RtpCapabilities {
  return { codecs: router.codecs, headerExtensions: router.headerExtensions?.filter(isOffered) };
}

/** What a participant must know to receive a track. */
export function offeredParameters(parameters: mediasoup.RtpParameters): RtpParameters {
  return { ...parameters, headerExtensions: parameters.headerExtensions?.filter(isOffered) };
}

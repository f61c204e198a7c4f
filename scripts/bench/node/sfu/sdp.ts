import type { LocalDescription, RemoteDescription } from "../load/description.js";
import type { StreamParameters } from "../load/MediaSource.js";

const CODECS = {
  audio: { payloadType: 111, lines: ["a=rtpmap:111 opus/48000/2"] },
  video: { payloadType: 96, lines: ["a=rtpmap:96 VP8/90000", "a=rtcp-fb:96 nack", "a=rtcp-fb:96 nack pli"] },
};

/** The part of a description for one medium: by kind and mid, and what is sent where something is. */
export interface SdpMedium {
  readonly kind: "audio" | "video";
  readonly mid: string;
  readonly stream?: StreamParameters;
}

/** A description of a light endpoint: DTLS client, one bundle, one candidate. */
export function writeSdp(local: LocalDescription, address: string, media: readonly SdpMedium[]): string {
  const lines = [
    "v=0",
    "o=- 1 1 IN IP4 127.0.0.1",
    "s=-",
    "t=0 0",
    `a=group:BUNDLE ${media.map(({ mid }) => mid).join(" ")}`,
    "a=msid-semantic: WMS *",
  ];
  for (const { kind, mid, stream } of media) {
    const { payloadType, lines: codec } = CODECS[kind];
    lines.push(
      `m=${kind} 9 UDP/TLS/RTP/SAVPF ${payloadType}`,
      "c=IN IP4 0.0.0.0",
      `a=mid:${mid}`,
      stream ? "a=sendonly" : "a=recvonly",
      "a=rtcp-mux",
      `a=ice-ufrag:${local.usernameFragment}`,
      `a=ice-pwd:${local.password}`,
      `a=fingerprint:sha-256 ${local.fingerprint}`,
      "a=setup:active",
      ...codec,
      ...(stream ? [`a=msid:bench ${kind}`, `a=ssrc:${stream.ssrc} cname:bench`] : []),
      `a=candidate:1 1 udp 2130706431 ${address} ${local.port} typ host`,
      "a=end-of-candidates",
    );
  }
  return `${lines.join("\r\n")}\r\n`;
}

/**
 * Where the other side waits: the first candidate over UDP and IPv4, and the credentials.
 * @param controlling whether it nominates: who makes the offer does.
 */
export function readSdp(sdp: string, controlling: boolean): RemoteDescription {
  const value = (pattern: RegExp) => {
    const found = pattern.exec(sdp)?.slice(1);
    if (!found) throw new Error(`the description has no ${pattern.source}`);
    return found;
  };
  const [usernameFragment = ""] = value(/^a=ice-ufrag:(\S+)/m);
  const [password = ""] = value(/^a=ice-pwd:(\S+)/m);
  const [address = "", port = ""] = value(/^a=candidate:\S+ 1 udp \d+ ([\d.]+) (\d+) typ host/im);
  return { usernameFragment, password, address, port: Number(port), controlling };
}

/** The media of a description, in order. */
export function mediaOf(sdp: string): SdpMedium[] {
  return [...sdp.matchAll(/^m=(audio|video) [\s\S]*?^a=mid:(\S+)/gm)].map(([, kind, mid = ""]) => ({
    kind: kind === "audio" ? "audio" : "video",
    mid,
  }));
}

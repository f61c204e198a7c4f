import { expect } from "chai";
import { ReceiveStatistics } from "../../../node/client/receiveStatistics.js";

/** A report as a browser gives it: a map of plain objects by id. */
function report(...entries: Record<string, unknown>[]): RTCStatsReport {
  return new Map(entries.map((entry, index) => [`${index}`, entry]));
}

const AUDIO = { type: "inbound-rtp", id: "A", kind: "audio", ssrc: 1, codecId: "opus" };
const VIDEO = { type: "inbound-rtp", id: "V", kind: "video", ssrc: 2 };
const OPUS = { type: "codec", id: "opus", mimeType: "audio/opus", sdpFmtpLine: "minptime=10;useinbandfec=1" };
const PAIRS = [
  { type: "transport", id: "T", selectedCandidatePairId: "used", bytesReceived: 1e9 },
  { type: "candidate-pair", id: "other", nominated: true, state: "succeeded", currentRoundTripTime: 9 },
  { type: "candidate-pair", id: "used", nominated: true, state: "succeeded", currentRoundTripTime: 0.05 },
];

describe("ReceiveStatistics", () => {
  it("counts what is new: payload and headers of all streams, and of nothing else", () => {
    const statistics = new ReceiveStatistics();
    const audio = { ...AUDIO, bytesReceived: 1_000, headerBytesReceived: 200, packetsReceived: 10 };
    const video = { ...VIDEO, bytesReceived: 5_000n, headerBytesReceived: 100, packetsReceived: 5 };
    const sent = { type: "outbound-rtp", id: "O", kind: "video", bytesSent: 1e6, bytesReceived: 1e6 };
    expect(statistics.update(report(audio, video, sent, ...PAIRS)).bytes).to.equal(6_300n);
    expect(statistics.update(report(audio, video, sent, ...PAIRS)).bytes).to.equal(0n);
    const more = { ...audio, bytesReceived: 1_500, headerBytesReceived: 260, packetsReceived: 13 };
    expect(statistics.update(report(more, video)).bytes).to.equal(560n);
    // A stream that is gone takes nothing away, and a new one counts from its start.
    const other = {
      ...VIDEO,
      id: "W",
      ssrc: 3,
      bytesReceived: 70,
      headerBytesReceived: 7,
      packetsReceived: 1,
    };
    expect(statistics.update(report(more, other)).bytes).to.equal(77n);
  });

  it("counts a stream anew that begins again under the same id", () => {
    const statistics = new ReceiveStatistics();
    const first = {
      ...AUDIO,
      bytesReceived: 1_000,
      headerBytesReceived: 100,
      packetsReceived: 10,
      packetsLost: 5,
    };
    statistics.update(report(first));
    const anew = {
      ...AUDIO,
      bytesReceived: 300,
      headerBytesReceived: 30,
      packetsReceived: 3,
      packetsLost: 0,
    };
    expect(statistics.update(report(anew)).bytes).to.equal(330n);
  });

  it("leaves bandwidth probes and retransmissions out", () => {
    const statistics = new ReceiveStatistics();
    const probe = { ...VIDEO, id: "P", ssrc: 1234, bytesReceived: 9_999, packetsReceived: 9 };
    const video = {
      ...VIDEO,
      bytesReceived: 10_000,
      headerBytesReceived: 200,
      packetsReceived: 10,
      retransmittedBytesReceived: 2_000,
      retransmittedPacketsReceived: 2,
    };
    expect(statistics.update(report(probe, video)).bytes).to.equal(8_000n + 160n);
    const more = { ...video, bytesReceived: 11_000, packetsReceived: 11, headerBytesReceived: 220 };
    const repeated = { ...more, retransmittedBytesReceived: 3_000, retransmittedPacketsReceived: 3 };
    expect(statistics.update(report(probe, repeated)).bytes).to.equal(0n);
  });

  it("takes round trip from the pair in use, loss from all streams, jitter from the audio", () => {
    const statistics = new ReceiveStatistics();
    const audio = { ...AUDIO, bytesReceived: 1, packetsReceived: 98, packetsLost: 2, jitter: 0.005 };
    const video = { ...VIDEO, bytesReceived: 1, packetsReceived: 92, packetsLost: 8, jitter: 0.5 };
    const { stats } = statistics.update(report(audio, video, OPUS, ...PAIRS));
    expect(stats).to.deep.equal({
      roundTripTimeMs: 50,
      jitterMs: 5,
      lossRatio: 0.05,
      forwardErrorCorrection: true,
    });
    // In the next interval only what is new counts; a late packet makes no negative loss.
    const later = { ...audio, packetsReceived: 198, packetsLost: 1 };
    expect(statistics.update(report(later, video, OPUS, ...PAIRS)).stats.lossRatio).to.equal(0);
  });

  it("takes jitter from the video where there is no audio, and the nominated pair where no transport is told", () => {
    const video = { ...VIDEO, bytesReceived: 1, packetsReceived: 10, jitter: 0.03 };
    const failed = {
      type: "candidate-pair",
      id: "x",
      nominated: false,
      state: "failed",
      currentRoundTripTime: 7,
    };
    const pair = {
      type: "candidate-pair",
      id: "y",
      nominated: true,
      state: "succeeded",
      currentRoundTripTime: 0.1,
    };
    const { stats } = new ReceiveStatistics().update(report(video, failed, pair));
    expect(stats).to.deep.equal({
      roundTripTimeMs: 100,
      jitterMs: 30,
      lossRatio: 0,
      forwardErrorCorrection: true,
    });
  });

  it("knows an audio codec without forward error correction", () => {
    const audio = { ...AUDIO, bytesReceived: 1, packetsReceived: 1 };
    const { stats } = new ReceiveStatistics().update(report(audio, { ...OPUS, sdpFmtpLine: "minptime=10" }));
    expect(stats.forwardErrorCorrection).to.equal(false);
  });

  it("is not thrown off by members that are missing or not what they should be", () => {
    const audio = {
      ...AUDIO,
      bytesReceived: Number.NaN,
      headerBytesReceived: "12",
      packetsReceived: -5,
      jitter: null,
    };
    const { bytes, stats } = new ReceiveStatistics().update(report(audio, { type: "candidate-pair" }, {}));
    expect(bytes).to.equal(0n);
    expect(stats).to.deep.equal({
      roundTripTimeMs: 0,
      jitterMs: 0,
      lossRatio: 0,
      forwardErrorCorrection: true,
    });
  });
});

import wrtc from "@roamhq/wrtc";

const { RTCAudioSource, RTCVideoSource } = wrtc.nonstandard;

const AUDIO = { sampleRate: 48_000, frameMs: 10, toneHz: 440, amplitude: 8_000 };

export interface TestPatternOptions {
  readonly width?: number;
  readonly height?: number;
  readonly framesPerSecond?: number;
}

/** A track that makes its own pictures or sound until it is stopped. */
export interface TestTrack {
  readonly track: MediaStreamTrack;
  stop(): void;
}

/** A moving picture: diagonal stripes that wander, in colours that change. For Node only (`useNodeWebrtc`). */
export function testPattern({
  width = 320,
  height = 180,
  framesPerSecond = 15,
}: TestPatternOptions = {}): TestTrack {
  const source = new RTCVideoSource();
  const track = source.createTrack();
  const luma = width * height;
  const data = new Uint8Array(luma + 2 * Math.ceil(width / 2) * Math.ceil(height / 2));
  let frame = 0;
  const timer = setInterval(() => {
    for (let y = 0, index = 0; y < height; y += 1) {
      for (let x = 0; x < width; x += 1, index += 1) data[index] = (x + y + 4 * frame) & 0xff;
    }
    data.fill(128 + Math.round(60 * Math.sin(frame / 20)), luma);
    source.onFrame({ width, height, data });
    frame += 1;
  }, 1_000 / framesPerSecond);
  return stoppable(track, timer);
}

/** A tone of 440 Hz. For Node only (`useNodeWebrtc`). */
export function testTone(): TestTrack {
  const source = new RTCAudioSource();
  const track = source.createTrack();
  const numberOfFrames = (AUDIO.sampleRate * AUDIO.frameMs) / 1_000;
  let sample = 0;
  const startedMs = performance.now();
  const timer = setInterval(() => {
    // By the clock, since the timer comes a little late each time.
    const due = ((performance.now() - startedMs) * AUDIO.sampleRate) / 1_000;
    while (sample < due) {
      const samples = new Int16Array(numberOfFrames);
      for (let i = 0; i < numberOfFrames; i += 1, sample += 1) {
        samples[i] = AUDIO.amplitude * Math.sin((2 * Math.PI * AUDIO.toneHz * sample) / AUDIO.sampleRate);
      }
      source.onData({
        samples,
        sampleRate: AUDIO.sampleRate,
        bitsPerSample: 16,
        channelCount: 1,
        numberOfFrames,
      });
    }
  }, AUDIO.frameMs);
  return stoppable(track, timer);
}

function stoppable(track: MediaStreamTrack, timer: NodeJS.Timeout): TestTrack {
  return {
    track,
    stop() {
      clearInterval(timer);
      track.stop();
    },
  };
}

/** A moving picture and a soft tone, for calls without a camera. */

const WIDTH = 320;
const HEIGHT = 180;
const FRAMES_PER_SECOND = 12;
const TONE_HZ = 330;
const BARS = ["#f4f4f4", "#f2d544", "#4cc9d8", "#4fbf67", "#c65bc9", "#d9534f", "#3f62d6"];

export interface MediaSource {
  readonly stream: MediaStream;
  stop(): void;
}

/** Needs a click of the person before: browsers start no sound without one. */
export function createTestPattern(): MediaSource {
  const canvas = document.createElement("canvas");
  canvas.width = WIDTH;
  canvas.height = HEIGHT;
  const context = canvas.getContext("2d");
  if (context === null) throw new Error("this browser cannot draw on a canvas");
  const startedAt = performance.now();
  const draw = () => drawFrame(context, (performance.now() - startedAt) / 1_000);
  draw();
  // A timer and not requestAnimationFrame: the pattern goes on while the page is in the background.
  const timer = setInterval(draw, 1_000 / FRAMES_PER_SECOND);

  const audio = new AudioContext();
  const tone = new OscillatorNode(audio, { frequency: TONE_HZ });
  const volume = new GainNode(audio, { gain: 0.05 });
  const output = audio.createMediaStreamDestination();
  tone.connect(volume).connect(output);
  tone.start();

  const stream = canvas.captureStream(FRAMES_PER_SECOND);
  for (const track of output.stream.getAudioTracks()) stream.addTrack(track);
  return {
    stream,
    stop() {
      clearInterval(timer);
      for (const track of stream.getTracks()) track.stop();
      tone.stop();
      void audio.close();
    },
  };
}

function drawFrame(context: CanvasRenderingContext2D, seconds: number): void {
  const bar = WIDTH / BARS.length;
  BARS.forEach((color, index) => {
    context.fillStyle = color;
    context.fillRect(index * bar, 0, bar + 1, HEIGHT);
  });
  // Something that moves smoothly shows lost and late frames.
  const x = (0.5 + 0.42 * Math.sin(seconds * 1.7)) * WIDTH;
  const y = (0.42 + 0.25 * Math.cos(seconds * 2.3)) * HEIGHT;
  context.fillStyle = "#10151d";
  context.beginPath();
  context.arc(x, y, 20, 0, 2 * Math.PI);
  context.fill();

  const clock = seconds.toFixed(1);
  context.font = "600 17px system-ui, sans-serif";
  context.textAlign = "right";
  context.fillStyle = "rgb(16 21 29 / 0.85)";
  context.fillRect(WIDTH - 70, HEIGHT - 38, 70, 38);
  context.fillStyle = "#fff";
  context.fillText(clock, WIDTH - 12, HEIGHT - 13);
}

/** Camera and microphone. @throws Error in words for people. */
export async function openCamera(): Promise<MediaSource> {
  try {
    const stream = await navigator.mediaDevices.getUserMedia({
      audio: { echoCancellation: true },
      video: { width: { ideal: 640 }, height: { ideal: 360 }, frameRate: { max: 24 } },
    });
    return {
      stream,
      stop: () => {
        for (const track of stream.getTracks()) track.stop();
      },
    };
  } catch (cause) {
    throw new Error(
      "No camera or microphone could be opened. Allow them for this page, or send a test pattern.",
      {
        cause,
      },
    );
  }
}

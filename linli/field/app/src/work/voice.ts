/** Speaks into the phone for a minute at most; some 120 kB. */
import type { Bytes } from '../store/bytes';

export const LONGEST_SECONDS = 60;
const BITS_PER_SECOND = 16_000;
const TYPES = ['audio/webm;codecs=opus', 'audio/ogg;codecs=opus', 'audio/mp4'];

export const canRecord = (): boolean =>
  typeof MediaRecorder !== 'undefined' && Boolean(navigator.mediaDevices?.getUserMedia);

export interface Recording {
  /** Ends it. */
  stop(): void;
  /** What was said; null when nothing was heard. */
  done: Promise<Bytes | null>;
}

/** Throws when the microphone is not there or not allowed. */
export async function record(): Promise<Recording> {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  const release = (): void => stream.getTracks().forEach((track) => track.stop());
  let recorder: MediaRecorder;
  try {
    const mimeType = TYPES.find((type) => MediaRecorder.isTypeSupported?.(type));
    recorder = new MediaRecorder(stream, { ...(mimeType && { mimeType }), audioBitsPerSecond: BITS_PER_SECOND });
  } catch (error) {
    release();
    throw error;
  }
  const parts: Blob[] = [];
  recorder.addEventListener('dataavailable', (event) => parts.push(event.data));
  const done = new Promise<Bytes | null>((finish) => {
    recorder.addEventListener('stop', () => {
      release();
      const whole = new Blob(parts);
      if (whole.size === 0) finish(null);
      else void new Response(whole).arrayBuffer().then((bytes) => finish(new Uint8Array(bytes)));
    });
  });
  const stop = (): void => {
    clearTimeout(timer);
    if (recorder.state !== 'inactive') recorder.stop();
  };
  const timer = setTimeout(stop, LONGEST_SECONDS * 1_000);
  recorder.start();
  return { stop, done };
}

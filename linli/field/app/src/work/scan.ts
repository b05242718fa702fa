/** Reading QR codes from the camera: by the browser where it can, else by zxing in WebAssembly, loaded when it is needed. */
import wasm from 'zxing-wasm/reader/zxing_reader.wasm?url';

interface Detector {
  detect(source: HTMLVideoElement): Promise<{ rawValue: string }[]>;
}

interface DetectorMaker {
  new (options: { formats: string[] }): Detector;
  getSupportedFormats(): Promise<string[]>;
}

async function makeDetector(): Promise<Detector> {
  const native = (globalThis as { BarcodeDetector?: DetectorMaker }).BarcodeDetector;
  if (native && (await native.getSupportedFormats()).includes('qr_code')) return new native({ formats: ['qr_code'] });
  const { BarcodeDetector, prepareZXingModule } = await import('barcode-detector/ponyfill');
  // From our own server: the library would fetch it from elsewhere.
  prepareZXingModule({ overrides: { locateFile: () => wasm } });
  return new BarcodeDetector({ formats: ['qr_code'] });
}

export interface Scan {
  stop(): void;
}

/** Calls `seen` with each code until stopped. Rejects where there is no camera or no leave to use it. */
export async function scan(video: HTMLVideoElement, seen: (text: string) => void): Promise<Scan> {
  const camera = { facingMode: 'environment', width: { ideal: 1280 } };
  const stream = await navigator.mediaDevices.getUserMedia({ video: camera, audio: false });
  let isOn = true;
  const stop = (): void => {
    isOn = false;
    for (const track of stream.getTracks()) track.stop();
  };
  try {
    video.srcObject = stream;
    await video.play();
    const detector = await makeDetector();
    const look = async (): Promise<void> => {
      while (isOn) {
        const found = await detector.detect(video).catch(() => []);
        for (const { rawValue } of found) if (isOn) seen(rawValue);
        await new Promise((done) => setTimeout(done, 80));
      }
    };
    void look();
  } catch (error) {
    stop();
    throw error;
  }
  return { stop };
}

/** Reading codes from the camera: by the browser where it can, else by zxing in WebAssembly, loaded when it is needed. */
import wasm from 'zxing-wasm/reader/zxing_reader.wasm?url';

interface Detector {
  detect(source: HTMLVideoElement): Promise<{ rawValue: string }[]>;
}

interface DetectorMaker {
  new (options: { formats: string[] }): Detector;
  getSupportedFormats(): Promise<string[]>;
}

/** What is printed on tubes and kits, beside QR codes. */
export const BARCODES = ['qr_code', 'code_128', 'code_39', 'ean_13', 'itf', 'data_matrix'] as const;
type Format = (typeof BARCODES)[number];

async function makeDetector(formats: readonly Format[]): Promise<Detector> {
  const native = (globalThis as { BarcodeDetector?: DetectorMaker }).BarcodeDetector;
  const known = native ? await native.getSupportedFormats() : [];
  if (native && formats.every((format) => known.includes(format))) return new native({ formats: [...formats] });
  const { BarcodeDetector, prepareZXingModule } = await import('barcode-detector/ponyfill');
  // From our own server: the library would fetch it from elsewhere.
  prepareZXingModule({ overrides: { locateFile: () => wasm } });
  return new BarcodeDetector({ formats: [...formats] });
}

export interface Scan {
  stop(): void;
}

/** Calls `seen` with each code until stopped. Rejects where there is no camera, no leave to use it, or no reader. */
export async function scan(video: HTMLVideoElement, seen: (text: string) => void, formats: readonly Format[] = ['qr_code']): Promise<Scan> {
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
    const detector = await makeDetector(formats);
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

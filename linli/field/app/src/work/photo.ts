/** A photo as it is sent: drawn anew at 1,600 px at most, which leaves out when, where and with what it was taken. */
import type { Bytes } from '../store/bytes';

const LONGEST_SIDE = 1_600;
const AIM_BYTES = 200_000;
const MOST_BYTES = 512 * 1024;
/** Tried one after the other until it is small enough: longest side, quality. */
const STEPS = [[LONGEST_SIDE, 0.8], [LONGEST_SIDE, 0.6], [LONGEST_SIDE, 0.45], [1_280, 0.45], [1_024, 0.4], [800, 0.35]] as const;

export class NotAPhoto extends Error {}

/** Throws NotAPhoto. */
export async function shrink(file: Blob): Promise<Bytes> {
  const picture = await load(file);
  let made: Bytes | undefined;
  for (const [side, quality] of STEPS) {
    made = await draw(picture, side, quality);
    if (made.length <= AIM_BYTES) return made;
  }
  if (!made || made.length > MOST_BYTES) throw new NotAPhoto();
  return made;
}

async function load(file: Blob): Promise<HTMLImageElement> {
  const address = URL.createObjectURL(file);
  try {
    const picture = new Image();
    await new Promise<void>((done, failed) => {
      picture.onload = () => done();
      picture.onerror = () => failed(new NotAPhoto());
      picture.src = address;
    });
    if (!picture.naturalWidth) throw new NotAPhoto();
    return picture;
  } finally {
    URL.revokeObjectURL(address);
  }
}

async function draw(picture: HTMLImageElement, side: number, quality: number): Promise<Bytes> {
  const { naturalWidth: width, naturalHeight: height } = picture;
  const scale = Math.min(1, side / Math.max(width, height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const context = canvas.getContext('2d');
  if (!context) throw new NotAPhoto();
  context.fillStyle = '#fff'; // JPEG knows no transparency
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, 'image/jpeg', quality));
  if (!blob) throw new NotAPhoto();
  return new Uint8Array(await new Response(blob).arrayBuffer());
}

/** A batch as it goes over the line: compressed where the browser can, else as it is. At most 20 kB either way. */
import type { Bytes } from './bytes';
import type { Box } from './crypto';

export const BATCH_BYTES = 20_000;
/** What the words of a batch itself take. */
export const BATCH_OVERHEAD = 200;

/** What a sealed command takes on the wire, more or less. */
export type Measure = (box: Box) => number;

export const measurePlain: Measure = ({ box }) => box.length + 120;

/** Sealed work is random: of its base64 three quarters are left, of an id and a nonce 33 bytes, of all other words next to nothing. */
export const measureCompressed: Measure = ({ box }) => 0.76 * box.length + 51;

/** Chrome has been able to since its version 80. */
export const canCompress = (): boolean => typeof CompressionStream !== 'undefined';

export async function compress(text: string): Promise<Bytes> {
  const compressed = new Blob([text]).stream().pipeThrough(new CompressionStream('gzip'));
  return new Uint8Array(await new Response(compressed).arrayBuffer());
}

/** As many of `count` commands, which came to `size` bytes together, as will come to no more than `limit`. */
export const fewer = (count: number, size: number, limit: number): number =>
  Math.max(1, Math.min(count - 1, Math.floor((count * limit) / size)));

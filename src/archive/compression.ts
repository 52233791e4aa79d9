/** Compression of bodies at rest, with what every runtime has. */

export interface Compression {
  /** Bodies shorter than this are stored as they are: the bytes saved do not pay for the CPU. */
  readonly bytesMin: number;
  /** Raw deflate, RFC 1951. */
  deflate(bytes: Uint8Array): Promise<Uint8Array> | Uint8Array;
  /** Throws on bytes that are not deflate, and past `bytesMax`: a damaged row must not fill memory. */
  inflate(bytes: Uint8Array, bytesMax: number): Promise<Uint8Array> | Uint8Array;
}

/** Setting the streams up costs 0.4 ms of CPU in Node, whatever the size; hence the threshold. */
export const webCompression: Compression = {
  bytesMin: 16 * 1024,
  deflate: (bytes) => throughStream(bytes, new CompressionStream('deflate-raw'), null),
  inflate: (bytes, bytesMax) =>
    throughStream(bytes, new DecompressionStream('deflate-raw'), bytesMax),
};

async function throughStream(
  bytes: Uint8Array,
  stream: CompressionStream | DecompressionStream,
  bytesMax: number | null,
): Promise<Uint8Array> {
  const writer = stream.writable.getWriter();
  // Not awaited here: with nobody reading yet a large write would wait for ever. A failure of the
  // write is a failure of the read below as well.
  const written = writer.write(new Uint8Array(bytes)).then(() => writer.close());
  written.catch(() => undefined);
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = stream.readable.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    chunks.push(value);
    length += value.byteLength;
    if (bytesMax !== null && length > bytesMax) {
      await reader.cancel();
      throw new RangeError(`inflates to more than ${bytesMax} bytes`);
    }
  }
  return joinBytes(chunks);
}

/** The chunks in order, as one new array. */
export function joinBytes(chunks: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0));
  let offset = 0;
  for (const chunk of chunks) {
    joined.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return joined;
}

/** One HTTP request from a provider, as verification sees it. */
export interface DeliveryRequest {
  readonly method: string;
  /**
   * The public URL as configured at the provider, with the query of this request: some makers sign
   * it, and behind a proxy it is not the URL the process sees.
   */
  readonly url: string;
  /** Case-insensitive; repeated headers come joined by `, `, as `Headers` does it. */
  readonly headers: { get(name: string): string | null };
  /** The raw bytes as received, before any decoding. */
  readonly body: Uint8Array;
}

/** Bounds on what a sender can make us do. Each is counted before the work it bounds. */

/** Signatures looked at per delivery. Makers send one or two; a list of ten thousand is an attack on our CPU. */
export const SIGNATURES_MAX = 16;
/** Signature text (all headers of one delivery together), in UTF-16 units. */
export const SIGNATURE_CHARS_MAX = 8_192;
/** A longer id is replaced by its digest; the key must fit object keys, URLs and SQL indexes. */
export const EVENT_KEY_CHARS_MAX = 200;
export const EVENT_TYPE_CHARS_MAX = 200;
/** Nesting of a payload. The deepest documented payload has 14 levels; a bomb has a hundred thousand. */
export const JSON_DEPTH_MAX = 100;
/** Events in one delivery of a batch provider (SendGrid and HubSpot stay under a thousand). */
export const ITEMS_MAX = 1_000;
/** A challenge that a handshake gives back. */
export const CHALLENGE_CHARS_MAX = 1_024;
/** A configured secret; a PEM key of 4096 bits has about 800. */
export const SECRET_CHARS_MAX = 8_192;
/** Imported keys a crypto port keeps. */
export const KEY_CACHE_MAX = 64;

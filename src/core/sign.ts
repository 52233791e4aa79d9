/**
 * Signs synthetic deliveries from the same data that verifies real ones, so that `hookline trigger`
 * and the test suites cannot drift from the verifier.
 */
import { encode, utf8 } from './bytes.ts';
import type { CryptoPort } from './crypto.ts';
import type { ProviderDefinition } from './provider.ts';
import { keyBytes } from './schemes/keys.ts';
import { readDelivery } from './schemes/reader.ts';
import { renderTemplate } from './schemes/template.ts';
import { formatTimestamp } from './schemes/timestamp.ts';
import type {
  DigestVerification,
  HmacVerification,
  SignatureFormat,
  TextSource,
  Verification,
} from './verification.ts';

export interface SignInput {
  readonly provider: ProviderDefinition;
  readonly secret: string;
  readonly body: Uint8Array;
  readonly nowSeconds: number;
  /** The event id, for makers that send it in a header. */
  readonly id: string;
  readonly url: string;
  readonly crypto: CryptoPort;
}

/**
 * The headers (lower case) of a delivery that `verifyDelivery` accepts. Throws for schemes whose
 * signing key we do not hold (asymmetric, custom) and for signatures outside headers: asking for
 * those is a mistake of the caller, not of a sender.
 */
export async function signDelivery(input: SignInput): Promise<Record<string, string>> {
  const signed = await signWith(input.provider.verification, input);
  if (signed === null) {
    throw new Error(`${input.provider.name}: a delivery cannot be signed with this secret`);
  }
  const idHeaders = (input.provider.event.id?.parts ?? []).flatMap((source) =>
    source.from === 'header' && source.names[0] !== undefined ? [[source.names[0], input.id]] : [],
  );
  return { 'content-type': 'application/json', ...Object.fromEntries(idHeaders), ...signed };
}

async function signWith(
  verification: Verification,
  input: SignInput,
): Promise<Record<string, string> | null> {
  switch (verification.scheme) {
    case 'hmac':
    case 'digest':
      return signTemplate(verification, input);
    case 'token': {
      const { token } = verification;
      return token.from === 'header' ? headerOf(token, input.secret) : null;
    }
    case 'basic':
      return { authorization: `Basic ${encode(utf8(input.secret), 'base64')}` };
    case 'any':
      for (const alternative of verification.alternatives) {
        const signed = await signWith(alternative, input);
        if (signed !== null) return signed;
      }
      return null;
    case 'asymmetric':
    case 'jwt':
    case 'custom':
      return null;
  }
}

async function signTemplate(
  verification: HmacVerification | DigestVerification,
  input: SignInput,
): Promise<Record<string, string> | null> {
  const key = await keyBytes(input.secret, verification.key, input.crypto);
  const { from, format, encoding } = verification.signature;
  if (key === null || from.from !== 'header') return null;
  const headers: Record<string, string> = {};
  const fields = new Map<string, string>();
  const place = (source: TextSource | undefined, text: string): void => {
    if (source?.from === 'header') Object.assign(headers, headerOf(source, text));
    if (source?.from === 'signature') fields.set(source.field, text);
  };
  const { timestamp } = verification;
  place(verification.id, input.id);
  if (timestamp !== undefined) {
    place(timestamp.from, formatTimestamp(input.nowSeconds, timestamp.unit));
  }
  for (const { text, equals } of verification.requires ?? []) place(text, equals[0] ?? '');
  const reader = readDelivery({
    method: 'POST',
    url: input.url,
    headers: { get: (name) => headers[name] ?? null },
    body: input.body,
  });
  const message = renderTemplate(verification, reader, fields);
  if (!message.ok) return null;
  const mac =
    verification.scheme === 'hmac'
      ? await input.crypto.hmac(verification.hash, key, message.value)
      : await input.crypto.digest(verification.hash, [key, ...message.value]);
  return { ...headers, ...headerOf(from, writeSignature(encode(mac, encoding), format, fields)) };
}

function headerOf(
  source: TextSource & { readonly from: 'header' },
  text: string,
): Record<string, string> {
  const [name] = source.names;
  return name === undefined ? {} : { [name]: `${source.prefix ?? ''}${text}` };
}

function writeSignature(
  signature: string,
  format: SignatureFormat,
  fields: ReadonlyMap<string, string>,
): string {
  switch (format.kind) {
    case 'whole':
    case 'list':
      return `${format.prefix ?? ''}${signature}`;
    case 'pairs':
      return [...fields, [format.name, signature]]
        .map(([name, value]) => `${name}=${value}`)
        .join(format.separator);
    case 'fields':
      return format.fields
        .map((name) =>
          name === 'signature' ? signature : (format.where[name] ?? fields.get(name) ?? ''),
        )
        .join(format.fieldSeparator);
    case 'timestamp-first':
      return [fields.get('timestamp') ?? '', signature].join(format.separator);
  }
}

/**
 * Runs signature vectors against the provider files: pure, so that the command, the tests and a
 * Worker can share it. It knows the format of a vector file and nothing of files.
 */
import { utf8 } from '../core/bytes.ts';
import type { CryptoPort } from '../core/crypto.ts';
import type { Json } from '../core/json.ts';
import { at, numberAt, textAt } from '../core/json.ts';
import type { ProviderDefinition } from '../core/provider.ts';
import type { Secret } from '../core/verification.ts';
import { secretOf, toleranceOf, verifyWithin } from '../core/verify.ts';

export interface SignatureVector {
  readonly provider: string;
  readonly method?: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The exact text that was signed. */
  readonly body: string;
  readonly secret: string;
  /** In rotation order; any may match. */
  readonly secrets?: readonly string[];
  readonly params?: {
    readonly tolerance?: number;
    /** What the maker's SDK does with a time ahead of `now`; only a vector run follows it. */
    readonly future?: 'accept' | 'reject';
    /** The maker's name of the key (Braintree calls it the public key). */
    readonly keyId?: string;
  };
  /** Epoch seconds. */
  readonly now: number;
  readonly expect: 'valid' | 'invalid';
  readonly note: string;
}

export interface VectorResult {
  /** Position in the file, from 0. */
  readonly index: number;
  readonly provider: string;
  readonly note: string;
  readonly expected: 'valid' | 'invalid';
  /** `valid`, the reason of the refusal, or `no_provider_file`. */
  readonly got: string;
  readonly passed: boolean;
}

/** Vectors of these makers are run against the file of the scheme they use. */
const SAME_SCHEME: Readonly<Record<string, string>> = {
  svix: 'standard-webhooks',
  standardwebhooks: 'standard-webhooks',
};

/**
 * A vector without a provider file fails: `N passed` must not hide what was not tried. `filterProvider`
 * keeps the vectors of one name, be it the vector's or the provider file's.
 */
export async function runVectors(
  vectors: readonly SignatureVector[],
  providers: ReadonlyMap<string, ProviderDefinition>,
  crypto: CryptoPort,
  filterProvider?: string,
): Promise<readonly VectorResult[]> {
  const results: VectorResult[] = [];
  for (const [index, vector] of vectors.entries()) {
    const id = SAME_SCHEME[vector.provider] ?? vector.provider;
    if (filterProvider !== undefined && ![id, vector.provider].includes(filterProvider)) continue;
    const provider = providers.get(id);
    const got = provider === undefined ? 'no_provider_file' : await run(vector, provider, crypto);
    results.push({
      index,
      provider: vector.provider,
      note: vector.note,
      expected: vector.expect,
      got,
      passed: provider !== undefined && (got === 'valid') === (vector.expect === 'valid'),
    });
  }
  return results;
}

async function run(
  vector: SignatureVector,
  provider: ProviderDefinition,
  crypto: CryptoPort,
): Promise<string> {
  const { params } = vector;
  const headers = new Headers(vector.headers);
  const secrets: Secret[] = [];
  for (const value of vector.secrets ?? [vector.secret]) {
    const secret = await secretOf(value, crypto);
    secrets.push(params?.keyId === undefined ? secret : { ...secret, keyId: params.keyId });
  }
  const toleranceSeconds = params?.tolerance ?? toleranceOf(provider.verification);
  const outcome = await verifyWithin(
    {
      provider,
      request: {
        method: vector.method ?? 'POST',
        url: vector.url,
        headers,
        body: utf8(vector.body),
      },
      secrets,
      nowSeconds: vector.now,
      crypto,
    },
    {
      maxAgeSeconds: toleranceSeconds,
      maxAheadSeconds: params?.future === 'accept' ? null : toleranceSeconds,
    },
  );
  return outcome.ok ? 'valid' : outcome.failure.reason;
}

/** The vectors of a parsed file, or the sentence that says what is wrong with it. */
export function parseVectors(
  json: Json,
): { readonly vectors: readonly SignatureVector[] } | { readonly problem: string } {
  if (!Array.isArray(json)) return { problem: 'a vector file is a JSON array' };
  const vectors: SignatureVector[] = [];
  for (const [index, entry] of (json as readonly Json[]).entries()) {
    const vector = parseVector(entry);
    if (vector === null) return { problem: `entry ${index} is not a signature vector` };
    vectors.push(vector);
  }
  return { vectors };
}

function parseVector(entry: Json): SignatureVector | null {
  const provider = textAt(entry, 'provider');
  const url = textAt(entry, 'url');
  const now = numberAt(entry, 'now');
  const expect = textAt(entry, 'expect');
  const body = at(entry, 'body');
  const secret = at(entry, 'secret');
  if (provider === null || url === null || now === null || typeof body !== 'string') return null;
  if ((expect !== 'valid' && expect !== 'invalid') || typeof secret !== 'string') return null;
  const tolerance = numberAt(entry, 'params.tolerance');
  const future = textAt(entry, 'params.future');
  const keyId = textAt(entry, 'params.keyId') ?? textAt(entry, 'params.publicKey');
  const listed = at(entry, 'secrets');
  const method = textAt(entry, 'method');
  return {
    provider,
    url,
    now,
    expect,
    body,
    secret,
    headers: texts(at(entry, 'headers')),
    note: textAt(entry, 'note') ?? '',
    ...(method === null ? {} : { method }),
    ...(Array.isArray(listed) ? { secrets: listed.filter((one) => typeof one === 'string') } : {}),
    params: {
      ...(tolerance === null ? {} : { tolerance }),
      ...(keyId === null ? {} : { keyId }),
      ...(future === 'accept' || future === 'reject' ? { future } : {}),
    },
  };
}

function texts(json: Json | undefined): Readonly<Record<string, string>> {
  if (json === null || typeof json !== 'object') return {};
  return Object.fromEntries(
    Object.entries(json).filter((pair): pair is [string, string] => typeof pair[1] === 'string'),
  );
}

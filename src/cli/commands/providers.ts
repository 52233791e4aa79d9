/** `providers list`, `providers show`: what Hookline can verify, as its provider files say. */
import { providerById, providers } from '../../../webhooks/index.ts';
import { nearest } from '../../core/nearest.ts';
import type { Verification } from '../../core/verification.ts';
import { type Command, defineCommand } from '../command.ts';
import { table } from '../print.ts';

/** Every file in `webhooks/`. */
export const providersList: Command = defineCommand({
  name: 'providers list',
  summary: 'List the providers whose deliveries can be verified.',
  arguments: [],
  options: { json: { kind: 'flag', about: 'the same for programs' } },
  examples: ['hookline providers list'],
  run: async ({ options: { json } }, { print }) => {
    const all = [...providers.values()];
    if (json) {
      print.json(
        all.map(({ id, name, docs, checkedOn, confidence, facts }) => ({
          id,
          name,
          docs,
          checkedOn,
          confidence,
          tracksFacts: facts !== null,
        })),
      );
      return 0;
    }
    const rows = all.map(({ id, name, verification, facts }) => [
      id,
      name,
      schemeText(verification),
      facts === null ? 'kept only' : `${Object.keys(facts.rules).length} event types tracked`,
    ]);
    for (const line of table(rows)) print.line(line);
    return 0;
  },
});

/** One file in `webhooks/`, in words. */
export const providersShow: Command = defineCommand({
  name: 'providers show',
  summary: 'Print how a provider signs, where its secret is found, and what is tracked.',
  arguments: [{ name: 'ID', arity: 'one' }],
  options: { json: { kind: 'flag', about: 'the same for programs' } },
  examples: ['hookline providers show stripe'],
  run: async ({ arguments: [id = ''], options: { json } }, { print }) => {
    const provider = providerById(id);
    if (provider === null) {
      const guess = nearest(id, [...providers.keys()]);
      print.remark(
        `There is no provider "${id}". ${guess === null ? 'Type: hookline providers list' : `Did you mean ${guess}?`}`,
      );
      return 1;
    }
    if (json) {
      print.json(provider);
      return 0;
    }
    const rows = [
      ['Name', provider.name],
      ['Verification', schemeText(provider.verification)],
      ['Secret', provider.secretHint],
      ['Body', `at most ${provider.bytesMax} bytes`],
      [
        'Answer',
        `${provider.delivery.successStatus} within ${provider.delivery.ackWithinSeconds} s`,
      ],
      ['Retries', provider.delivery.retries],
      ['Disables', provider.delivery.disables ?? 'never, as far as is known'],
      ['Docs', `${provider.docs} (compared ${provider.checkedOn})`],
      [
        'Tracked',
        provider.facts === null
          ? 'nothing, events are kept'
          : Object.keys(provider.facts.rules).join(', '),
      ],
    ];
    for (const line of table(rows)) print.line(line);
    return 0;
  },
});

function schemeText(verification: Verification): string {
  switch (verification.scheme) {
    case 'hmac':
      return `HMAC ${verification.hash}`;
    case 'digest':
      return `digest ${verification.hash}`;
    case 'asymmetric':
      return verification.algorithm.name;
    case 'jwt':
      return `JWT ${verification.algorithms.join('/')}`;
    case 'token':
    case 'basic':
    case 'custom':
      return verification.scheme;
    case 'any':
      return verification.alternatives.map(schemeText).join(' or ');
  }
}

/** `node examples/serverless/invoke.ts`: both Lambda handlers at work, without AWS. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { buildEvent } from '../../src/cli/fixtures/build-event.ts';
import { utf8 } from '../../src/core/bytes.ts';
import { signDelivery } from '../../src/core/sign.ts';
import { registerDeployment } from '../../src/durable/register.ts';
import { createNodeCrypto } from '../../src/edge/crypto-node.ts';
import { buildLambda } from '../../src/launch/lambda-parts.ts';
import { providerById } from '../../webhooks/index.ts';
import config from '../gateway.config.ts';
import { type Example, runAsCommand, type Stage, seenWithin } from '../support/example.ts';
import { startBridge } from './lambda-bridge.ts';
import {
  FRONTS,
  type Front,
  type HttpRequest,
  type LambdaEvent,
  lambdaEvent,
} from './lambda-events.ts';

const SECRET = `whsec_${randomBytes(24).toString('base64')}`;

/** Environment of the two functions, as a deployment would set it. */
export function lambdaEnvironment(
  servers: { readonly restateIngressUrl: string; readonly smtpUrl: string },
  archiveDir: string,
): Readonly<Record<string, string>> {
  return {
    DATABASE_URL: `file:${join(archiveDir, 'archive.db')}`,
    RESTATE_INGRESS_URL: servers.restateIngressUrl,
    SMTP_URL: servers.smtpUrl,
    HOOKLINE_URL: 'https://hooks.acme.test',
    HOOKLINE_TOKEN: randomBytes(24).toString('hex'),
    HOOKLINE_LINK_SECRET: randomBytes(24).toString('hex'),
    STRIPE_WEBHOOK_SECRET: SECRET,
    GITHUB_WEBHOOK_SECRET: randomBytes(24).toString('hex'),
  };
}

/** A folder that outlives the function, as a mounted volume does: the gateway refuses /tmp. */
export function volume(): { readonly dir: string; remove(): void } {
  const dir = mkdtempSync('/var/tmp/hookline-lambda-');
  return { dir, remove: () => rmSync(dir, { recursive: true, force: true }) };
}

/** A failed invoice as Stripe would post it, signed now. */
export async function signedFailure(invoice: string): Promise<HttpRequest> {
  const provider = providerById('stripe');
  const nowSeconds = Math.floor(Date.now() / 1_000);
  const event = buildEvent({
    provider: 'stripe',
    type: 'invoice.payment_failed',
    nowSeconds,
    random: Math.random,
    apiShape: 'basil',
    set: {
      'data.object.id': invoice,
      'data.object.customer_email': 'ada@example.com',
      // Not ASCII: whoever decodes and encodes again on the way breaks the signature.
      'data.object.customer_name': 'Ada Løvelace 🐳',
    },
  });
  if (provider === null || !event.ok) throw new Error('no such event');
  const body = utf8(event.value.body);
  const signature = await signDelivery({
    provider,
    secret: SECRET,
    body,
    nowSeconds,
    id: event.value.id,
    url: '',
    crypto: createNodeCrypto(),
  });
  return {
    method: 'POST',
    path: '/webhooks/stripe',
    headers: { ...event.value.headers, ...signature },
    body,
  };
}

type Lambda = Awaited<ReturnType<typeof buildLambda>>;

/** The status that AWS would send on. */
export async function invokeGateway(
  lambda: Pick<Lambda, 'gateway'>,
  event: LambdaEvent,
): Promise<number> {
  // The same forms; Hono's own types of them are a little stricter about absent fields.
  const { statusCode } = await lambda.gateway(event as Parameters<Lambda['gateway']>[0]);
  return statusCode;
}

async function play({ hookline, say, expect }: Stage): Promise<void> {
  const { dir, remove } = volume();
  const lambda = await buildLambda(config, lambdaEnvironment(hookline, dir));
  const bridge = await startBridge(lambda.objects);
  try {
    const registered = await registerDeployment({
      adminUrl: hookline.restateAdminUrl,
      uri: bridge.url,
      force: true,
      useHttp11: true,
      fetch,
      deadlineMs: 20_000,
    });
    expect('Restate discovers the objects in the function', registered.ok, registered);
    const deliver = async (front: Front, request: HttpRequest, base64: boolean) => {
      return invokeGateway(lambda, lambdaEvent(front, request, { base64 }));
    };
    for (const front of FRONTS) {
      const invoice = `in_${front.replace('-', '')}`;
      const request = await signedFailure(invoice);
      const statuses = [await deliver(front, request, true), await deliver(front, request, false)];
      say(`${front}: one delivery as base64 and again as text: ${statuses.join(', ')}`);
      const changed = { ...request, body: Uint8Array.from([...request.body, 0x20]) };
      const forged = await deliver(front, changed, true);
      const before = bridge.invocations();
      const view = await seenWithin(10_000, async () => {
        const seen = await hookline.view(`stripe/${invoice}`);
        return seen?.followUp?.next === null ? null : seen;
      });
      expect(
        `${front}: accepted, followed up by the function, once; one space more is refused`,
        statuses.every((status) => status === 200) &&
          forged === 401 &&
          view?.timeline.length === 1 &&
          bridge.invocations() > before,
        { statuses, forged, timeline: view?.timeline },
      );
    }
  } finally {
    await bridge.close();
    remove();
  }
}

export const serverless: Example = {
  title: 'Serverless: the gateway and the objects as two AWS Lambda functions',
  config: 'examples/gateway.config.ts',
  timeScale: 1,
  play,
};

if (import.meta.main) await runAsCommand(serverless);

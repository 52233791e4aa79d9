/** A Worker that builds a sample mail and hands it to the server named in the query. For a test. */
import { buildMail } from '../../src/mail/build.ts';
import { PREVIEW_SENDER, sampleNotice } from '../../src/mail/preview.ts';
import { smtpTransport } from '../../src/mail/transport-smtp.ts';

const LINKS = {
  acknowledge: null,
  unsubscribe: 'https://hooks.acme.example/unsubscribe/sample',
  subject: 'https://hooks.acme.example/payments/stripe/in_1',
};

export default {
  async fetch(request: Request): Promise<Response> {
    const { searchParams } = new URL(request.url);
    const sample = sampleNotice('reminder-1');
    const notice = { ...sample, to: { ...sample.to, locale: 'de-DE', zone: 'Europe/Berlin' } };
    const built = buildMail({ ...PREVIEW_SENDER, notice, links: LINKS, override: null });
    if (!built.ok) return Response.json(built.failure, { status: 500 });
    const transport = smtpTransport({
      url: searchParams.get('smtp') ?? '',
      timeoutMs: Number(searchParams.get('timeoutMs')),
    });
    const outcomes = [await transport.send(built.value)];
    if (searchParams.has('twice')) outcomes.push(await transport.send(built.value));
    return Response.json({ outcomes, message: built.value });
  },
};

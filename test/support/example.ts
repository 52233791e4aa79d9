/** Plays an example against a Restate server and a mail server that the test owns and looks into. */
import { type Example, type Expectation, playExample } from '../../examples/support/example.ts';
import type { GivenServers } from '../../examples/support/hookline.ts';
import { mailOf } from '../../examples/support/mails.ts';
import { type RunningRestate, startRestate } from './restate.ts';
import { type SinkMail, type SmtpSink, startSmtpSink } from './smtp-sink.ts';

export interface ExampleServers {
  readonly restate: RunningRestate;
  readonly sink: SmtpSink;
  readonly given: GivenServers;
  close(): Promise<void>;
}

export async function startExampleServers(): Promise<ExampleServers> {
  const [restate, sink] = await Promise.all([startRestate(), startSmtpSink()]);
  return {
    restate,
    sink,
    given: {
      restateIngressUrl: restate.ingressUrl,
      restateAdminUrl: restate.adminUrl,
      // The sink speaks no TLS.
      smtpUrl: `${sink.url}?tls=off`,
      mails: () => sink.messages().map(exampleMail),
    },
    close: async () => {
      await restate.stop();
      await sink.close();
    },
  };
}

function exampleMail(mail: SinkMail) {
  const { subject, text, messageId, receivedAt: at } = mail;
  return mailOf({ at, to: mail.envelope.to, subject, text, messageId }, mail.header);
}

export interface Played {
  readonly expectations: readonly Expectation[];
  /** Everything it printed. */
  readonly output: string;
}

export async function playOn(servers: ExampleServers, example: Example): Promise<Played> {
  const lines: string[] = [];
  const say = (line = ''): void => void lines.push(line);
  const expectations = await playExample(example, { given: servers.given, say });
  return { expectations, output: lines.join('\n') };
}

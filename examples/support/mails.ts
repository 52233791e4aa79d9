/** Mails as the examples see them, whether the catcher or a given server took them. */

export interface Mail {
  /** When it was taken, epoch ms; the catcher knows whole seconds. */
  readonly at: number;
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
  readonly messageId: string;
  /** The subjects it is about, `stripe/in_1`: several in a digest. */
  readonly about: readonly string[];
  /** The step of the ladder that sent it: `reminder-1`. */
  readonly step: string;
}

/** Reads `X-Hookline-Subject` and `X-Hookline-Step`, whose form is `g1/reminder-1`. */
export function mailOf(
  seen: Pick<Mail, 'at' | 'to' | 'subject' | 'text' | 'messageId'>,
  header: (name: string) => string | null,
): Mail {
  return {
    ...seen,
    about: (header('x-hookline-subject') ?? '').split(' ').filter(Boolean),
    step: (header('x-hookline-step') ?? '').replace(/^g\d+\//, ''),
  };
}

/** What the catcher's API answers, as far as it is read here. */
interface Caught {
  readonly subject: string;
  readonly text: string;
  readonly time: string;
  readonly to: readonly { readonly address: string }[];
  readonly headers: Readonly<Record<string, unknown>>;
}

/** Everything the catcher holds, in order of arrival. */
export async function caughtMails(pageUrl: string): Promise<readonly Mail[]> {
  const response = await fetch(`${pageUrl}/api/email`);
  const caught = (await response.json()) as readonly Caught[]; // the catcher's documented answer
  return caught.map((mail) => {
    const header = (name: string): string | null => {
      const value = mail.headers[name];
      return typeof value === 'string' ? value : null;
    };
    const { subject, text } = mail;
    const to = mail.to.map(({ address }) => address);
    return mailOf(
      { at: Date.parse(mail.time), to, subject, text, messageId: header('message-id') ?? '' },
      header,
    );
  });
}

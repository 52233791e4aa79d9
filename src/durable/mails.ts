/** Builds the mails of a mailbox from its notices and the config. Pure; never throws. */
import type { Notice } from '../core/notice.ts';
import { fail, ok, type Result } from '../core/result.ts';
import type { Gateway } from '../gateway.ts';
import { buildDigest, buildMail } from '../mail/build.ts';
import type { MailMessage } from '../mail/contract.ts';
import type { Sender } from '../mail/sender.ts';
import type { ServiceDeps } from './deps.ts';
import { reasonOf } from './errors.ts';

export interface MailFailure {
  readonly error: string;
  /** A template threw: our fault, and a person must look. */
  readonly isBug: boolean;
}

export type BuiltMail = Result<MailMessage, MailFailure>;

type MailDeps = Pick<ServiceDeps, 'gateway' | 'linksFor'>;

/** The mail of one notice, with the source's own template where the config has one. */
export function mailOf(deps: MailDeps, notice: Notice, recipientKey: string): BuiltMail {
  return built(() =>
    buildMail({
      ...senderOf(deps.gateway, notice),
      notice,
      links: deps.linksFor(notice, recipientKey),
      override: deps.gateway.sources.get(notice.source)?.templates[notice.template] ?? null,
    }),
  );
}

/** `notices`: at least one. One mailbox may be written in several ways; the first one counts. */
export function digestOf(
  deps: MailDeps,
  notices: readonly Notice[],
  recipientKey: string,
): BuiltMail {
  return built(() => {
    const [first] = notices;
    if (first === undefined) throw new Error('a digest of no notices');
    // A digest is read by the team, also where it lists shadow copies for customers.
    const ofTeam = notices.find(({ intended }) => intended === null)?.to;
    const to = ofTeam ?? { address: first.to.address, name: null, locale: null, zone: null };
    return buildDigest({
      ...senderOf(deps.gateway, first),
      notices: notices.map((notice) => ({
        notice: { ...notice, to },
        links: deps.linksFor(notice, recipientKey),
      })),
    });
  });
}

/** A source that left the config still owes its last mails: the gateway's own name signs them. */
function senderOf({ mail, sources, publicUrl }: Gateway, notice: Notice): Sender {
  const source = sources.get(notice.source);
  const calendar =
    notice.audience === 'team' ? source?.policy.teamCalendar : source?.policy.customerCalendar;
  return {
    from: mail.from,
    replyTo: mail.replyTo,
    businessName: source?.businessName ?? mail.businessName,
    locale: mail.locale,
    ...(calendar === undefined ? {} : { zone: calendar.zone }),
    messageIdHost: new URL(publicUrl).hostname,
  };
}

function built(build: () => Result<MailMessage, { readonly reason: string }>): BuiltMail {
  try {
    const mail = build();
    return mail.ok ? ok(mail.value) : fail({ error: mail.failure.reason, isBug: false });
  } catch (error) {
    return fail({ error: `mail could not be built: ${reasonOf(error)}`, isBug: true });
  }
}

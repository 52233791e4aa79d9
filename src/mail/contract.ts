/** Mail: building is pure, sending is a port. */
import type { Notice } from '../core/notice.ts';

export interface MailMessage {
  readonly from: string;
  readonly replyTo: string | null;
  /** One address, already checked: a list can never come out of a payload. */
  readonly to: { readonly address: string; readonly name: string | null };
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  /** `<…@hookline…>`: derived from the notice, the same at every attempt. */
  readonly messageId: string;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * `retry`: 4xx or no connection, try later. `refused`: 5xx, final. `unknown`: the server was given
 * the whole message and did not say whether it took it; a repeat may be a second copy.
 */
export type SendOutcome =
  | { readonly kind: 'sent'; readonly response: string }
  | { readonly kind: 'retry'; readonly error: string }
  | { readonly kind: 'refused'; readonly error: string }
  | { readonly kind: 'unknown'; readonly error: string };

export interface MailTransport {
  /**
   * Never throws: every failure is an outcome. Bounded by its own time limit. `signal` aborts when
   * nobody will hear the outcome: what the server has not been given by then is not handed over.
   */
  send(message: MailMessage, signal?: AbortSignal): Promise<SendOutcome>;
}

/** Links in a mail; the edge mints and checks them. */
export interface NoticeLinks {
  readonly acknowledge: string | null;
  readonly unsubscribe: string | null;
  readonly subject: string;
}

export type LinksFor = (notice: Notice, recipientKey: string) => NoticeLinks;

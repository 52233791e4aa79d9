/** Which texts of a delivery the proof covers. Decides the event key, so it errs to "not covered". */
import type { SignedTemplate, TextSource, Verification } from './verification.ts';

/**
 * True if nobody but the maker can have set the text at `source` in a delivery that verified. A token
 * or basic auth vouches for the whole request: who can send it at all can send anything.
 */
export function covers(verification: Verification, source: TextSource): boolean {
  switch (verification.scheme) {
    case 'token':
    case 'basic':
      return true;
    case 'any':
      return (
        verification.alternatives.length > 0 &&
        verification.alternatives.every((alternative) => covers(alternative, source))
      );
    case 'custom':
      return verification.covers.includes(source.from);
    case 'jwt':
      return (
        isInBody(source) && (verification.token.from === 'whole-body' || bindsBody(verification))
      );
    default:
      return templateCovers(verification, source);
  }
}

function bindsBody(verification: Verification & { readonly scheme: 'jwt' }): boolean {
  return verification.claims.some(
    (check) =>
      'digestOf' in check && check.digestOf === 'body' && check.optionalWhenBodyEmpty !== true,
  );
}

function templateCovers(template: SignedTemplate, source: TextSource): boolean {
  return template.signs.some((part) => {
    if (part === 'body') return isInBody(source);
    if (part === 'url') return source.from === 'query';
    if (part === 'id') return isSame(template.id, source);
    if (part === 'timestamp') return isSame(template.timestamp?.from, source);
    if (typeof part === 'object' && 'text' in part) return isSame(part.text, source);
    if (typeof part === 'object' && 'jsonString' in part) {
      return part.jsonString === 'body' ? isInBody(source) : isSame(part.jsonString, source);
    }
    return false;
  });
}

function isInBody(source: TextSource): boolean {
  return ['body', 'item', 'member', 'form', 'whole-body'].includes(source.from);
}

/** The same place read the same way: with aliases in another order another header could be meant. */
function isSame(left: TextSource | undefined, right: TextSource): boolean {
  return left !== undefined && JSON.stringify(left) === JSON.stringify(right);
}

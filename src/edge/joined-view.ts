/** The way from an id to the subject it belongs to: a charge's payment, a payment's invoice. */
import type { SubjectKind } from '../core/fact.ts';
import type { Result } from '../core/result.ts';
import type { SubjectView } from '../durable/contract.ts';
import type { Ingress, IngressFailure } from '../durable/ingress-contract.ts';

/** Charge to payment, payment to invoice: no id is further away from what it belongs to. */
const HOPS_MAX = 2;

/** The view of the subject itself, or of the one it was joined to. */
export async function joinedView(
  ingress: Pick<Ingress, 'view'>,
  kind: SubjectKind,
  subject: string,
): Promise<Result<SubjectView, IngressFailure>> {
  let view = await ingress.view(kind, subject);
  for (let hop = 0; hop < HOPS_MAX && view.ok && view.value.linkedTo !== null; hop += 1) {
    view = await ingress.view(kind, view.value.linkedTo);
  }
  return view;
}

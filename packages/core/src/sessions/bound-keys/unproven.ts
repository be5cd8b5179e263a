import { BOUND_KEY_GRACE_MS, type BoundKey } from '../../ports/session.ts'
import type { KeyProof } from '../../ports/steps/rotating.ts'

/** Whether a session is bound to a key that was not shown, although it is asked for. */
export function isUnproven(
  { boundKey }: { readonly boundKey?: BoundKey | undefined },
  shown: KeyProof | undefined,
  at: number,
): boolean {
  if (boundKey === undefined || shown === undefined) return false
  return shown.jkt !== boundKey.jkt && at - boundKey.boundAt > BOUND_KEY_GRACE_MS
}

import type { KeyInfo } from '@sallyport/core'
import { instant, isoInstant } from '../../terminal/safe.ts'
import { tableOf } from '../../terminal/table.ts'

export function tableOfKeys(keys: readonly KeyInfo[]): string {
  return tableOf(
    ['KEY', 'ALGORITHM', 'STATE', 'SIGNS FROM'],
    keys.map(({ kid, alg, state, signsFrom }) => [
      ...[kid, alg, state],
      signsFrom === undefined ? undefined : instant(signsFrom),
    ]),
  )
}

/** A key as JSON has it. */
export function publicKey({ kid, alg, state, signsFrom }: KeyInfo): object {
  return { kid, alg, state, signs_from: signsFrom === undefined ? null : isoInstant(signsFrom) }
}

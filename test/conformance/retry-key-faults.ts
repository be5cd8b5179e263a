import { sign } from 'node:crypto'
import type { SallyportOptions } from '@sallyport/core'
import { generateSigningKey } from '../../packages/core/src/keys/jwk/jwk.ts'

/** Something that a refresh needs, and that fails as often as it is told to. */
export interface Fault {
  readonly options: SallyportOptions
  /** The next calls fail. */
  next(failures: number): void
}

/** Each makes a refresh fail after the store has rotated, with this status. */
export const faults: readonly { readonly name: string; readonly status: number; make(): Promise<Fault> }[] = [
  { name: 'a signer that fails', status: 503, make: failingSigner },
  { name: 'a function of claims that throws', status: 500, make: failingClaims },
]

async function failingSigner(): Promise<Fault> {
  const key = await generateSigningKey('EdDSA')
  const { kid, alg, publicKey } = key
  const plan = failurePlan('the signer fails')
  const signer = {
    ...{ kid, alg, publicKey },
    sign(input: Uint8Array): Uint8Array {
      plan.pass()
      return sign(null, input, key.privateKey)
    },
  }
  return { options: { access: { signers: [signer] } }, next: plan.next }
}

function failingClaims(): Promise<Fault> {
  const plan = failurePlan('the function of claims throws')
  const of = (): Record<string, unknown> => {
    plan.pass()
    return {}
  }
  return Promise.resolve({ options: { claims: { of } }, next: plan.next })
}

function failurePlan(message: string): { pass(): void; next(failures: number): void } {
  let left = 0
  return {
    pass() {
      if (left === 0) return
      left--
      throw new Error(message)
    },
    next(failures) {
      left = failures
    },
  }
}

import { type AuditSink, memoryStore, type SallyportOptions, type StoreDriver } from '@sallyport/core'
import type { TestClock } from './clock.ts'
import { random } from './system.ts'

const SECRET_BYTES = 32

export interface Replacements {
  readonly clock: TestClock
  readonly store: StoreDriver
  /** Takes the place of the application's own, if it has any. */
  readonly sink: AuditSink
}

/**
 * The application's own options, with all that would reach out of the process replaced: the store, the keys and signers,
 * the secret, the clock and the sink of the audit trail. All else stays as it is.
 */
export function replaced(given: SallyportOptions, { clock, store, sink }: Replacements): SallyportOptions {
  return {
    ...given,
    ...{ clock, store },
    ...(given.access === undefined ? {} : { access: withoutKeys(given.access) }),
    ...(given.audit === undefined ? {} : { audit: { ...given.audit, sink } }),
    // With a secret, a service that only verifies would be taken for one that issues tokens.
    secret: onlyVerifies(given) ? undefined : random(SECRET_BYTES),
  }
}

/** Keys are made in the store instead, of the algorithm that the given ones have. */
function withoutKeys(access: NonNullable<SallyportOptions['access']>): SallyportOptions['access'] {
  const { keys, signers, ...rest } = access
  const algorithm = rest.algorithm ?? signers?.[0]?.alg ?? algorithmOf(keys?.[0])
  return { ...rest, algorithm }
}

/** The library itself checks what the key says. */
function algorithmOf(jwk: { readonly alg?: unknown } | undefined): AccessAlgorithm {
  return jwk?.alg as AccessAlgorithm
}
type AccessAlgorithm = NonNullable<SallyportOptions['access']>['algorithm']

function onlyVerifies({ issuers = [], issuer, audience, secret }: SallyportOptions): boolean {
  return issuers.length > 0 && [issuer, audience, secret].every((one) => one === undefined)
}

/** A store that is opened once, and stays open until its first user closes it, so that a twin can share it. */
export function sharedStore(
  driver: StoreDriver = memoryStore(),
): StoreDriver & { readonly twin: StoreDriver } {
  let opened: ReturnType<StoreDriver['open']> | undefined
  const open: StoreDriver['open'] = (context) => {
    opened ??= driver.open(context)
    return opened
  }
  const { name, shared } = driver
  return {
    ...{ name, shared, open },
    twin: {
      ...{ name, shared },
      open: async (context) => ({ ...(await open(context)), close: () => Promise.resolve() }),
    },
  }
}

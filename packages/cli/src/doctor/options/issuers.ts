import type { SallyportOptions } from '@sallyport/core'
import { above, each, isLoopback, type OptionRule } from './rule.ts'

const DAY = 86_400

/** What issuers of access tokens and of logout tokens have in common. */
interface Signed {
  readonly issuer: string
  readonly jwks?: unknown
  readonly discovery?: unknown
  readonly maxStaleSeconds?: unknown
}

/** Whose word the deployment takes, and how it gets their keys. */
export const issuerRules: readonly OptionRule[] = [
  ...keyRules('issuers', ({ issuers }) => each(issuers)),
  ...keyRules('backchannelLogout.issuers', ({ backchannelLogout }) => each(backchannelLogout?.issuers)),
  {
    id: 'issuer-untyped',
    option: 'issuers',
    look: ({ issuers }) => each(issuers).find((one) => one.untyped)?.issuer,
  },
  {
    id: 'introspection-cached',
    option: 'issuers',
    look: ({ issuers }) => each(issuers).find((one) => (one.introspection?.cacheSeconds ?? 0) > 60)?.issuer,
  },
]

function keyRules(
  option: string,
  issuersOf: (options: SallyportOptions) => readonly Signed[],
): readonly OptionRule[] {
  const keysOf = (issuer: Signed | undefined): string | undefined => issuer && `the keys of ${issuer.issuer}`
  return [
    {
      id: 'issuer-keys-http',
      option,
      look: (options) =>
        keysOf(issuersOf(options).find((one) => isPlain(addressOf(one)) && !isLoopback(addressOf(one)))),
    },
    {
      id: 'issuer-keys-loopback',
      option,
      look: (options) =>
        keysOf(issuersOf(options).find((one) => isPlain(addressOf(one)) && isLoopback(addressOf(one)))),
    },
    {
      id: 'issuer-stale',
      option,
      look: (options) =>
        issuersOf(options).find((one) => above(one.maxStaleSeconds, DAY, 'seconds') !== undefined)?.issuer,
    },
  ]
}

/** Where the keys come from; '' if they are in the options, or nowhere. */
function addressOf({ issuer, jwks, discovery }: Signed): string {
  if (typeof jwks === 'string') return jwks
  return discovery === true ? issuer : ''
}

function isPlain(address: string): boolean {
  return /^http:/i.test(address)
}

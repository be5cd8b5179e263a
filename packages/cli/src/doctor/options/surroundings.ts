import type { SallyportOptions } from '@sallyport/core'
import { onlyVerifies } from '../../deployment/verifying.ts'
import { above, each, isLoopback, type OptionRule } from './rule.ts'

const ANY_ADDRESS = /\/0$/

/** Whom the deployment trusts, what browsers and proxies may do, and what is written down. */
export const surroundingRules: readonly OptionRule[] = [
  {
    id: 'audit-missing',
    option: 'audit',
    look: ({ audit }) => (audit === undefined ? 'not set' : undefined),
  },
  {
    id: 'audit-plain',
    option: 'audit.subjects',
    look: ({ audit }) => (audit?.subjects === 'plain' ? 'plain' : undefined),
  },
  { id: 'audit-kept-long', option: 'audit.days', look: ({ audit }) => above(audit?.days, 730, 'days') },
  {
    id: 'activity-kept-long',
    option: 'activity.days',
    look: ({ activity }) => above(activity?.days, 180, 'days'),
  },
  {
    id: 'issuer-http',
    option: 'issuer',
    look: ({ issuer }) => (typeof issuer === 'string' && !/^https:/i.test(issuer) ? issuer : undefined),
  },
  {
    id: 'cookie-insecure',
    option: 'cookie.secure',
    look: ({ cookie }) => (cookie?.secure === false ? 'false' : undefined),
  },
  {
    id: 'origin-http',
    option: 'origins.allowed',
    look: ({ origins }) =>
      each(origins?.allowed).find((origin) => origin.startsWith('http:') && !isLoopback(origin)),
  },
  {
    id: 'origin-loopback',
    option: 'origins.allowed',
    // The shell of a native app has such an origin, with a scheme of its own.
    look: ({ origins }) =>
      each(origins?.allowed).find((origin) => /^https?:/.test(origin) && isLoopback(origin)),
  },
  {
    id: 'claims-leak',
    option: 'claims.leaks',
    look: ({ claims }) => (claims?.leaks === 'warn' ? 'warn' : undefined),
  },
  {
    id: 'dpop-window',
    option: 'dpop.windowSeconds',
    look: ({ dpop }) => (typeof dpop === 'object' ? above(dpop.windowSeconds, 120, 'seconds') : undefined),
  },
  {
    id: 'mtls-any-proxy',
    option: 'mtls.proxies',
    look: ({ mtls }) =>
      typeof mtls === 'object' ? each(mtls.proxies).find((network) => ANY_ADDRESS.test(network)) : undefined,
  },
  {
    id: 'client-revokes-all',
    option: 'oauth.clients',
    look: ({ oauth }) => each(oauth?.clients).find(({ revoke }) => revoke === 'all')?.clientId,
  },
  {
    id: 'store-memory',
    option: 'store',
    look: (options) =>
      options.store?.shared === true || keepsNothing(options)
        ? undefined
        : (options.store?.name ?? 'not set'),
  },
  { id: 'clock-replaced', option: 'clock', look: ({ clock }) => (clock === undefined ? undefined : 'set') },
  {
    id: 'random-replaced',
    option: 'random',
    look: ({ random }) => (random === undefined ? undefined : 'set'),
  },
]

/** A service that only verifies has something to remember if it is told of ended sessions. */
function keepsNothing(options: SallyportOptions): boolean {
  return onlyVerifies(options) && each(options.backchannelLogout?.issuers).length === 0
}

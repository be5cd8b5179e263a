import type { SallyportOptions } from '@sallyport/core'
import { EnvironmentError } from './environment-error.ts'
import { DEMO_PASSWORD } from './users.ts'

/** The variables whose defaults everybody can read here. */
const KNOWN_TO_ALL = ['ISSUER', 'AUDIENCE', 'SECRET', 'AUDIT_KEY', 'GATEWAY_SECRET', 'USER_PASSWORD']

/** What differs between a demo and a server for others. */
export interface Rules {
  /** That of every user, until the user changes it. */
  readonly password: string
  readonly gatewaySecret: string
  /** Whether `GET /metrics` answers everybody, unless the environment says otherwise. */
  readonly openMetrics: boolean
  readonly limits: NonNullable<SallyportOptions['limits']>
  readonly lockout: NonNullable<SallyportOptions['lockout']>
  readonly audit: { readonly subjects: 'plain' | 'pseudonyms' }
}

export interface Secrets {
  readonly GATEWAY_SECRET?: string | undefined
  readonly USER_PASSWORD?: string | undefined
}

/** A demo has no users to protect from each other, and whoever reads its trail wants to see them. */
export function demoRules({ GATEWAY_SECRET, USER_PASSWORD }: Secrets): Rules {
  return {
    password: USER_PASSWORD ?? DEMO_PASSWORD,
    gatewaySecret: GATEWAY_SECRET ?? 'gateway-secret',
    openMetrics: true,
    // Its load tests refresh all the time.
    limits: { refreshes: { count: 0 }, refreshesAtOnce: 0, converged: 0 },
    // All of its users may be behind one address.
    lockout: { networkAttempts: 0 },
    audit: { subjects: 'plain' },
  }
}

/** The limits are those of the library. Throws an `EnvironmentError` if something has only the default of the demo. */
export function productionRules(given: Readonly<Record<string, unknown>>, secrets: Secrets): Rules {
  const missing = KNOWN_TO_ALL.find((name) => given[name] === undefined)
  if (missing !== undefined) throw new EnvironmentError(missing, 'set where DEMO is off')
  const { GATEWAY_SECRET: gatewaySecret = '', USER_PASSWORD: password = '' } = secrets
  const audit = { subjects: 'pseudonyms' } as const
  return { password, gatewaySecret, openMetrics: false, limits: {}, lockout: {}, audit }
}

import type { Adapted } from '@sallyport/core/adapter'

interface Started {
  readonly accessToken: string
  readonly expiresIn: number
  readonly scope: string
}

interface Start<Exchange extends unknown[]> {
  readonly sessions: {
    start(
      ...args: [...Exchange, signIn: { subject: string; scope?: readonly string[]; crossSite?: 'checked' }]
    ): Promise<Started>
  }
}

/** Goes away once `sessions.start` is declared. */
export function startable<Exchange extends unknown[], Reply, Protect, Check, Router, Placement>(
  sallyport: Adapted<Exchange, Reply, Protect, Check, Router, Placement>,
): Adapted<Exchange, Reply, Protect, Check, Router, Placement> & Start<Exchange> {
  return sallyport as typeof sallyport & Start<Exchange>
}

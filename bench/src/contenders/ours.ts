import {
  type Address,
  memoryStore,
  type Sallyport,
  type SallyportOptions,
  type StoreDriver,
} from '@sallyport/core'
import { postgresStore } from '@sallyport/postgres'
import { redisStore } from '@sallyport/redis'
import { LRUCache } from 'lru-cache'
import { RateLimiterMemory } from 'rate-limiter-flexible'
import { AUDIENCE, ISSUER, type Setup } from '../setup.ts'
import { watching } from './watched.ts'

/** One secret for all processes of a run, so that what one revokes another refuses. */
const SECRET = 'Zr0jWm3cQf8nTq1XvK5yLb9sHd2gAe7uPi4oRx6tNwE'

const forged = new RateLimiterMemory({ points: 20, duration: 60 })
const blockedUntil = new LRUCache<string, number>({ max: 10_000 })

/** As the guide shows it: an address may send so many forged tokens a minute. */
function limitForged({ ip = '' }: Address): number {
  return ((blockedUntil.get(ip) ?? 0) - Date.now()) / 1000
}

/** Counts what {@link limitForged} limits. */
export function countForged(sallyport: Pick<Sallyport, 'on'>): void {
  sallyport.on('event', ({ event, reason, ip = '' }) => {
    if (event === 'token.refused' && reason?.startsWith('token_'))
      forged.consume(ip).catch(({ msBeforeNext }) => blockedUntil.set(ip, Date.now() + msBeforeNext))
  })
}

/** Ours as in the README: Redis (or another store that is asked for), replicated revocation, default binding. */
export function ourOptions(setup: Setup): SallyportOptions {
  const { algorithm, privateJwk, limited, watched } = setup
  return {
    issuer: ISSUER,
    audience: AUDIENCE,
    secret: SECRET,
    store: storeOf(setup),
    access: { keys: [privateJwk], algorithm },
    production: true,
    // A few users refresh as fast as they can.
    limits: { refreshes: { count: 0 }, converged: 0, ...(limited && { signatures: limitForged }) },
    ...(watched && watching(watched)),
  }
}

function storeOf({ store = 'redis', redisUrl, databaseUrl }: Setup): StoreDriver {
  switch (store) {
    case 'memory':
      return memoryStore()
    case 'redis':
      return redisStore({ url: redisUrl })
    case 'postgres':
      // A disk that is slow for a moment is to show in the figures, not to end the run with a 503.
      return postgresStore({ url: databaseUrl, commandTimeoutMs: 10_000 })
  }
}

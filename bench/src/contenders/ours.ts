import type { SallyportOptions } from '@sallyport/core'
import { redisStore } from '@sallyport/redis'
import { AUDIENCE, ISSUER, type Setup } from '../setup.ts'

/** One secret for all processes of a run, so that what one revokes another refuses. */
const SECRET = 'bench: 0123456789abcdefghijklmnopqrstuvwxyz'

/**
 * SEAM: what ours is given besides in the flood's second run, to slow down who sends forged tokens. While it
 * is `undefined`, there is no second run.
 */
export const limiter: SallyportOptions | undefined = undefined

/** Ours as in the README: Redis, replicated revocation, default binding. */
export function ourOptions({ algorithm, privateJwk, redisUrl, limited }: Setup): SallyportOptions {
  return {
    issuer: ISSUER,
    audience: AUDIENCE,
    secret: SECRET,
    store: redisStore({ url: redisUrl }),
    access: { keys: [privateJwk], algorithm },
    production: true,
    ...(limited && limiter),
  }
}

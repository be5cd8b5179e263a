import type { SallyportOptions, SignatureLimit } from '@sallyport/core'
import { redisStore } from '@sallyport/redis'
import { RateLimiterMemory, type RateLimiterRes } from 'rate-limiter-flexible'
import { AUDIENCE, ISSUER, type Setup } from '../setup.ts'

/** One secret for all processes of a run, so that what one revokes another refuses. */
const SECRET = 'bench: 0123456789abcdefghijklmnopqrstuvwxyz'

/** As the guide shows it: so many signature checks a minute for one address, and then none. */
function limitSignatures(): SignatureLimit {
  const checks = new RateLimiterMemory({ points: 2000, duration: 60 })
  return ({ ip = '' }) =>
    checks.consume(ip).then(
      () => 0,
      ({ msBeforeNext }: RateLimiterRes) => msBeforeNext / 1000,
    )
}

/** Ours as in the README: Redis, replicated revocation, default binding. */
export function ourOptions({ algorithm, privateJwk, redisUrl, limited }: Setup): SallyportOptions {
  return {
    issuer: ISSUER,
    audience: AUDIENCE,
    secret: SECRET,
    store: redisStore({ url: redisUrl }),
    access: { keys: [privateJwk], algorithm },
    production: true,
    ...(limited && { limits: { signatures: limitSignatures() } }),
  }
}

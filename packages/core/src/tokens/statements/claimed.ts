import { JOSEError } from 'jose/errors'
import { decodeJwt } from 'jose/jwt/decode'

/** The `iss` of a JWT, before any part of it is verified: it says no more than by whose keys to verify. */
export function claimedIssuer(jwt: string): string | undefined {
  try {
    const { iss } = decodeJwt(jwt)
    return typeof iss === 'string' ? iss : undefined
  } catch (cause) {
    if (cause instanceof JOSEError) return undefined
    throw cause
  }
}

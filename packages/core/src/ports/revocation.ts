import type { Revocation, SessionId, SubjectTag } from './model.ts'

/** The longest that an access token may live, in seconds. */
export const MAX_ACCESS_SECONDS = 1800

/**
 * How long a revocation is kept: the longest access token, and a minute for tokens that were being
 * signed while it was made. It does not follow the configured lifetime, since tokens issued under a
 * longer, earlier setting must stay revoked too.
 */
export const REVOCATION_RETENTION_MS: number = (MAX_ACCESS_SECONDS + 60) * 1000

/** The one spelling of a revocation: the same thing revoked twice is one text. */
export function encodeRevocation(revocation: Revocation): string {
  switch (revocation.kind) {
    case 'session':
      return `s:${revocation.session}`
    case 'token':
      return `j:${revocation.jti}`
    case 'key':
      return `k:${revocation.kid}`
    case 'subject':
      return `u:${revocation.tag}:${revocation.notBefore}:${revocation.except ?? ''}`
  }
}

/** Reads what {@link encodeRevocation} wrote. */
export function decodeRevocation(text: string): Revocation {
  const rest = text.slice(2)
  switch (text.slice(0, 2)) {
    case 's:':
      return { kind: 'session', session: rest }
    case 'j:':
      return { kind: 'token', jti: rest }
    case 'k:':
      return { kind: 'key', kid: rest }
    default: {
      const [tag = '', notBefore = '', except = ''] = rest.split(':')
      return {
        kind: 'subject',
        tag: tag as SubjectTag,
        notBefore: Number(notBefore),
        ...(except === '' ? {} : { except: except as SessionId }),
      }
    }
  }
}

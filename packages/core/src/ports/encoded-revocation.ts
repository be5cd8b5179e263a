import type { SessionId, SubjectTag } from './ids.ts'
import type { Revocation } from './revocations.ts'

/** Encodes a revocation. Equal revocations give equal strings. */
export function encodeRevocation(revocation: Revocation): string {
  switch (revocation.kind) {
    case 'session':
      return `s:${revocation.session}`
    case 'generation':
      return `g:${revocation.session}:${revocation.generation}`
    case 'token':
      return `j:${revocation.jti}`
    case 'key':
      return `k:${revocation.kid}`
    case 'subject':
      return `u:${revocation.tag}:${revocation.notBefore}:${revocation.except ?? ''}`
    case 'all':
      return `a:${revocation.until}`
  }
}

/** Decodes a string that {@link encodeRevocation} made. A number that it would not write so, such as `0x10`, is NaN. */
export function decodeRevocation(encoded: string): Revocation {
  const rest = encoded.slice(2)
  switch (encoded.slice(0, 2)) {
    case 's:':
      return { kind: 'session', session: rest }
    case 'g:': {
      const [session = '', generation = ''] = rest.split(':')
      return { kind: 'generation', session: session as SessionId, generation: numberIn(generation) }
    }
    case 'j:':
      return { kind: 'token', jti: rest }
    case 'k:':
      return { kind: 'key', kid: rest }
    case 'a:':
      return { kind: 'all', until: numberIn(rest) }
    default: {
      const [tag = '', notBefore = '', except = ''] = rest.split(':')
      return {
        kind: 'subject',
        tag: tag as SubjectTag,
        notBefore: numberIn(notBefore),
        ...(except === '' ? {} : { except: except as SessionId }),
      }
    }
  }
}

function numberIn(text: string): number {
  const number = Number(text)
  return String(number) === text ? number : Number.NaN
}

import { decodeHeader } from '../header.ts'
import { REFERENCE_PREFIX } from './reference.ts'

const MAX_CHARS = 4096
/** RFC 6750, section 2.1. */
const B64TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/
/** How whatever this deployment makes begins, such as a refresh token: nobody else may see it. */
const OWN = /^sp[a-z]_/

/**
 * Whether a token may be an opaque one of another issuer, which has to be asked about it: at most 4096 characters of
 * those that RFC 6750 allows. A JWT is none, in whatever spelling, since an issuer might accept another spelling than we
 * do.
 *
 * @param areReferencesForeign whether a reference token can only be that of another deployment
 */
export function isIntrospectable(token: string, areReferencesForeign = false): boolean {
  const isOwn = OWN.test(token) && !(areReferencesForeign && token.startsWith(REFERENCE_PREFIX))
  return token.length <= MAX_CHARS && B64TOKEN.test(token) && !isOwn && !hasJoseHeader(token)
}

function hasJoseHeader(token: string): boolean {
  const [header = '', ...others] = token.split('.')
  // Node.js decodes base64 in any spelling, and encodes it in the one that jose takes.
  const canonical = Buffer.from(header, 'base64url').toString('base64url')
  return decodeHeader([canonical, ...others].join('.')) !== undefined
}

import { urlIn } from '../../issuers/secure-url.ts'
import type { RequestView } from '../../seam/http.ts'

/** Where clients reach this server. `asked`: at the host that the request names, over TLS if that is known. */
export type Origins = 'asked' | readonly string[]

/**
 * Printable ASCII, without what `URL` reads in another way than servers do: it takes a backslash for a slash, and drops
 * white space and control characters.
 */
const HTTP_URL = /^https?:\/\/(?![/?#])[\x21-\x5b\x5d-\x7e]+$/i
/** A host and a port, and nothing that would belong to another part of a URL. */
const HOST = /^[^\s/?#@\\]+$/
const PATH = /^\/[^#]*$/

/**
 * The canonical form of a URL without query and fragment (RFC 3986, sections 6.2.2 and 6.2.3); `undefined` for anything
 * but an http or https URL without a user.
 */
export function canonicalUrl(given: string): string | undefined {
  if (!HTTP_URL.test(given)) return undefined
  const decoded = given.replace(/[?#].*$/, '').replace(/%[0-9a-f]{2}/gi, canonicalOctet)
  const url = urlIn(decoded)
  if (url === undefined) return undefined
  const { origin, pathname, username, password } = url
  return username === '' && password === '' ? origin + pathname : undefined
}

/** Letters, digits and `-._~` stand for themselves; the digits of any other octet are upper case. */
function canonicalOctet(encoded: string): string {
  const char = String.fromCharCode(Number.parseInt(encoded.slice(1), 16))
  return /[\w.~-]/.test(char) ? char : encoded.toUpperCase()
}

/** The URL of a request, in its canonical form, under each origin; fewer where it can't be told. */
export function urlsOf({ host, secure, target }: RequestView, origins: Origins): readonly string[] {
  if (!PATH.test(target)) return []
  const named = origins === 'asked' ? originAsked(host, secure ? 'https' : 'http') : origins
  return named.flatMap((origin) => canonicalUrl(origin + target) ?? [])
}

function originAsked(host: string | undefined, scheme: 'http' | 'https'): readonly string[] {
  return host !== undefined && HOST.test(host) ? [`${scheme}://${host}`] : []
}

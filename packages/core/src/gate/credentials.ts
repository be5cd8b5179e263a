import type { RequestView } from '../seam/http.ts'
import type { Schemes, TokenScheme } from './answers/challenge.ts'

export type Credential =
  | { readonly kind: 'none' }
  | { readonly kind: 'token'; readonly scheme: TokenScheme; readonly token: string }
  | { readonly kind: 'repeated' }
  | { readonly kind: 'malformed'; readonly scheme: TokenScheme }

/**
 * Reads the access token in `Authorization`, the only place from which one is taken. A header with another scheme counts
 * as no credential. Does NOT check the token.
 */
export type ReadCredential = (view: RequestView) => Credential

const USUAL = 'Bearer '

/** The schemes in which access tokens are accepted here. */
export interface TokenSchemes {
  readonly read: ReadCredential
  /** For the challenge to a request: in which scheme it sent its token, and in which it may. */
  of(view: RequestView): Schemes
  readonly by: Readonly<Record<TokenScheme, Schemes>>
}

/** @param algorithms of DPoP proofs; `undefined` if no bound token is accepted */
export function createTokenSchemes(algorithms: readonly string[] | undefined): TokenSchemes {
  const read = createCredentialReader(algorithms === undefined ? ['Bearer'] : ['Bearer', 'DPoP'])
  const schemes = (sent: TokenScheme): Schemes => ({ sent, proofAlgorithms: algorithms?.join(' ') })
  const by = { Bearer: schemes('Bearer'), DPoP: schemes('DPoP') }
  return {
    ...{ read, by },
    of(view) {
      const credential = read(view)
      return 'scheme' in credential ? by[credential.scheme] : by.Bearer
    },
  }
}

function createCredentialReader(accepted: readonly TokenScheme[]): ReadCredential {
  const all = accepted.map((scheme) => ({
    scheme,
    complete: new RegExp(`^${scheme}(?: +(.*))?$`, 'i'),
    begun: new RegExp(`^${scheme}\\b`, 'i'),
  }))

  function readUnusual(value: string): Credential {
    const named = all.find(({ begun }) => begun.test(value))
    if (named === undefined) return { kind: 'none' }
    const { scheme, complete } = named
    const [, token = ''] = complete.exec(value) ?? []
    return token === '' ? { kind: 'malformed', scheme } : { kind: 'token', scheme, token }
  }

  return (view) => {
    const value = view.headers.authorization
    if (typeof value !== 'string') return { kind: 'none' }
    if (occurrences(view.rawHeaders, 'authorization') > 1) return { kind: 'repeated' }
    // Nearly every client spells the scheme this way, so the patterns above are rarely needed.
    if (value.startsWith(USUAL) && value.length > USUAL.length && value[USUAL.length] !== ' ')
      return { kind: 'token', scheme: 'Bearer', token: value.slice(USUAL.length) }
    return readUnusual(value)
  }
}

/** How often a header was sent. Node.js keeps only the first one in the parsed headers. */
export function occurrences(rawHeaders: readonly string[], name: string): number {
  let count = 0
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const header = rawHeaders[at]
    if (header?.length === name.length && header.toLowerCase() === name) count++
  }
  return count
}

import { instant } from '../../terminal/safe.ts'

/** What the members of a token's header mean (RFC 7515, section 4.1). */
const HEADER: Readonly<Record<string, string>> = {
  alg: 'the algorithm of the signature; it must be that of the key',
  kid: 'the key that signed it, as in "sallyport keys list"',
  typ: 'what it is: at+jwt is an access token (RFC 9068)',
  crit: 'extensions that must be understood; none is, so the token is refused',
}

/** What claims mean (RFC 7519, section 4.1; RFC 9068, section 2.2). */
const CLAIMS: Readonly<Record<string, string>> = {
  iss: 'who issued it',
  sub: 'the user',
  aud: 'for which API it is',
  exp: 'when it expires; there is no leeway',
  iat: 'when it was issued; at most 5 seconds in the future',
  nbf: 'when it begins to be valid; at most 5 seconds in the future',
  jti: 'its own name, by which it can be revoked',
  client_id: 'the OAuth client that got it',
  sid: 'its session: see "sallyport sessions revoke"',
  gen: 'how often the session had been refreshed, plus one',
  scope: 'what it may be used for',
  auth_time: 'when the user proved who they are',
  acr: 'how sure it is who the user is',
  amr: 'how the user was authenticated (RFC 8176)',
  roles: 'the roles of the user',
  cnf: 'what whoever sends it has to prove: a key (DPoP) or a certificate (mTLS)',
  fgp: 'the hash of a cookie that must come with it',
}
const OWN = 'a claim of the application'
const INSTANTS: readonly string[] = ['exp', 'iat', 'nbf', 'auth_time']
const MAX_CHARS = 80

export interface Explained {
  readonly name: string
  readonly value: string
  readonly meaning: string
}

export function explainHeader(header: Readonly<Record<string, unknown>>): readonly Explained[] {
  return explain(header, HEADER, 'not known here')
}

export function explainClaims(claims: Readonly<Record<string, unknown>>): readonly Explained[] {
  return explain(claims, CLAIMS, OWN)
}

function explain(
  members: Readonly<Record<string, unknown>>,
  meanings: Readonly<Record<string, string>>,
  other: string,
): readonly Explained[] {
  return Object.entries(members).map(([name, value]) => ({
    name,
    value: textOf(name, value),
    meaning: Object.hasOwn(meanings, name) ? (meanings[name] ?? other) : other,
  }))
}

function textOf(name: string, value: unknown): string {
  if (INSTANTS.includes(name) && typeof value === 'number') return instant(value * 1000)
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text.length <= MAX_CHARS ? text : `${text.slice(0, MAX_CHARS)}…`
}

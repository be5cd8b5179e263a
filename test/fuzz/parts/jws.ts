import { createPrivateKey, createPublicKey, sign } from 'node:crypto'

/** The key of RFC 8037, appendix A.1. */
export const EDDSA = {
  kty: 'OKP',
  crv: 'Ed25519',
  d: 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A',
  x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
}
/** The key of RFC 7515, appendix A.3. */
export const ES256 = {
  kty: 'EC',
  crv: 'P-256',
  x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
  y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
  d: 'jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fXE9-E9LI',
}
export type Jwk = typeof EDDSA | typeof ES256

export const publicHalf = (jwk: Jwk): object =>
  createPublicKey({ key: jwk, format: 'jwk' }).export({ format: 'jwk' })

const LINE = '\n'

/**
 * A token of an input: two lines are a header and claims, whatever they say, which the key signs; any other input is the
 * token itself.
 */
export function tokenIn(input: Buffer, jwk: Jwk): string {
  const at = input.indexOf(LINE)
  if (at < 0) return input.toString('latin1')
  const signed = [input.subarray(0, at), input.subarray(at + 1)]
    .map((part) => part.toString('base64url'))
    .join('.')
  const key = createPrivateKey({ key: jwk, format: 'jwk' })
  const signature =
    jwk.kty === 'EC'
      ? sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' })
      : sign(null, Buffer.from(signed), key)
  return `${signed}.${signature.toString('base64url')}`
}

/** The input that gives a token with these. */
export const linesOf = (header: object, claims: object): string =>
  JSON.stringify(header) + LINE + JSON.stringify(claims)

/** A JWT, read back into an input that gives the same, signed anew. */
export function inputOf(jwt: string): string {
  const [header = '', claims = ''] = jwt.split('.').map((part) => Buffer.from(part, 'base64url').toString())
  return header + LINE + claims
}

/** JOSE examples of RFC 7515, appendices A.1, A.2, A.5, and what is nearly a token. */
export const SOME_JWS: readonly string[] = [
  'eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk',
  'eyJhbGciOiJub25lIn0.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.',
  'eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg',
  'e30.e30.',
  'x.y.z',
]

export const JWT_WORDS: readonly string[] = [
  ...[
    '"alg"',
    '"typ"',
    '"kid"',
    '"crit"',
    '"b64"',
    '"jwk"',
    '"jku"',
    '"x5c"',
    '"cty"',
    '"zip"',
    '"enc"',
    '"none"',
  ],
  ...['"iss"', '"sub"', '"aud"', '"exp"', '"nbf"', '"iat"', '"jti"', '"events"', '"cnf"', '"jkt"', '"nonce"'],
  ...['HS256', 'ES256', 'EdDSA', 'Ed25519', 'at+jwt', 'JWT', 'application/at+jwt'],
]

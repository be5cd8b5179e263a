import type { OperationCredential, Surface } from '@sallyport/core/adapter'
import type { OpenApiSecurityScheme } from './document.ts'

const SCHEMES = { cookie: 'refreshCookie', bearer: 'bearer', dpop: 'dpop', client: 'client' } as const

/** Any of these will do. */
export function securityOf(
  credentials: readonly OperationCredential[],
  scopes: readonly string[],
  surface: Surface,
): Record<string, string[]>[] {
  return credentials.flatMap((credential) => requirementsOf(credential, scopes, surface))
}

function requirementsOf(
  credential: OperationCredential,
  scopes: readonly string[],
  surface: Surface,
): Record<string, string[]>[] {
  switch (credential) {
    case 'none':
      return [{}]
    case 'cookie':
      return [{ [SCHEMES.cookie]: [] }]
    case 'client':
      return surface.clientMethods.includes('secret') ? [{ [SCHEMES.client]: [] }] : []
    case 'bearer':
      return [
        { [SCHEMES.bearer]: [...scopes] },
        ...(surface.proofAlgorithms === undefined ? [] : [{ [SCHEMES.dpop]: [...scopes] }]),
      ]
  }
}

/** Those that some operation asks for. */
export function securitySchemesOf(
  surface: Surface,
  asked: ReadonlySet<string>,
): Record<string, OpenApiSecurityScheme> {
  const schemes: Readonly<Record<string, OpenApiSecurityScheme>> = {
    [SCHEMES.cookie]: {
      ...{ type: 'apiKey', in: 'cookie', name: surface.refreshCookie },
      description: 'The refresh token of a browser, in a cookie that no script can read.',
    },
    [SCHEMES.bearer]: {
      ...{ type: 'http', scheme: 'bearer', bearerFormat: 'at+jwt' },
      description: 'An access token (RFC 6750).',
    },
    [SCHEMES.dpop]: {
      ...{ type: 'http', scheme: 'dpop' },
      description: `An access token that is bound to a key, with a proof in the header \`DPoP\` (RFC 9449): ${surface.proofAlgorithms?.join(', ')}.`,
    },
    [SCHEMES.client]: {
      ...{ type: 'http', scheme: 'basic' },
      description: 'The id and the secret of an OAuth client, form-urlencoded (RFC 6749, section 2.3.1).',
    },
  }
  return Object.fromEntries(Object.entries(schemes).filter(([name]) => asked.has(name)))
}

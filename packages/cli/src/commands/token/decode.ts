/** What a JWT says of itself. Nothing of it is verified. */
export interface Decoded {
  readonly header: Readonly<Record<string, unknown>>
  readonly claims: Readonly<Record<string, unknown>>
}

/** Shows what a signed JWT says; `undefined` for an opaque or encrypted token, and for what is none. Verifies nothing. */
export function decode(token: string): Decoded | undefined {
  const [header, claims, signature, ...others] = token.split('.').map(objectIn)
  const isSigned = token.split('.').length === 3 && signature === undefined && others.length === 0
  return isSigned && header !== undefined && claims !== undefined ? { header, claims } : undefined
}

function objectIn(part: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString())
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined
  } catch {
    return undefined
  }
}

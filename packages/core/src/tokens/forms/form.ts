import type { DerivedKeys } from '../../secrets.ts'
import type { TokenEncryption } from './nested.ts'
import { createReferences, type References } from './reference.ts'

/** What access tokens are made of. */
export type TokenForm =
  /** A signed JWT, which everybody can read. */
  | { readonly kind: 'jwt' }
  /** The same, encrypted for this deployment alone. */
  | { readonly kind: 'encrypted'; readonly encryption: TokenEncryption }
  /** Only the name of a session, under a MAC. */
  | { readonly kind: 'reference'; readonly references: References }

/** Makes the form of access tokens. What it does not need is not loaded. */
export async function createTokenForm(
  kind: TokenForm['kind'],
  secrets: readonly [DerivedKeys, ...DerivedKeys[]],
): Promise<TokenForm> {
  switch (kind) {
    case 'jwt':
      return { kind }
    case 'encrypted': {
      const { createTokenEncryption } = await import('./nested.ts')
      return { kind, encryption: createTokenEncryption(secrets) }
    }
    case 'reference': {
      const [current, ...earlier] = secrets
      const keys = [current.accessReferences, ...earlier.map((one) => one.accessReferences)] as const
      return { kind, references: createReferences(keys) }
    }
  }
}

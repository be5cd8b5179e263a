import type { DerivedKeys } from '../../secrets.ts'
import type { TokenEncryption } from './nested.ts'
import { createReferences, type References } from './reference.ts'

/** The form of the access tokens that this deployment issues. */
export type TokenForm =
  /** A signed JWT, which everybody can read. */
  | { readonly kind: 'jwt' }
  /** A signed JWT, encrypted so that only this deployment can read it. */
  | { readonly kind: 'encrypted'; readonly encryption: TokenEncryption }
  /** The id of a session, which only this deployment can read. */
  | { readonly kind: 'reference'; readonly references: References }

/** Makes a form of access tokens. Loads encryption only if it is needed. */
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
      const references = [current.accessReferences, ...earlier.map((keys) => keys.accessReferences)] as const
      return { kind, references: createReferences(references) }
    }
  }
}

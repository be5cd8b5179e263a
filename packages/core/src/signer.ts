// The entry point for authors of signers.
export { ConfigError, describeValue, SallyportError, unknownOption } from './errors.ts'
export { isKid, readJwk } from './keys/jwk.ts'
export * as schema from './options/schema.ts'
export type { Signer, SigningAlgorithm, SigningKey, VerificationKey } from './ports/signer.ts'

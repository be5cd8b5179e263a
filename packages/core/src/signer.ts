// The door of those who write a signer.
export { ConfigError, describeValue, SallyportError, unknownOption } from './errors.ts'
export { isKid, readJwk } from './keys/jwk.ts'
export * as schema from './options/schema.ts'
export type { Signer, SigningAlgorithm, SigningKey, VerificationKey } from './ports/signer.ts'

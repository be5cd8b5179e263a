// The entry point for authors of signers.

export { patiently } from './dependencies/patience.ts'
export { ConfigError, describeValue, SallyportError, unknownOption } from './errors.ts'
export { readJwk } from './keys/jwk/jwk.ts'
export * as schema from './options/values/schema.ts'
export {
  isKid,
  type Signer,
  type SigningAlgorithm,
  type SigningKey,
  type VerificationKey,
} from './ports/signer.ts'
export { isSignature } from './tokens/signature.ts'

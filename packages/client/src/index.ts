export { createClient } from './client.ts'
export { ClientError, type ClientErrorDetails } from './errors.ts'
export type {
  Client,
  ClientChange,
  ClientOptions,
  ClientState,
  ProofKey,
  StepUpChallenge,
  TokenStorage,
} from './options.ts'
export { returnUrl, signInUrl } from './return-url.ts'

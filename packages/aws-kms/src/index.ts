export { AwsKmsError } from './error.ts'
export type { AwsKmsSignerOptions } from './options.ts'
export { type AwsKmsSigner, awsKmsSigner } from './signer.ts'

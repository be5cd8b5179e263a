import { SallyportError } from '@sallyport/core/signer'

/** AWS KMS does not answer, refuses, or answered what can't be used; it may be asked again. */
export class AwsKmsError extends SallyportError {
  override readonly name = 'AwsKmsError'
  readonly code = 'ERR_AWS_KMS'

  /** @param what to follow "AWS KMS: "; never the words of an error of the client, which hold ARNs and account ids */
  constructor(what: string) {
    super(`AWS KMS: ${what}`)
  }
}

import { SallyportError } from '@sallyport/core/signer'

/** AWS KMS did not answer, refused, or gave an answer that cannot be used. The call may be repeated. */
export class AwsKmsError extends SallyportError {
  override readonly name = 'AwsKmsError'
  readonly code = 'ERR_AWS_KMS'

  /**
   * @param what goes after "AWS KMS: "; never the message of a client's error, which may hold ARNs and account ids
   */
  constructor(what: string) {
    super(`AWS KMS: ${what}`)
  }
}

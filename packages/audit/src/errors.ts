import { SallyportError } from '@sallyport/core/sink'

/** A sink could not keep events, or a trail could not be read. The `cause` is what the system said. */
export class AuditError extends SallyportError {
  override readonly name = 'AuditError'
  /** What the system calls the fault, such as `ENOSPC`; `ERR_AUDIT` if it has no name for it. */
  readonly code: string

  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = codeOf(options?.cause) ?? 'ERR_AUDIT'
  }
}

function codeOf(cause: unknown): string | undefined {
  const { code } = cause instanceof Error && 'code' in cause ? cause : { code: undefined }
  return typeof code === 'string' ? code : undefined
}

import { SallyportError } from '@sallyport/core/sink'

/** A sink could not keep events, or a trail could not be read. The `cause` is what the system said. */
export class AuditError extends SallyportError {
  override readonly name = 'AuditError'
  readonly code = 'ERR_AUDIT'
}

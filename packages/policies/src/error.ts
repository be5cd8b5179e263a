import { SallyportError } from '@sallyport/core/sink'

/** An engine did not decide. The request is refused; it may be repeated. */
export class PolicyEngineError extends SallyportError {
  override readonly name = 'PolicyEngineError'
  readonly code = 'ERR_POLICY_ENGINE'

  /** @param what goes after the engine's name; never anything of a request, or of an answer */
  constructor(engine: string, what: string) {
    super(`${engine} ${what}`)
  }
}

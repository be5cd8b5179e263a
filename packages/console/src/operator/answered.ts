import { RefusalError, UnavailableError } from '@sallyport/core'
import { type Answer, type AuthHandler, jsonAnswer, refusal } from '@sallyport/core/adapter'

/**
 * Answers what a call of the library or a guard throws in the form of the RFCs, which the page reads whatever the option
 * `refusals` says.
 */
export function answered(handle: AuthHandler): AuthHandler {
  return async (view, auth) => {
    try {
      return await handle(view, auth)
    } catch (cause) {
      if (cause instanceof UnavailableError) return refusal('store_unavailable')
      if (cause instanceof RefusalError) return answerTo(cause)
      throw cause
    }
  }
}

function answerTo({ status, error, message, headers }: RefusalError): Answer {
  const answer = jsonAnswer(status, { error, error_description: message })
  return { ...answer, headers: { ...answer.headers, ...headers } }
}

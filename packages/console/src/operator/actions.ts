import { type Auth, ConfigError, type Sallyport } from '@sallyport/core'
import {
  type Answer,
  emptyAnswer,
  type Gate,
  isForeignName,
  isName,
  jsonAnswer,
  type RequestView,
  refusal,
} from '@sallyport/core/adapter'
import { now } from '../system.ts'
import { shownKeys } from './shown.ts'

/** What operators can do. Each tells who did it, by the same request as what came of it. */
export interface Actions {
  revokeUser(view: RequestView, auth: Auth): Promise<Answer>
  endSession(view: RequestView, auth: Auth): Promise<Answer>
  rotateKey(view: RequestView, auth: Auth): Promise<Answer>
  compromiseKey(view: RequestView, auth: Auth): Promise<Answer>
}

const BY_OPERATOR = 'revoked_by_operator'

export function createActions({ sessions, keys, emit }: Sallyport, { callers }: Gate): Actions {
  /** Tells that this operator does it. */
  function begin(
    view: RequestView,
    auth: Auth,
    action: string,
    about: { readonly kid?: string } = {},
  ): { readonly reason: string; readonly caller: { readonly request_id: string } } {
    const caller = callers.of(view)
    emit({ event: 'policy.permitted', outcome: 'success', sub: auth.subject, action, ...about }, caller)
    // The address of an operator is nothing for the users, who see the events about them.
    return { reason: BY_OPERATOR, caller: { request_id: caller.request_id } }
  }
  const keysAnswer = (): Answer => jsonAnswer(200, { keys: shownKeys(keys.list(), now()) })

  return {
    async revokeUser(view, auth) {
      const { subject = '' } = view.params
      if (!isName(subject) || isForeignName(subject)) return refusal('route_unknown')
      const { ended } = await sessions.revokeAll(subject, begin(view, auth, 'operator:revoke_user'))
      return jsonAnswer(200, { ended: ended.length })
    },
    async endSession(view, auth) {
      const { id = '' } = view.params
      if (!isName(id) || isForeignName(id)) return refusal('session_unknown')
      const { ended } = await sessions.revoke(id, begin(view, auth, 'operator:end_session'))
      return ended.length === 0 ? refusal('session_unknown') : emptyAnswer()
    },
    async rotateKey(view, auth) {
      begin(view, auth, 'operator:rotate_key')
      try {
        await keys.rotate()
      } catch (cause) {
        if (!(cause instanceof ConfigError)) throw cause
        return jsonAnswer(409, { error: 'keys_given', error_description: cause.message })
      }
      return keysAnswer()
    },
    async compromiseKey(view, auth) {
      const { kid = '' } = view.params
      if (!keys.list().some((key) => key.kid === kid)) return refusal('route_unknown')
      begin(view, auth, 'operator:compromise_key', { kid })
      await keys.compromise(kid)
      return keysAnswer()
    },
  }
}

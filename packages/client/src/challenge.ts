import type { StepUpChallenge } from './options.ts'

/** Why a request was answered 401: its token, a step-up that is needed, or a reason that no new token changes. */
export type Refusal = 'token' | 'other' | StepUpChallenge

const PARAMETER = /([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/g
const SCHEME = /(?:^|,)\s*(?:Bearer|DPoP)(?=\s|$)/i

/**
 * Reads the challenge of an answer (RFC 6750, section 3; RFC 9470, section 3). An application may answer 401 for reasons of
 * its own. What another origin does not expose might be ours.
 */
export function refusalOf(answer: Response): Refusal {
  const field = answer.headers.get('WWW-Authenticate')
  if (field === null) return answer.type === 'cors' ? 'token' : 'other'
  if (!SCHEME.test(field)) return 'other'
  const parameters = new Map<string, string>()
  for (const [, name = '', quoted, plain] of field.matchAll(PARAMETER))
    parameters.set(name.toLowerCase(), quoted?.replace(/\\(.)/g, '$1') ?? plain ?? '')
  const error = parameters.get('error')
  // The second: the key to which it is bound is gone.
  if (error === 'invalid_token' || error === 'invalid_dpop_proof') return 'token'
  if (error !== 'insufficient_user_authentication') return 'other'
  const maxAge = Number(parameters.get('max_age'))
  const acrValues = parameters.get('acr_values')?.split(' ').filter(Boolean) ?? []
  return { acrValues, maxAge: maxAge >= 0 ? maxAge : undefined }
}

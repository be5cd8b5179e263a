import type { StepUpChallenge } from './options.ts'

/** Why a request was answered 401. `other`: for a reason that no new token changes. */
export type Refusal =
  | { readonly kind: 'token' }
  | { readonly kind: 'step_up'; readonly challenge: StepUpChallenge }
  | { readonly kind: 'other' }

const PARAMETER = /([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/g
const SCHEME = /(?:^|,)\s*(?:Bearer|DPoP)(?=\s|$)/i

/**
 * Reads the challenge of an answer (RFC 6750, section 3; RFC 9470, section 3). An application may answer 401 for reasons of
 * its own. What another origin does not expose might be ours.
 */
export function refusalOf(answer: Response): Refusal {
  const field = answer.headers.get('WWW-Authenticate')
  if (field === null) return { kind: answer.type === 'cors' ? 'token' : 'other' }
  if (!SCHEME.test(field)) return { kind: 'other' }
  const parameters = new Map<string, string>()
  for (const [, name = '', quoted, plain] of field.matchAll(PARAMETER))
    parameters.set(name.toLowerCase(), quoted?.replace(/\\(.)/g, '$1') ?? plain ?? '')
  switch (parameters.get('error')) {
    case 'invalid_token':
    // The key to which it is bound is gone.
    case 'invalid_dpop_proof':
      return { kind: 'token' }
    case 'insufficient_user_authentication': {
      const maxAge = Number(parameters.get('max_age'))
      const acrValues = parameters.get('acr_values')?.split(' ').filter(Boolean) ?? []
      return { kind: 'step_up', challenge: { acrValues, maxAge: maxAge >= 0 ? maxAge : undefined } }
    }
    default:
      return { kind: 'other' }
  }
}

/** The session is there, but will not be refreshed before the user has authenticated again. */
export class NeedsStepUp extends Error {
  readonly refusal: Refusal

  constructor(refusal: Refusal) {
    super('the user has to authenticate again')
    this.refusal = refusal
  }
}

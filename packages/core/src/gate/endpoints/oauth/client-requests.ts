import type {
  AuthenticateClient,
  ClientCredentials,
  ClientVerdict,
  IdAndSecret,
} from '../../../access/clients/authenticate.ts'
import type { Callers } from '../../../seam/caller.ts'
import type { Answer, RequestView } from '../../../seam/http.ts'
import { refusal } from '../../answers/answer.ts'
import { readForm } from '../../body.ts'
import { occurrences } from '../../credentials.ts'

export type Form = ReadonlyMap<string, string>

export type ClientRequest =
  | {
      readonly kind: 'read'
      readonly form: Form
      readonly credentials: ClientCredentials
      /** Where the credentials were, if there are any. */
      readonly place: 'header' | 'body'
    }
  | { readonly kind: 'refused'; readonly answer: Answer }

export type AuthenticatedRequest =
  | Extract<ClientVerdict, { readonly kind: 'confidential' | 'public' }>
  | { readonly kind: 'refused'; readonly answer: Answer }

/** Requests of OAuth clients: a form, and what shows who sent it (RFC 6749, section 2.3). */
export interface ClientRequests {
  /** Reads a request. Does NOT check its credentials. One that authenticates in two ways at once is refused. */
  read(view: RequestView): Promise<ClientRequest>
  authenticate(
    request: Extract<ClientRequest, { readonly kind: 'read' }>,
    view: RequestView,
  ): Promise<AuthenticatedRequest>
}

export interface ClientRequestsParts {
  readonly authenticate: AuthenticateClient
  readonly callers: Callers
}

/** A 401 needs a challenge (RFC 9110, section 15.5.2). Whoever authenticates in the body has no use for one. */
const CHALLENGE = { headers: { 'WWW-Authenticate': 'Basic realm="oauth"' } } as const

export function createClientRequests({ authenticate, callers }: ClientRequestsParts): ClientRequests {
  return {
    async read(view) {
      if (occurrences(view.rawHeaders, 'authorization') > 1)
        return refused(refusal('authorization_repeated', { challenge: 'none' }))
      const reading = await readForm(view)
      if (reading.kind === 'refused') return refused(refusal(reading.problem))
      const form = reading.value
      const readings = basicIn(view)
      const id = parameter(form, 'client_id')
      const secret = parameter(form, 'client_secret')
      if (readings !== undefined) {
        const isOther = id !== undefined && readings.length > 0 && !readings.some((one) => one.id === id)
        if (secret !== undefined || isOther) return refused(refusal('client_methods_mixed'))
        return { kind: 'read', form, credentials: { kind: 'secret', readings }, place: 'header' }
      }
      if (id === undefined)
        return secret === undefined
          ? { kind: 'read', form, credentials: { kind: 'none' }, place: 'header' }
          : { kind: 'read', form, credentials: { kind: 'secret', readings: [] }, place: 'body' }
      const credentials: ClientCredentials =
        secret === undefined ? { kind: 'name', id } : { kind: 'secret', readings: [{ id, secret }] }
      return { kind: 'read', form, credentials, place: 'body' }
    },
    async authenticate({ credentials, place }, view) {
      const verdict = await authenticate(credentials, callers.of(view))
      switch (verdict.kind) {
        case 'confidential':
        case 'public':
          return verdict
        case 'unauthenticated':
          return refused(refusal('client_unauthenticated', place === 'header' ? CHALLENGE : {}))
        case 'limited':
          return refused(refusal('clients_limited', verdict))
        case 'unavailable':
          return refused(refusal('store_unavailable'))
      }
    },
  }
}

/** A parameter; one without a value counts as absent (RFC 6749, section 3.1). */
export function parameter(form: Form, name: string): string | undefined {
  return form.get(name) || undefined
}

const BASIC = /^basic(?: +([A-Za-z0-9+/]*={0,2}))?$/i

/**
 * What HTTP Basic says, in the two ways in which clients write it: form-urlencoded, as RFC 6749, section 2.3.1, has it, and
 * as it is. `undefined` if the request does not use it, empty if it is malformed.
 */
function basicIn({ headers }: RequestView): readonly IdAndSecret[] | undefined {
  const { authorization } = headers
  if (typeof authorization !== 'string' || !/^basic\b/i.test(authorization)) return undefined
  const [, encoded = ''] = BASIC.exec(authorization) ?? []
  const [, id = '', secret = ''] = /^([^:]+):(.+)$/s.exec(Buffer.from(encoded, 'base64').toString()) ?? []
  if (id === '') return []
  const [decodedId, decodedSecret] = [formDecoded(id), formDecoded(secret)]
  const plain = { id, secret }
  if (decodedId === undefined || decodedSecret === undefined) return [plain]
  const isSame = decodedId === id && decodedSecret === secret
  return isSame ? [plain] : [{ id: decodedId, secret: decodedSecret }, plain]
}

function formDecoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}

function refused(answer: Answer): { readonly kind: 'refused'; readonly answer: Answer } {
  return { kind: 'refused', answer }
}

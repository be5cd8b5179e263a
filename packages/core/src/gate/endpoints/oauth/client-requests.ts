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

/** What a request shows of its client, and where, if anywhere. */
interface Shown {
  readonly credentials: ClientCredentials
  readonly place: 'header' | 'body'
}

export type ClientRequest =
  | ({ readonly kind: 'read'; readonly form: Form } & Shown)
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
      const ways = [basicIn(view, form), assertionIn(form), secretIn(form)].filter((way) => way !== undefined)
      if (ways.length > 1 || ways[0] === 'contradictory') return refused(refusal('client_methods_mixed'))
      const id = parameter(form, 'client_id')
      const [way = id === undefined ? NOBODY : { credentials: { kind: 'name', id }, place: 'body' }] = ways
      return { kind: 'read', form, ...way }
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
        case 'keys_unavailable':
          return refused(refusal('client_keys_unavailable'))
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

const NOBODY: Shown = { credentials: { kind: 'none' }, place: 'header' }
const BASIC = /^basic(?: +([A-Za-z0-9+/]*={0,2}))?$/i

/**
 * What HTTP Basic says, in the two ways in which clients write it: form-urlencoded, as RFC 6749, section 2.3.1, has it, and
 * as it is. A `client_id` in the form must be the same.
 */
function basicIn({ headers }: RequestView, form: Form): Shown | 'contradictory' | undefined {
  const { authorization } = headers
  if (typeof authorization !== 'string' || !/^basic\b/i.test(authorization)) return undefined
  const [, encoded = ''] = BASIC.exec(authorization) ?? []
  const [, id, secret] = /^([^:]+):(.+)$/s.exec(Buffer.from(encoded, 'base64').toString()) ?? []
  const readings = id === undefined || secret === undefined ? [] : readingsOf({ id, secret })
  const named = parameter(form, 'client_id')
  const fitting = readings.filter((one) => named === undefined || named === one.id)
  if (fitting.length === 0 && readings.length > 0) return 'contradictory'
  return { credentials: { kind: 'secret', readings: fitting }, place: 'header' }
}

function readingsOf(plain: IdAndSecret): readonly IdAndSecret[] {
  const [id, secret] = [formDecoded(plain.id), formDecoded(plain.secret)]
  if (id === undefined || secret === undefined) return [plain]
  return id === plain.id && secret === plain.secret ? [plain] : [{ id, secret }, plain]
}

/** RFC 6749, section 2.3.1: the secret as a parameter. */
function secretIn(form: Form): Shown | undefined {
  const [id, secret] = [parameter(form, 'client_id'), parameter(form, 'client_secret')]
  if (secret === undefined) return undefined
  const readings = id === undefined ? [] : [{ id, secret }]
  return { credentials: { kind: 'secret', readings }, place: 'body' }
}

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** RFC 7521, section 4.2. What is of another type, or of none, shows nothing. */
function assertionIn(form: Form): Shown | undefined {
  const type = parameter(form, 'client_assertion_type')
  const sent = parameter(form, 'client_assertion')
  if (type === undefined && sent === undefined) return undefined
  const assertion = type === ASSERTION_TYPE && sent !== undefined ? sent : ''
  return {
    credentials: { kind: 'assertion', assertion, id: parameter(form, 'client_id') },
    place: 'body',
  }
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

import Negotiator from 'negotiator'
import type { Examine } from '../../../access/clients/examine.ts'
import type { OAuthClient, OAuthSettings } from '../../../access/clients/settings.ts'
import type { Statements } from '../../../issuers/statements.ts'
import type { Auth } from '../../../seam/auth.ts'
import type { Answer, RequestView, Route } from '../../../seam/http.ts'
import { jsonAnswer, refusal } from '../../answers/answer.ts'
import type { Handler, RouteMaker } from '../../routes.ts'
import { type ClientRequests, parameter } from './client-requests.ts'

export interface IntrospectEndpointParts {
  readonly clientRequests: ClientRequests
  readonly examine: Examine
  readonly oauth: Pick<OAuthSettings, 'clients'>
  readonly sign: Statements['sign']
}

/**
 * `POST /introspect`: tells a client what an access token means (RFC 7662), in an answer that is signed if it
 * asks for that (RFC 9701). No routes if no client may ask.
 */
export function introspectRoutes(parts: IntrospectEndpointParts, route: RouteMaker): readonly Route[] {
  const { clientRequests, examine, oauth, sign } = parts
  if ([...oauth.clients.values()].every(({ introspect }) => introspect === undefined)) return []

  async function answer(members: object, { id: aud }: OAuthClient, view: RequestView): Promise<Answer> {
    if (!wantsJwt(view)) return jsonAnswer(200, members)
    const signed = await sign('token-introspection+jwt', { aud, token_introspection: members })
    return signed.kind === 'signed' ? jwtAnswer(signed.jwt) : refusal('key_unavailable')
  }

  const handle: Handler = async (view) => {
    const request = await clientRequests.read(view)
    if (request.kind === 'refused') return request.answer
    const asked = await clientRequests.authenticate(request, view)
    if (asked.kind === 'refused') return asked.answer
    // A name alone shows nothing, and nobody may search for tokens here.
    if (asked.kind === 'public') return refusal('client_unauthenticated')
    const { introspect } = asked.client
    if (introspect === undefined) return refusal('client_unauthorized')
    const token = parameter(request.form, 'token')
    if (token === undefined) return refusal('body_malformed')
    const examined = await examine(token, { ...asked.client, introspect }, view)
    switch (examined.kind) {
      case 'active':
        return answer(membersOf(examined.auth), asked.client, view)
      case 'inactive':
        return answer({ active: false }, asked.client, view)
      case 'limited':
        return refusal('signatures_limited', examined)
      case 'unavailable':
        return refusal('store_unavailable')
    }
  }
  return [route.open('/introspect', { POST: handle })]
}

const JWT_TYPE = 'application/token-introspection+jwt'

/** Whoever prefers the type of a signed answer to plain JSON wants one (RFC 9701, section 4; RFC 9110, section 12.5.1). */
function wantsJwt({ headers: { accept } }: RequestView): boolean {
  if (typeof accept !== 'string') return false
  return new Negotiator({ headers: { accept } }).mediaType(['application/json', JWT_TYPE]) === JWT_TYPE
}

/** RFC 9701, section 5. */
function jwtAnswer(jwt: string): Answer {
  return {
    status: 200,
    headers: { 'Content-Type': JWT_TYPE, 'Cache-Control': 'no-store' },
    cookies: [],
    body: jwt,
  }
}

/** RFC 7662, section 2.2. Members that it does not name are the claims of the same name. */
function membersOf({ claims }: Auth): object {
  // RFC 9449, section 6.2. A token that is bound to a certificate is still a bearer token (RFC 8705, section 3).
  const type = claims.cnf?.jkt === undefined ? 'Bearer' : 'DPoP'
  const { active: _active, token_type: _type, ...members } = claims
  return { active: true, token_type: type, ...members }
}

import { hash, timingSafeEqual } from 'node:crypto'
import type { Unavailable } from '../../ports/outcome.ts'
import type { Caller } from '../../seam/caller.ts'
import { claimedIssuer } from '../../tokens/statements/claimed.ts'
import type { Emit } from '../../watch/events.ts'
import type { ClientLimits } from '../../watch/lockout/client-limits.ts'
import { type AssertionReader, judgeAssertion } from './assertion.ts'
import type { OAuthClient, OAuthSettings } from './settings.ts'

/** A client's name and secret. */
export interface IdAndSecret {
  readonly id: string
  readonly secret: string
}

/** By what a client says who it is. */
export type ClientCredentials =
  | { readonly kind: 'none' }
  /** Its name alone, which is all that a public client has. */
  | { readonly kind: 'name'; readonly id: string }
  /** `readings`: what was sent, in each way in which it can be read; empty if in none. */
  | { readonly kind: 'secret'; readonly readings: readonly IdAndSecret[] }
  /** A JWT signed by the client (RFC 7523, section 2.2). `id`: the client that the request names besides, if any. */
  | { readonly kind: 'assertion'; readonly assertion: string; readonly id: string | undefined }

export type ClientVerdict =
  | { readonly kind: 'confidential'; readonly client: OAuthClient }
  | { readonly kind: 'public'; readonly id: string }
  | { readonly kind: 'unauthenticated' }
  | { readonly kind: 'limited'; readonly retryAfterSeconds: number }
  /** The keys of the client can't be had now. */
  | { readonly kind: 'keys_unavailable' }
  | Unavailable

/**
 * Finds out which client sent a request. A failure is told as `request.refused`, and counted against the network that it
 * came from. The right credentials are accepted however many failed: nobody can shut out a client.
 */
export type AuthenticateClient = (credentials: ClientCredentials, caller: Caller) => Promise<ClientVerdict>

export interface ClientAuthenticationParts {
  readonly settings: OAuthSettings
  readonly limits: Pick<ClientLimits, 'failed'>
  /** Of clients that authenticate by a key, by `client_id`. */
  readonly assertionReaders: ReadonlyMap<string, AssertionReader>
  readonly emit: Emit
}

/** What is compared where there is no client, so that it takes as long as where there is one. */
const NOBODYS: readonly Uint8Array[] = [new Uint8Array(32)]

export function createClientAuthentication(parts: ClientAuthenticationParts): AuthenticateClient {
  const { settings, limits, assertionReaders, emit } = parts
  const { clients, publicClients } = settings
  const digests = new Map([...clients].map(([id, { secrets }]) => [id, secrets.map(digestOf)]))

  /** In a time that tells neither how much of the secret is right nor whether there is such a client. */
  function matches({ id, secret }: IdAndSecret): boolean {
    const digest = digestOf(secret)
    const equal = (digests.get(id) ?? NOBODYS).map((known) => timingSafeEqual(known, digest))
    return digests.has(id) && equal.includes(true)
  }

  async function failed(id: string | undefined, caller: Caller): Promise<ClientVerdict> {
    const retryAfterSeconds = await limits.failed(caller.ip)
    if (retryAfterSeconds > 0) return { kind: 'limited', retryAfterSeconds }
    // What a stranger typed as a name is not told.
    const named = id !== undefined && clients.has(id) ? { client_id: id } : {}
    emit({ event: 'request.refused', outcome: 'failure', reason: 'client_unauthenticated', ...named }, caller)
    return { kind: 'unauthenticated' }
  }

  async function byAssertion(
    { assertion, id: named }: Extract<ClientCredentials, { kind: 'assertion' }>,
    caller: Caller,
  ): Promise<ClientVerdict> {
    const id = claimedIssuer(assertion) ?? ''
    const [client, reader] = [clients.get(id), assertionReaders.get(id)]
    if (client === undefined || reader === undefined || (named !== undefined && named !== id))
      return failed(named, caller)
    const verdict = await judgeAssertion(assertion, id, reader)
    switch (verdict.kind) {
      case 'right':
        return { kind: 'confidential', client }
      case 'wrong':
        return failed(id, caller)
      case 'keys_unavailable':
      case 'unavailable':
        return verdict
    }
  }

  return async (credentials, caller) => {
    switch (credentials.kind) {
      case 'none':
        return { kind: 'unauthenticated' }
      case 'name': {
        const { id } = credentials
        return publicClients.has(id) ? { kind: 'public', id } : failed(id, caller)
      }
      case 'secret': {
        const [right] = credentials.readings.filter(matches)
        const client = right && clients.get(right.id)
        return client === undefined
          ? failed(credentials.readings[0]?.id, caller)
          : { kind: 'confidential', client }
      }
      case 'assertion':
        return byAssertion(credentials, caller)
    }
  }
}

/** Digests are of one length, as `timingSafeEqual` needs. */
function digestOf(secret: string): Uint8Array {
  return new Uint8Array(hash('sha256', secret, 'buffer'))
}

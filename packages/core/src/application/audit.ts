import { ConfigError, UnavailableError } from '../errors.ts'
import type { Auth } from '../seam/auth.ts'
import type { Audit } from '../watch/audit/index.ts'
import type { Pseudonyms } from '../watch/audit/pseudonyms.ts'
import type { SallyportEvent } from '../watch/event.ts'
import { subjectOf } from './arguments.ts'

/**
 * What an application does with the pseudonyms of its audit trail. Each call rejects with an `UnavailableError` while the
 * store does not answer, and with a `ConfigError` if there is no trail, or none with pseudonyms.
 */
export interface AuditCalls {
  /** The name of a user in the trail, to search for. `undefined` if the trail does not know the user, or was made to forget. */
  pseudonymOf(subject: string | Auth): Promise<string | undefined>
  /**
   * Gives an event of the trail as it was told, with the user, the session and the address. `undefined` if the user was
   * forgotten, or the event is not one of the trail.
   */
  reveal(event: SallyportEvent): Promise<SallyportEvent | undefined>
}

export function createAuditCalls({ pseudonyms }: Pick<Audit, 'pseudonyms'>): AuditCalls {
  function wanted(): Pseudonyms {
    if (pseudonyms !== undefined) return pseudonyms
    throw new ConfigError('audit', {
      sentence: 'there is no audit trail with pseudonyms: see the option "audit"',
    })
  }
  return {
    async pseudonymOf(subject) {
      const outcome = await wanted().of(subjectOf('subject', subject))
      if (outcome.kind === 'unavailable') throw new UnavailableError()
      return outcome.pseudonym
    },
    async reveal(event) {
      const outcome = await wanted().reveal(event)
      if (outcome.kind === 'unavailable') throw new UnavailableError()
      return outcome.kind === 'revealed' ? outcome.event : undefined
    },
  }
}

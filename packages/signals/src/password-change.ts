import type { CredentialChange } from './credential-change.ts'
import type { Waits } from './waits.ts'

const FIRST_RETRY_MS = 1000
const RETRIES = 8

export interface TellingParts {
  readonly credentialChange: (subject: string, change: CredentialChange) => Promise<void>
  readonly waits: Waits
  readonly notice: (message: string) => void
}

/** Nobody waits for it, so it is tried again while the store is away. Until it is kept, only this process knows of it. */
export async function tellPasswordChange(
  subject: string,
  session: string | undefined,
  { credentialChange, waits, notice }: TellingParts,
): Promise<void> {
  for (let attempts = 0; attempts < RETRIES && !waits.isOver(); attempts++) {
    try {
      return await credentialChange(subject, {
        ...{ credentialType: 'password', changeType: 'update', session },
        reason: 'The password changed',
      })
    } catch {
      await waits.wait(FIRST_RETRY_MS * 2 ** attempts)
    }
  }
  if (!waits.isOver()) notice('a changed password could not be told to the receivers of signals')
}

import { canonicalAccount } from './canonical.ts'

/** Finds out which account a sign-in is for. */
export interface AccountNames {
  /** By the user, if the application names one; or else by what was typed, in canonical form. */
  of(name: string, subject: string | undefined): string
}

/**
 * Longer names are compared as they are. Normalising one could take minutes, because the cost of ordering the combining
 * marks on a letter grows with the square of their number.
 */
const MAX_CHARS = 256

export function createAccountNames(
  canonical: ((name: string) => string) | undefined,
  notice: (message: string) => void,
): AccountNames {
  let isTold = false

  function tell(what: string): void {
    if (!isTold) notice(`"lockout.canonical" ${what}: the default form is used instead`)
    isTold = true
  }

  function canonicalOf(name: string): string {
    if (name.length > MAX_CHARS) return name
    if (canonical === undefined) return canonicalAccount(name)
    try {
      const form = canonical(name)
      if (typeof form === 'string') return form
      tell('returned no string')
    } catch (cause) {
      tell(`threw ${cause instanceof Error ? cause.name : 'something'}`)
    }
    return canonicalAccount(name)
  }

  return {
    of: (name, subject) => (subject === undefined ? `name ${canonicalOf(name)}` : `subject ${subject}`),
  }
}

import { canonicalAccount } from './canonical.ts'

/** Finds out which account a sign-in is for. */
export interface AccountNames {
  /** By the user, if the application names one; or else by what was typed, in canonical form. */
  of(name: string, subject: string | undefined): string
}

/**
 * No account has such a long name. To find its canonical form could take seconds, since Unicode orders the marks on one
 * letter at a cost that grows with the square of their number.
 */
const MAX_CHARS = 256

export function createAccountNames(
  canonical: ((name: string) => string) | undefined,
  notice: (message: string) => void,
): AccountNames {
  let isTold = false

  function tell(what: string): void {
    if (!isTold)
      notice(`the option "lockout.canonical" ${what}: names count by their default form while it does`)
    isTold = true
  }

  function canonicalOf(name: string): string {
    if (name.length > MAX_CHARS) return name
    if (canonical === undefined) return canonicalAccount(name)
    try {
      const form = canonical(name)
      if (typeof form === 'string') return form
      tell('gives no string')
    } catch (cause) {
      tell(`throws ${cause instanceof Error ? cause.name : 'something'}`)
    }
    return canonicalAccount(name)
  }

  return {
    of: (name, subject) => (subject === undefined ? `name ${canonicalOf(name)}` : `subject ${subject}`),
  }
}

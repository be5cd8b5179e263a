import { type CountryCode, parsePhoneNumberFromString } from 'libphonenumber-js/min'

/**
 * Matches the end of a local part, the `@`, and a domain whose top level consists of letters (RFC 5322, RFC 6531).
 * The lookahead rejects the version of a package, such as `left-pad@1.3.0`.
 */
const EMAIL =
  /[\p{L}\p{M}\p{N}_"'`~!#$%&*+/=?^{|}.-]@(?!v?\d{1,9}\.\d{1,9}\.\d)(?:[\p{L}\p{N}][\p{L}\p{M}\p{N}-]{0,62}\.){1,8}(?:xn--[a-z\d-]{2,59}|\p{L}[\p{L}\p{M}]{1,62})/iu
const EMAIL_AT_ADDRESS = /[\p{L}\p{N}._+-]@\[[\da-f.:]{3,45}\]/iu

/** Whether a string contains an e-mail address. Neither the domain nor the mailbox has to exist. */
export function hasEmail(text: string): boolean {
  return EMAIL.test(text) || EMAIL_AT_ADDRESS.test(text)
}

const INTERNATIONAL =
  /(?<![\w+])(?:\+|00(?=[ ()./-]|\d{1,3}[ ()./-]))[ ()./-]{0,2}[1-9](?:[ ()./-]{0,3}\d){6,14}/g
const NORTH_AMERICAN =
  /(?<![\w.+-])(?:1[ .-])?(?:\([2-9]\d\d\)[ .-]?|[2-9]\d\d[ .-])[2-9]\d\d[ .-]\d{4}(?![\w-])/g
const WITH_TRUNK_ZERO = /(?<![\w.+-])\(?0[1-9]\d{0,4}\)?(?:[ ./-]{1,3}\d{2,8}){1,5}(?!\w)/g
const LINK = /\b(?:tel|sms|callto):\+?\d[\d().-]{5,20}|\bwa\.me\/\d{7,15}/i

/** Countries whose domestic numbers begin with a zero. */
// biome-ignore format: the formatter would give each country a line of its own
const TRUNK_ZERO: readonly CountryCode[] = [
  'DE', 'GB', 'FR', 'IT', 'NL', 'BE', 'AT', 'CH', 'SE', 'FI', 'IE', 'RO', 'UA', 'TR',
  'AU', 'NZ', 'JP', 'KR', 'CN', 'TW', 'IN', 'ID', 'PH', 'VN', 'ZA', 'NG', 'EG', 'IL', 'AR', 'BR',
]

/**
 * Whether a string contains a phone number that is valid in a numbering plan. It may be written in the international
 * form, in the North American form, or in the domestic form of a country whose numbers begin with a zero.
 *
 * Bare digits do not count, because most of them are ids. A domestic number needs separators, such as spaces or
 * brackets.
 */
export function hasPhone(text: string): boolean {
  if (LINK.test(text)) return true
  for (const [found] of text.matchAll(INTERNATIONAL))
    if (shortened(found.replace(/^00/, '+')).some((candidate) => isPhone(candidate, undefined))) return true
  for (const [found] of text.matchAll(NORTH_AMERICAN)) if (isPhone(found, 'US')) return true
  for (const [found] of text.matchAll(WITH_TRUNK_ZERO)) {
    const digits = found.replace(/\D/g, '').length
    if (digits >= 9 && digits <= 12 && TRUNK_ZERO.some((country) => isPhone(found, country))) return true
  }
  return false
}

/** A candidate, and the candidate without its last groups, because another number may follow a phone number. */
function shortened(candidate: string): readonly string[] {
  const ends = [...candidate.matchAll(/\d[ ()./-]/g)].map(({ index }) => candidate.slice(0, index + 1))
  return [candidate, ...ends.filter((start) => start.length > 7)]
}

function isPhone(candidate: string, country: CountryCode | undefined): boolean {
  const options = country === undefined ? { extract: false } : { extract: false, defaultCountry: country }
  return parsePhoneNumberFromString(candidate, options)?.isValid() ?? false
}

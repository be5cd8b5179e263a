import { type CountryCode, parsePhoneNumberFromString } from 'libphonenumber-js/min'

/** The end of a local part, and a domain with a top level of letters (RFC 5322, RFC 6531); no version of a package. */
const EMAIL =
  /[\p{L}\p{M}\p{N}_"'`~!#$%&*+/=?^{|}.-]@(?!v?\d{1,9}\.\d{1,9}\.\d)(?:[\p{L}\p{N}][\p{L}\p{M}\p{N}-]{0,62}\.){1,8}(?:xn--[a-z\d-]{2,59}|\p{L}[\p{L}\p{M}]{1,62})/iu
const EMAIL_AT_ADDRESS = /[\p{L}\p{N}._+-]@\[[\da-f.:]{3,45}\]/iu

export function hasEmail(text: string): boolean {
  return EMAIL.test(text) || EMAIL_AT_ADDRESS.test(text)
}

const INTERNATIONAL =
  /(?<![\w+])(?:\+|00(?=[ ()./-]|\d{1,3}[ ()./-]))[ ()./-]{0,2}[1-9](?:[ ()./-]{0,3}\d){6,14}/g
const NORTH_AMERICAN =
  /(?<![\w.+-])(?:1[ .-])?(?:\([2-9]\d\d\)[ .-]?|[2-9]\d\d[ .-])[2-9]\d\d[ .-]\d{4}(?![\w-])/g
const WITH_TRUNK_ZERO = /(?<![\w.+-])\(?0[1-9]\d{0,4}\)?(?:[ ./-]{1,3}\d{2,8}){1,5}(?!\w)/g
const LINK = /\b(?:tel|sms|callto):\+?\d[\d().-]{5,20}|\bwa\.me\/\d{7,15}/i

/** Where numbers within the country are written with a zero in front. */
const TRUNK_ZERO: readonly CountryCode[] = [
  ...(['DE', 'GB', 'FR', 'IT', 'NL', 'BE', 'AT', 'CH', 'SE', 'FI', 'IE', 'RO', 'UA', 'TR'] as const),
  ...([
    'AU',
    'NZ',
    'JP',
    'KR',
    'CN',
    'TW',
    'IN',
    'ID',
    'PH',
    'VN',
    'ZA',
    'NG',
    'EG',
    'IL',
    'AR',
    'BR',
  ] as const),
]

/**
 * Whether a text has a phone number in it that the numbering plans know: in international writing, or
 * in that of North America or of a country with a trunk zero, then with spaces, brackets or the like.
 * Digits alone are none, so that ids are not taken for numbers.
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

/** A candidate, and it without its last groups: what follows a number may be another one. */
function shortened(candidate: string): readonly string[] {
  const ends = [...candidate.matchAll(/\d[ ()./-]/g)].map(({ index }) => candidate.slice(0, index + 1))
  return [candidate, ...ends.filter((start) => start.length > 7)]
}

function isPhone(candidate: string, country: CountryCode | undefined): boolean {
  const options = country === undefined ? { extract: false } : { extract: false, defaultCountry: country }
  return parsePhoneNumberFromString(candidate, options)?.isValid() ?? false
}

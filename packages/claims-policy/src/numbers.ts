import cards from 'card-validator'
import validator from 'validator'

/** An IBAN, the longest of these numbers, has up to 34 characters in up to nine groups. */
const MAX_WORDS = 9
/** An IBAN with its separators. */
const MAX_CHARS = 42
const SEPARATORS = /[ ._/+-]/

/** One or more words that may be a number. */
interface Spelling {
  /** The words with the separators between them. */
  readonly written: string
  /** Only the letters and digits. */
  readonly compact: string
}

/**
 * The kind of the first number in a string that identifies a person, a card or an account. Check digits are verified
 * where the number has any.
 */
export function kindOfNumbers(text: string): 'iban' | 'card_number' | 'national_id' | undefined {
  for (const spelling of spellingsOf(text)) {
    if (validator.isIBAN(spelling.compact)) return 'iban'
    if (isCard(spelling)) return 'card_number'
    if (isNationalId(spelling)) return 'national_id'
  }
  return undefined
}

/**
 * Each word of a string, and each run of words with single separators between them, because numbers are written in
 * groups.
 */
function* spellingsOf(text: string): Generator<Spelling> {
  const words = [...text.replaceAll(' - ', '-').matchAll(/[\p{L}\p{N}]+/gu)]
  for (const [at, first] of words.entries()) {
    let end = first.index
    for (const word of words.slice(at, at + MAX_WORDS)) {
      const gap = word.input.slice(end, word.index)
      if (word !== first && (gap.length !== 1 || !SEPARATORS.test(gap))) break
      end = word.index + word[0].length
      if (end - first.index > MAX_CHARS) break
      const written = word.input.slice(first.index, end)
      const compact = written.replace(/[^\p{L}\p{N}]/gu, '')
      if (compact.length >= 8 && /\d{2}/.test(compact)) yield { written, compact }
    }
  }
}

/** The groups in which card numbers are printed. */
const CARD_GROUPS =
  /^\d{4}[ ._/-]\d{4}[ ._/-]\d{4}[ ._/-]\d{1,7}(?:[ ._/-]\d{1,3})?$|^\d{4}[ ._/-]\d{6}[ ._/-]\d{4,5}$/
/** Digits without groups may be an id, so only the lengths of cards count, and 19 digits only from UnionPay. */
const CARD_DIGITS = /^(?:\d{14,16}|62\d{17})$/

function isCard({ written, compact }: Spelling): boolean {
  if (!CARD_GROUPS.test(written) && !CARD_DIGITS.test(written)) return false
  return cards.number(compact, { luhnValidateUnionPay: true }).isValid
}

interface Scheme {
  /** How the number is written. Separators are required where the check accepts many other numbers. */
  readonly form: RegExp
  readonly check: (compact: string) => boolean
}

// biome-ignore format: a scheme stays on one line, beside the name of its country and number
const schemes: readonly Scheme[] = [
  /* US, Social Security Number: no check digit */ { form: /^(?!000|666|9)\d{3}([- ])(?!00)\d\d\1(?!0000)\d{4}$/, check: () => true },
  /* GB, National Insurance number: no check digit */ { form: /^[A-Z]{2} ?\d\d ?\d\d ?\d\d ?[A-D]$/, check: isTaxId('en-GB') },
  /* DE, Steuer-Identifikationsnummer */ { form: /^\d\d ?\d{3} ?\d{3} ?\d{3}$/, check: isTaxId('de-DE') },
  /* FR, numéro d'inscription au répertoire */ { form: /^[12] ?\d\d ?(?:0[1-9]|1[0-2]) ?(?:\d\d|2[AB]) ?\d{3} ?\d{3}[ /]?\d\d$/, check: isNir },
  /* ES, DNI and NIE */ { form: /^(?:\d{8}|\d\d\.\d{3}\.\d{3}|[XYZ]-?\d{7})-?[A-Z]$/, check: isIdentityCard('ES') },
  /* IT, codice fiscale */ { form: /^[A-Z]{6}[0-9A-Z]{2}[A-Z][0-9A-Z]{2}[A-Z][0-9A-Z]{3}[A-Z]$/i, check: isTaxId('it-IT') },
  /* NL, burgerservicenummer */ { form: /^\d{4}[ .]\d\d[ .]\d{3}$/, check: isTaxId('nl-NL') },
  /* PL, PESEL */ { form: /^\d{11}$/, check: isTaxId('pl-PL') },
  /* SE, personnummer */ { form: /^(?:18|19|20)?\d{6}[-+]\d{4}$/, check: (compact) => isTaxId('sv-SE')(compact.slice(-10)) },
  /* FI, henkilötunnus */ { form: /^\d{6}[-+A]\d{3}[0-9A-Y]$/, check: isFinnish },
  /* NO, fødselsnummer */ { form: /^[0-7]\d(?:0[1-9]|1[0-2])\d\d ?\d{5}$/, check: isIdentityCard('NO') },
  /* DK, CPR-nummer */ { form: /^\d{6}-\d{4}$/, check: isTaxId('dk-DK') },
  /* BR, CPF */ { form: /^(?:\d{11}|\d{3}\.\d{3}\.\d{3}-\d\d)$/, check: isTaxId('pt-BR') },
  /* IN, Aadhaar */ { form: /^[2-9]\d{3}([ -])\d{4}\1\d{4}$/, check: isIdentityCard('IN') },
  /* CN, resident identity number */ { form: /^\d{17}[\dX]$/i, check: isIdentityCard('zh-CN') },
]

function isNationalId({ written, compact }: Spelling): boolean {
  return schemes.some(({ form, check }) => form.test(written) && check(compact))
}

function isTaxId(locale: string): Scheme['check'] {
  return (compact) => validator.isTaxID(compact, locale)
}

function isIdentityCard(locale: validator.IdentityCardLocale): Scheme['check'] {
  return (compact) => validator.isIdentityCard(compact, locale)
}

/** The sign of the century does not affect the check digit, so a hyphen stands for any. */
function isFinnish(compact: string): boolean {
  return validator.isTaxID(`${compact.slice(0, 6)}-${compact.slice(-4)}`, 'fi-FI')
}

/**
 * The key is 97 minus the remainder of the first 13 digits divided by 97. The departments of Corsica, 2A and 2B, count
 * as 19 and 18 (INSEE).
 */
function isNir(compact: string): boolean {
  const digits = compact.replace('2A', '19').replace('2B', '18')
  return 97 - (Number(digits.slice(0, 13)) % 97) === Number(digits.slice(13))
}

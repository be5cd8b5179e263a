/** Characters that are not shown, such as joiners of no width. */
const INVISIBLE = /[\p{Default_Ignorable_Code_Point}\p{Cc}\p{Cf}]/gu

/**
 * The form in which spellings of one account name are counted together: compatible characters are made the same (NFKC),
 * case and invisible characters do not count, and white space is one blank inside and nothing at the ends. As the profile
 * UsernameCaseMapped (RFC 8265, section 3.3), but refuses nothing, since what was typed may be anything.
 *
 * Letters of different scripts that only look alike stay different.
 */
export function canonicalAccount(name: string): string {
  return (
    name
      .normalize('NFKC')
      .replace(/\s/gu, ' ')
      .replace(INVISIBLE, '')
      .replace(/ +/g, ' ')
      // Lower, upper and lower case: some letters, such as "ß" and its capital, become equal only this way.
      .toLowerCase()
      .toUpperCase()
      .toLowerCase()
      .normalize('NFKC')
      .trim()
  )
}

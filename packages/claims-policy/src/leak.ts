/** What a claim gives away, by its name or by its value. */
export type LeakKind =
  | 'email'
  | 'phone'
  | 'national_id'
  | 'card_number'
  | 'iban'
  | 'secret'
  | 'connection_string'
  | 'personal_name'
  | 'postal_address'
  | 'birth_date'
  | 'gender'

/** A claim that must not be in a token that others can read. It names the place and never holds the value. */
export interface Leak {
  /**
   * Path of the claim, such as `profile.contacts.0`. A `*` replaces a name that may be a leak itself, is longer than
   * 64 characters, or has characters that are unusual in names.
   */
  readonly claim: string
  readonly kind: LeakKind
}

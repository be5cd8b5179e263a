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

/** What must not be in a token that others can read, by its place; the value is never told. */
export interface Leak {
  /** Path of the claim, as `profile.contacts.0`; `*` for a name that may be a leak itself. */
  readonly claim: string
  readonly kind: LeakKind
}

/**
 * The store gave no answer in time, or one that says that it can't serve: away, hung, read-only,
 * out of memory, forbidden. Whether the step took effect is not known, so every step may be repeated.
 */
export interface Unavailable {
  readonly kind: 'unavailable'
}

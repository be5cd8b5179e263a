/**
 * The store did not answer in time, or answered that it cannot serve the call: it may be unreachable, hung, read-only,
 * out of memory or forbidden. It is not known whether the step took effect, so every step must be safe to repeat.
 */
export interface Unavailable {
  readonly kind: 'unavailable'
}

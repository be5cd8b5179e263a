import type { SecurityHeadersOptions } from '@sallyport/headers'

/** What answers may load comes from this server only. The pages of the console have a policy of their own. */
export const headers: SecurityHeadersOptions = {
  csp: { image: ["'self'"], font: [], media: [], worker: [], formAction: [] },
  referrerPolicy: 'no-referrer',
}

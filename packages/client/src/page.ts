const ID = 'sallyport'

/**
 * Takes the access token that a server has put into the page that it rendered, and removes it from there. `undefined`: there is none.
 *
 * It looks for `<script type="application/json" id="sallyport">`, a block of data that no Content-Security-Policy stands
 * in the way of. In it is a token answer (RFC 6749, section 5.1): `access_token`, `token_type` and `expires_in`.
 *
 * ```ts
 * import { createClient } from '@sallyport/client'
 * import { handedOver } from '@sallyport/client/page'
 *
 * const client = createClient({ handedOver: handedOver() })
 * ```
 */
export function handedOver(): Readonly<Record<string, unknown>> | undefined {
  const element = document.getElementById(ID)
  if (!(element instanceof HTMLScriptElement) || element.type !== 'application/json') return undefined
  element.remove()
  try {
    return Object(JSON.parse(element.text)) as Record<string, unknown>
  } catch {
    return undefined
  }
}

import { createOutage, type Outage } from '../dependencies/outage.ts'
import { SallyportError } from '../errors.ts'
import type { Clock } from '../ports/clock.ts'
import type { Signer } from '../ports/signer.ts'
import { isThenable } from '../thenable.ts'

/** The key failed to sign, for example because it is in an HSM that cannot be reached. */
export type Unsigned = { readonly kind: 'unsigned' }
export type SignedJwt = { readonly kind: 'signed'; readonly jwt: string }

/** Signs claims as a JWT. Returns a promise only if the signer does. */
export type SignJwt = (
  signer: Signer,
  typ: string,
  claims: object,
) => SignedJwt | Unsigned | Promise<SignedJwt | Unsigned>

/** A key that fails now and then, such as under load, is told once. */
const QUIET_MS = 1000

/** @param notice gets a message when a key begins to fail to sign, and one when it signs again */
export function createJwtSigning(
  clock: Pick<Clock, 'monotonic'>,
  notice: (message: string) => void,
): SignJwt {
  const outages = new WeakMap<Signer, Outage>()
  /** All JWTs of one signer and one `typ` have the same header. */
  const headers = new Map<string, WeakMap<Signer, string>>()

  function headerOf(signer: Signer, typ: string): string {
    const known = headers.get(typ)?.get(signer)
    if (known !== undefined) return known
    const header = encoded({ alg: signer.alg, typ, kid: signer.kid })
    const ofType = headers.get(typ) ?? new WeakMap<Signer, string>()
    headers.set(typ, ofType.set(signer, header))
    return header
  }

  function outageOf(signer: Signer): Outage {
    const known = outages.get(signer)
    if (known !== undefined) return known
    const back = `the key ${signer.kid} signs again`
    const outage = createOutage({ back, quietMs: QUIET_MS, now: clock.monotonic, notice })
    outages.set(signer, outage)
    return outage
  }

  function failed(signer: Signer, cause: unknown): Unsigned {
    outageOf(signer).failed(
      `the key ${signer.kid} failed to sign (${reasonOf(cause)}): check that it can be reached`,
    )
    return { kind: 'unsigned' }
  }

  /** A compact JWS (RFC 7515, section 7.1). It is assembled here because `jose` cannot sign with a key in an HSM. */
  function assembled(signer: Signer, input: string, signature: Uint8Array): SignedJwt {
    const jwt = `${input}.${base64url(signature)}`
    outages.get(signer)?.served()
    return { kind: 'signed', jwt }
  }

  return (signer, typ, claims) => {
    const input = `${headerOf(signer, typ)}.${encoded(claims)}`
    try {
      const signature = signer.sign(Buffer.from(input, 'latin1'))
      if (!isThenable(signature)) return assembled(signer, input, signature)
      return Promise.resolve(signature)
        .then((bytes) => assembled(signer, input, bytes))
        .catch((cause: unknown) => failed(signer, cause))
    } catch (cause) {
      return failed(signer, cause)
    }
  }
}

/** The messages of our own errors are made to be shown. Others may hold anything, such as the input. */
function reasonOf(cause: unknown): string {
  if (cause instanceof SallyportError) return cause.message
  return cause instanceof Error ? cause.name : 'not an Error'
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64url')
}

function encoded(json: object): string {
  return Buffer.from(JSON.stringify(json)).toString('base64url')
}

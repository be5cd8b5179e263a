import { readFileSync } from 'node:fs'
import type { Sallyport } from '@sallyport/core'
import { createSignals, type ReceiveOptions, type SendOptions, type Signals } from '@sallyport/signals'
import * as v from 'valibot'
import { EnvironmentError } from './environment-error.ts'

/** The variables `SIGNAL_ISSUER`, `SIGNAL_JWKS` and `SIGNAL_RECEIVERS`. */
export interface SignalsSource {
  readonly issuer: string | undefined
  /** The URL or the file of a JWK Set. */
  readonly jwks: string | undefined
  /** A file. */
  readonly receivers: string | undefined
}

/** As which others address this application. */
const AUDIENCE = 'gateway'

/** Takes the security events of others, and sends ours, as far as the environment says so. */
export function signalsOf(sallyport: Sallyport, source: SignalsSource): Promise<Signals> {
  return createSignals(sallyport, { receive: receiveOf(source), send: sendOf(source) })
}

/** The variable behind an option of the signals. */
export function signalVariable(option: string): string | undefined {
  if (option.startsWith('signals.send')) return 'SIGNAL_RECEIVERS'
  if (!option.startsWith('signals.receive')) return undefined
  return option.endsWith('.issuer') ? 'SIGNAL_ISSUER' : 'SIGNAL_JWKS'
}

function receiveOf({ issuer, jwks }: SignalsSource): ReceiveOptions | undefined {
  if (issuer === undefined && jwks === undefined) return undefined
  if (issuer === undefined) throw new EnvironmentError('SIGNAL_ISSUER', 'set where SIGNAL_JWKS is')
  if (jwks === undefined) throw new EnvironmentError('SIGNAL_JWKS', 'set where SIGNAL_ISSUER is')
  return { transmitters: [{ issuer, audience: AUDIENCE, jwks: isUrl(jwks) ? jwks : keysIn(jwks) }] }
}

function isUrl(given: string): boolean {
  return /^https?:/i.test(given)
}

function keysIn(file: string): { readonly keys: readonly object[] } {
  const set = v.safeParse(v.looseObject({ keys: v.array(v.looseObject({})) }), jsonIn(file))
  if (set.success) return set.output
  throw new EnvironmentError('SIGNAL_JWKS', 'an https URL (http on loopback), or the path of a JWK Set')
}

const receivers = v.array(v.strictObject({ aud: v.string(), endpoint_url: v.string() }))

function sendOf({ receivers: file }: SignalsSource): SendOptions | undefined {
  if (file === undefined) return undefined
  const parsed = v.safeParse(receivers, jsonIn(file))
  if (!parsed.success)
    throw new EnvironmentError(
      'SIGNAL_RECEIVERS',
      'the path of a file with a JSON array of {"aud","endpoint_url"}',
    )
  return {
    receivers: parsed.output.map(({ aud, endpoint_url: url }) => ({ audience: aud, push: { url } })),
  }
}

/** `undefined` if there is no such file, or no JSON in it. */
function jsonIn(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return undefined
  }
}

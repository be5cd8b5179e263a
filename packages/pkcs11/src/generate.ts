import { randomBytes } from 'node:crypto'
import { ConfigError, type VerificationKey } from '@sallyport/core/signer'
import type { Attribute } from './binding.ts'
import * as ck from './constants.ts'
import { failure } from './errors.ts'
import { findKey, hasKey } from './key.ts'
import { type Library, openLibrary } from './library.ts'
import { algorithms } from './mechanisms.ts'
import { attributesOf } from './objects.ts'
import { type KeySettings, type Pkcs11KeyOptions, parseKeyOptions } from './options.ts'
import { askPin, closeSessions, findSlot, openSessions } from './token.ts'

const OPEN_HALF: readonly Attribute[] = [
  { type: ck.CKA_TOKEN, value: true },
  { type: ck.CKA_VERIFY, value: true },
]

const SECRET_HALF: readonly Attribute[] = [
  { type: ck.CKA_TOKEN, value: true },
  { type: ck.CKA_PRIVATE, value: true },
  { type: ck.CKA_SENSITIVE, value: true },
  { type: ck.CKA_EXTRACTABLE, value: false },
  { type: ck.CKA_SIGN, value: true },
  { type: ck.CKA_DECRYPT, value: false },
  { type: ck.CKA_UNWRAP, value: false },
  { type: ck.CKA_DERIVE, value: false },
]

/** A key pair in a token, as far as it may be known. */
export interface Pkcs11Key extends VerificationKey {
  readonly label: string
  /** In hexadecimal digits. */
  readonly id: string
}

/**
 * Makes a key pair in the token, which signs and does nothing else, and whose private half never leaves it
 * (`CKA_SENSITIVE`, not `CKA_EXTRACTABLE`). RSA keys have 2048 bits.
 *
 * Throws a `ConfigError` for a wrong option, and if the token has a key of that label or that id already; a
 * `Pkcs11Error` if the HSM fails.
 */
export async function generatePkcs11Key(options: Pkcs11KeyOptions): Promise<Pkcs11Key> {
  const settings = parseKeyOptions(options)
  const pin = await askPin(settings.pin)
  const library = await openLibrary(settings.module)
  try {
    return await generate(library, settings, pin)
  } catch (cause) {
    throw failure(cause)
  } finally {
    library.release()
  }
}

async function generate({ cryptoki }: Library, settings: KeySettings, pin: string): Promise<Pkcs11Key> {
  const { algorithm } = settings
  const { label, id = randomBytes(16).toString('hex') } = settings.key
  const { generation, template } = algorithms[algorithm]
  const slot = findSlot(cryptoki, settings)
  if (!cryptoki.C_GetMechanismList(slot).includes(generation.mechanism))
    throw new ConfigError('pkcs11.algorithm', 'one that the token makes keys for', `"${algorithm}"`)
  const sessions = openSessions(cryptoki, slot, pin, { count: 1, writable: true })
  const [session] = sessions
  try {
    for (const [option, name] of Object.entries({ label: { label }, id: { id } }))
      if (hasKey(cryptoki, session, name))
        throw new ConfigError(`pkcs11.key.${option}`, 'one that no private key of the token has')
    const name = attributesOf({ label, id })
    await cryptoki.C_GenerateKeyPairAsync(
      session,
      generation,
      [...name, ...OPEN_HALF, ...template],
      [...name, ...SECRET_HALF],
    )
    const wanted = { key: { label, id }, algorithm, kid: undefined, allowExtractable: false }
    const { open } = await findKey(cryptoki, session, wanted)
    return { ...open, label, id }
  } finally {
    closeSessions(cryptoki, sessions)
  }
}

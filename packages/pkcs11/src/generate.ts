import { randomBytes } from 'node:crypto'
import { ConfigError, describeValue, type VerificationKey } from '@sallyport/core/signer'
import type { Attribute } from './binding.ts'
import * as ck from './constants.ts'
import { asPkcs11Error } from './errors.ts'
import { findKey, hasKey } from './key.ts'
import { type Library, openLibrary } from './library.ts'
import { algorithms } from './mechanisms.ts'
import { attributesOf } from './objects.ts'
import { type KeySettings, type Pkcs11KeyOptions, parseKeyOptions } from './options.ts'
import { askPin, closeSessions, findSlot, openSessions } from './token.ts'

const PUBLIC_TEMPLATE: readonly Attribute[] = [
  { type: ck.CKA_TOKEN, value: true },
  { type: ck.CKA_VERIFY, value: true },
]

const PRIVATE_TEMPLATE: readonly Attribute[] = [
  { type: ck.CKA_TOKEN, value: true },
  { type: ck.CKA_PRIVATE, value: true },
  { type: ck.CKA_SENSITIVE, value: true },
  { type: ck.CKA_EXTRACTABLE, value: false },
  { type: ck.CKA_SIGN, value: true },
  { type: ck.CKA_DECRYPT, value: false },
  { type: ck.CKA_UNWRAP, value: false },
  { type: ck.CKA_DERIVE, value: false },
]

/** The public part of a key pair in a token, and its name there. */
export interface Pkcs11Key extends VerificationKey {
  /** `CKA_LABEL`. */
  readonly label: string
  /** `CKA_ID`, in hexadecimal digits. */
  readonly id: string
}

/**
 * Makes a key pair in the token. It can sign and do nothing else, and the private key never leaves the token
 * (`CKA_SENSITIVE`, not `CKA_EXTRACTABLE`). RSA keys have 2048 bits.
 *
 * Rejects with a `ConfigError` for a wrong option, or if the token already has a key with that label or that id, and
 * with a `Pkcs11Error` if the HSM fails.
 */
export async function generatePkcs11Key(options: Pkcs11KeyOptions): Promise<Pkcs11Key> {
  const settings = parseKeyOptions(options)
  const pin = await askPin(settings.pin)
  const library = await openLibrary(settings.module)
  try {
    return await generate(library, settings, pin)
  } catch (cause) {
    throw asPkcs11Error(cause)
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
    throw new ConfigError(
      'pkcs11.algorithm',
      'an algorithm that the token makes keys for',
      describeValue(algorithm),
    )
  const sessions = openSessions(cryptoki, slot, pin, { count: 1, writable: true })
  const [session] = sessions
  try {
    for (const [option, name] of Object.entries({ label: { label }, id: { id } }))
      if (hasKey(cryptoki, session, name))
        throw new ConfigError(`pkcs11.key.${option}`, {
          sentence: `a private key in the token has this "pkcs11.key.${option}" already: choose another`,
        })
    const name = attributesOf({ label, id })
    await cryptoki.C_GenerateKeyPairAsync(
      session,
      generation,
      [...name, ...PUBLIC_TEMPLATE, ...template],
      [...name, ...PRIVATE_TEMPLATE],
    )
    const wanted = { key: { label, id }, algorithm, kid: undefined, allowExtractable: false }
    const { verificationKey } = await findKey(cryptoki, session, wanted)
    return { ...verificationKey, label, id }
  } finally {
    closeSessions(cryptoki, sessions)
  }
}

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

type Handle = Buffer
type Attribute = { readonly type: number; readonly value?: number | boolean | string | Buffer }

/** What the tests do beside the signer, with the binding itself. */
export interface Cryptoki {
  load(path: string): void
  C_Initialize(args: { flags: number }): void
  C_Finalize(): void
  C_GetSlotList(tokenPresent: boolean): Handle[]
  C_GetTokenInfo(slot: Handle): { label: string }
  C_InitToken(slot: Handle, pin: string, label: string): void
  C_InitPIN(session: Handle, pin: string): void
  C_SetPIN(session: Handle, old: string, next: string): void
  C_OpenSession(slot: Handle, flags: number): Handle
  C_CloseSession(session: Handle): void
  C_CloseAllSessions(slot: Handle): void
  C_Login(session: Handle, user: number, pin: string): void
  C_Logout(session: Handle): void
  C_FindObjectsInit(session: Handle, template: Attribute[]): void
  C_FindObjects(session: Handle, most: number): Handle[]
  C_FindObjectsFinal(session: Handle): void
  C_GetAttributeValue(session: Handle, object: Handle, template: Attribute[]): { value: Buffer }[]
  C_SetAttributeValue(session: Handle, object: Handle, template: Attribute[]): void
  C_DestroyObject(session: Handle, object: Handle): void
  C_GenerateKeyPair(
    session: Handle,
    mechanism: { mechanism: number },
    open: Attribute[],
    secret: Attribute[],
  ): { publicKey: Handle; privateKey: Handle }
}

export const library = environment('HSM_LIBRARY')
/** Passes all on to `library`, unless `fault` says otherwise. */
export const faultyLibrary = environment('HSM_FAULTY_LIBRARY')
export const pin = 'hunter2-hunter2'

const home = mkdtempSync(join(tmpdir(), 'sallyport-hsm-'))
const faultFile = join(home, 'fault')
process.once('exit', () => rmSync(home, { recursive: true, force: true }))
writeFileSync(join(home, 'softhsm2.conf'), `directories.tokendir = ${home}\nlog.level = ERROR\n`)
process.env.SOFTHSM2_CONF = join(home, 'softhsm2.conf')
process.env.HSM_FAULT = faultFile

function environment(name: string): string {
  const value = process.env[name]
  if (value === undefined) throw new Error(`${name} is not set: run npm run test:hsm`)
  return value
}

/** From now on signatures through `faultyLibrary` go as in faulty.c; without a fault, as they should. */
export function fault(instruction?: string): void {
  if (instruction === undefined) rmSync(faultFile, { force: true })
  else writeFileSync(faultFile, instruction)
}

export interface Token {
  readonly cryptoki: Cryptoki
  readonly slot: Handle
}

/**
 * The library for the test itself, initialised before any signer does it, so that no signer finalises it.
 */
export function openCryptoki(path: string = library): Cryptoki {
  const { PKCS11 } = createRequire(import.meta.url)('pkcs11js') as { PKCS11: new () => Cryptoki }
  const cryptoki = new PKCS11()
  cryptoki.load(path)
  cryptoki.C_Initialize({ flags: 2 })
  return cryptoki
}

/** Makes a token with that label and `pin`. */
export function makeToken(cryptoki: Cryptoki, label: string): Token {
  // SoftHSM always has one slot more than tokens.
  const free = cryptoki.C_GetSlotList(true).find((slot) => !/[a-z]/.test(cryptoki.C_GetTokenInfo(slot).label))
  if (free === undefined) throw new Error('no slot is free')
  cryptoki.C_InitToken(free, 'security officer', label.padEnd(32))
  const session = cryptoki.C_OpenSession(free, 6)
  cryptoki.C_Login(session, 0, 'security officer')
  cryptoki.C_InitPIN(session, pin)
  cryptoki.C_CloseAllSessions(free)
  return { cryptoki, slot: free }
}

/** Runs in a session that may write and is logged in. */
export function inSession<T>({ cryptoki, slot }: Token, act: (session: Handle) => T): T {
  const session = cryptoki.C_OpenSession(slot, 6)
  try {
    try {
      cryptoki.C_Login(session, 1, pin)
    } catch (cause) {
      if (!String(cause).includes('CKR_USER_ALREADY_LOGGED_IN')) throw cause
    }
    return act(session)
  } finally {
    cryptoki.C_CloseSession(session)
  }
}

const P256 = '06082a8648ce3d030107'

/** Makes a pair on a curve, with more to say of the private half than `generatePkcs11Key` lets one say. */
export function makeKey(
  token: Token,
  label: string,
  id: string,
  more: Attribute[],
  oid: string = P256,
): void {
  const name: Attribute[] = [
    { type: 0x1, value: true },
    { type: 0x3, value: label },
    { type: 0x102, value: Buffer.from(id, 'hex') },
  ]
  const curve = { type: 0x180, value: Buffer.from(oid, 'hex') }
  inSession(token, (session) =>
    token.cryptoki.C_GenerateKeyPair(session, { mechanism: 0x1040 }, [...name, curve], [...name, ...more]),
  )
}

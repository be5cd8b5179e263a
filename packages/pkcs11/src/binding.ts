import { createRequire } from 'node:module'
import { ConfigError } from '@sallyport/core/signer'

/** A number by which the library knows a slot, a session or an object. */
export type Handle = Buffer

export interface Attribute {
  readonly type: number
  readonly value?: number | boolean | string | Buffer
}

export interface Mechanism {
  readonly mechanism: number
  readonly parameter?: { readonly type: number; readonly [member: string]: number }
}

/**
 * The methods we use of the class `PKCS11` of pkcs11js 2. That is an optional peer dependency, so it may be missing.
 */
export interface Cryptoki {
  load(path: string): void
  C_Initialize(args: { readonly flags: number }): void
  C_Finalize(): void
  C_GetSlotList(tokenPresent: boolean): readonly Handle[]
  C_GetTokenInfo(slot: Handle): { readonly label: string }
  C_GetMechanismList(slot: Handle): readonly number[]
  C_OpenSession(slot: Handle, flags: number): Handle
  C_CloseSession(session: Handle): void
  C_Login(session: Handle, user: number, pin: string): void
  C_FindObjectsInit(session: Handle, template: readonly Attribute[]): void
  C_FindObjects(session: Handle, most: number): readonly Handle[]
  C_FindObjectsFinal(session: Handle): void
  C_GetAttributeValue(
    session: Handle,
    object: Handle,
    template: Attribute[],
  ): readonly { readonly value: Buffer }[]
  C_SignInit(session: Handle, mechanism: Mechanism, key: Handle): void
  C_SignAsync(session: Handle, input: Buffer, output: Buffer): Promise<Buffer>
  C_GenerateKeyPairAsync(
    session: Handle,
    mechanism: Mechanism,
    publicTemplate: readonly Attribute[],
    privateTemplate: readonly Attribute[],
  ): Promise<unknown>
}

const require = createRequire(import.meta.url)

/** Loads the native binding. Throws a `ConfigError` if it is not installed or does not load. */
export function newCryptoki(): Cryptoki {
  let binding: { readonly PKCS11: new () => Cryptoki }
  try {
    binding = require('pkcs11js')
  } catch (cause) {
    const isMissing = cause instanceof Error && 'code' in cause && cause.code === 'MODULE_NOT_FOUND'
    throw new ConfigError('pkcs11.module', {
      sentence: isMissing
        ? '"pkcs11.module" needs the package pkcs11js, which is not installed or was not built: run "npm install pkcs11js"'
        : '"pkcs11.module" needs the package pkcs11js, which does not load: run "npm rebuild pkcs11js"',
    })
  }
  return new binding.PKCS11()
}

/** The number in a handle, or in an attribute of the type CK_ULONG. */
export function numberOf(bytes: Buffer): number {
  const { buffer } = Uint8Array.from(bytes)
  const [value = 0] = bytes.length === 8 ? new BigUint64Array(buffer) : new Uint32Array(buffer)
  return Number(value)
}

import type { Attribute, Cryptoki, Handle } from './binding.ts'
import * as ck from './constants.ts'
import { returnedBy } from './errors.ts'
import type { Pkcs11KeyName } from './options.ts'

/** An object in the token, and the session to read it with. */
export interface TokenObject {
  readonly cryptoki: Cryptoki
  readonly session: Handle
  readonly handle: Handle
}

/** The attributes that name a key. */
export function attributesOf({ label, id }: Pkcs11KeyName): readonly Attribute[] {
  return [
    ...(label === undefined ? [] : [{ type: ck.CKA_LABEL, value: label }]),
    ...(id === undefined ? [] : [{ type: ck.CKA_ID, value: Buffer.from(id, 'hex') }]),
  ]
}

/** The first two objects with these attributes: enough to tell none, one and several. */
export function findObjects(
  cryptoki: Cryptoki,
  session: Handle,
  attributes: readonly Attribute[],
): readonly TokenObject[] {
  cryptoki.C_FindObjectsInit(session, attributes)
  try {
    return cryptoki.C_FindObjects(session, 2).map((handle) => ({ cryptoki, session, handle }))
  } finally {
    cryptoki.C_FindObjectsFinal(session)
  }
}

/** The value of an attribute; `undefined` if it is empty or missing. */
export function readAttribute({ cryptoki, session, handle }: TokenObject, type: number): Buffer | undefined {
  try {
    const [attribute] = cryptoki.C_GetAttributeValue(session, handle, [{ type }])
    return attribute === undefined || attribute.value.length === 0 ? undefined : attribute.value
  } catch (cause) {
    if (returnedBy(cause) === 'CKR_ATTRIBUTE_TYPE_INVALID') return undefined
    throw cause
  }
}

/** Whether a flag has this value. A missing flag has neither. */
export function isFlag(object: TokenObject, type: number, wanted: boolean): boolean {
  const value = readAttribute(object, type)
  return value !== undefined && (value[0] !== 0) === wanted
}

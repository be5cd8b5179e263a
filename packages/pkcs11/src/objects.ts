import type { Attribute, Cryptoki, Handle } from './binding.ts'
import * as ck from './constants.ts'
import { returnedBy } from './errors.ts'
import type { Pkcs11KeyName } from './options.ts'

/** An object in the token, seen through a session. */
export interface TokenObject {
  readonly cryptoki: Cryptoki
  readonly session: Handle
  readonly handle: Handle
}

/** What a key of that name has in its template. */
export function attributesOf({ label, id }: Pkcs11KeyName): readonly Attribute[] {
  return [
    ...(label === undefined ? [] : [{ type: ck.CKA_LABEL, value: label }]),
    ...(id === undefined ? [] : [{ type: ck.CKA_ID, value: Buffer.from(id, 'hex') }]),
  ]
}

/** The objects that have these attributes: the first two of them, since one is wanted. */
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

/** The value of an attribute; `undefined` where it is empty or not there. */
export function read({ cryptoki, session, handle }: TokenObject, type: number): Buffer | undefined {
  try {
    const [attribute] = cryptoki.C_GetAttributeValue(session, handle, [{ type }])
    return attribute === undefined || attribute.value.length === 0 ? undefined : attribute.value
  } catch (cause) {
    if (returnedBy(cause) === 'CKR_ATTRIBUTE_TYPE_INVALID') return undefined
    throw cause
  }
}

/** Whether a flag has this value; one that is not there has neither. */
export function isFlag(object: TokenObject, type: number, wanted: boolean): boolean {
  const value = read(object, type)
  return value !== undefined && (value[0] !== 0) === wanted
}

/** What changed about the credentials of a user (CAEP 1.0, section 3.3). */
export interface CredentialChange {
  /** Which kind of credential, such as `password`, `pin`, `x509`, `fido2-platform`, `fido2-roaming`, `phone-sms`, `app`. */
  readonly credentialType: string
  readonly changeType: 'create' | 'revoke' | 'update' | 'delete'
  /** The session in which it changed, which goes on. Default: receivers end all sessions of the user. */
  readonly session?: string | undefined
  /** Who did it. Default: it is not told. */
  readonly by?: 'admin' | 'user' | 'policy' | 'system' | undefined
  /** Why, for administrators of the receivers, in English. Default: that a credential changed. */
  readonly reason?: string | undefined
}

const CHANGES: ReadonlySet<unknown> = new Set(['create', 'revoke', 'update', 'delete'])
const INITIATORS: ReadonlySet<unknown> = new Set(['admin', 'user', 'policy', 'system', undefined])

/** The claims of the event. Throws a `TypeError` for a wrong member. */
export function claimsOf({
  credentialType,
  changeType,
  by,
  reason,
}: CredentialChange): Readonly<Record<string, unknown>> {
  if (typeof credentialType !== 'string' || credentialType === '')
    throw new TypeError('credentialChange: "credentialType" must be a string such as "password"')
  if (!CHANGES.has(changeType))
    throw new TypeError('credentialChange: "changeType" must be "create", "revoke", "update" or "delete"')
  if (!INITIATORS.has(by))
    throw new TypeError('credentialChange: "by" must be "admin", "user", "policy" or "system"')
  if (reason !== undefined && (typeof reason !== 'string' || reason === ''))
    throw new TypeError('credentialChange: "reason" must be a text')
  return {
    ...{ credential_type: credentialType, change_type: changeType },
    ...(reason === undefined ? {} : { reason_admin: { en: reason } }),
    ...(by === undefined ? {} : { initiating_entity: by }),
  }
}

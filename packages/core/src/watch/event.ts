/** Whom or what an event concerns. */
interface Names {
  readonly sub: string
  readonly sid: string
  readonly jti: string
  readonly kid: string
  readonly client_id: string
}

interface Success {
  readonly outcome: 'success'
}
interface Failure {
  readonly outcome: 'failure'
}
interface Reason {
  /** Why it happened, as a code. */
  readonly reason: string
}

interface Asked {
  /** What the caller wanted to do, such as `document:edit`; of `delivery.failed`, the kind of the message. */
  readonly action: string
}

type SessionNames = Pick<Names, 'sub' | 'sid' | 'client_id'>

/** What each event tells in any case, besides its name, its time and its request. */
interface Told {
  'session.started': Success & SessionNames & Pick<Names, 'jti'>
  'session.bound': Success & SessionNames
  'session.refreshed': Success & SessionNames & Pick<Names, 'jti'> & Reason
  'session.ended': Success & Pick<Names, 'sub' | 'sid'> & Reason
  'login.failed': Failure
  'account.locked': Success & Reason
  'refresh.reused': Failure & SessionNames & Reason
  'refresh.mismatched': Failure & SessionNames & Reason
  'refresh.contested': Success & SessionNames & Reason
  'device.changed': (Success | Failure) & SessionNames & Reason
  'request.refused': Failure & Reason
  'token.issued': Success & SessionNames & Pick<Names, 'jti'> & Reason
  'token.accepted': Success & Pick<Names, 'sub'>
  'token.refused': Failure & Reason
  'policy.permitted': Success & Pick<Names, 'sub'> & Asked
  'policy.denied': Failure & Pick<Names, 'sub'> & Asked & Reason
  'token.revoked': Success & Reason
  'password.changed': Success
  'stepup.granted': Success & SessionNames
  'alert.raised': Success & Reason
  'apikey.created': Success & Pick<Names, 'sub' | 'jti'>
  'apikey.revoked': Success & Pick<Names, 'sub' | 'jti'> & Reason
  'key.rotated': Success & Pick<Names, 'kid'>
  'key.compromised': Success & Pick<Names, 'kid'>
  'decision.degraded': (Success | Failure) & Pick<Names, 'sub'> & Reason
  'store.rollback': (Success | Failure) & Reason
  'delivery.failed': Failure & Reason & Asked
}

export type EventName = keyof Told

/** What any event may tell. */
interface Optional extends Partial<Names & Reason & Asked> {
  readonly ip?: string
  readonly user_agent?: string
  /** Of `refresh.contested`: the address that the contested tokens had gone to. */
  readonly previous_ip?: string
  /** What of the device is not as it was at sign-in, such as `network timezone`. */
  readonly changed?: string
  /** What was decided about: the type of the resource, and which one it was. */
  readonly resource?: string
  readonly resource_id?: string
  /** The policies that decided, and the id that the engine gave its decision. */
  readonly policy?: string
  readonly decision_id?: string
  /** In an audit trail with pseudonyms: who it was, encrypted. */
  readonly sealed?: string
}

/** An event that is to be told, as `emit` takes it. */
export type EventToTell = {
  [Name in EventName]: { readonly event: Name; readonly request_id?: string } & Optional & Told[Name]
}[EventName]

/**
 * Something that happened, in the form of the audit trail. Contains no token, cookie, password or user name. Its type
 * tells which members an event has: where `event` is `session.ended`, there are `sub`, `sid` and `reason`.
 *
 * Names may come from strangers, such as the `sub` of another issuer. A string has at most 255 characters, and a
 * question mark in place of each character that a viewer of a log might interpret: line breaks, terminal escapes,
 * controls of the writing direction.
 */
export type SallyportEvent<Name extends EventName = EventName> = {
  [One in Name]: {
    /** ISO 8601, UTC. */
    readonly time: string
    readonly event: One
    /** The same in all events of one request. */
    readonly request_id: string
  } & Optional &
    Told[One]
}[Name]

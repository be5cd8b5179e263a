import { isForeignName, isName } from '@sallyport/core/adapter'
import { isApiKeyId, isSessionId, tagOf, tagOfSession } from '@sallyport/core/store'
import * as v from 'valibot'

/**
 * Identifies a user, a session or something else (RFC 9493, section 3; SSF 1.0, section 3). Its other members depend on
 * the format.
 */
export interface SubjectIdentifier {
  readonly format: string
  readonly [member: string]: unknown
}

/**
 * Finds the user of this deployment whom an identifier means; `undefined` if it means nobody here.
 *
 * @param identifier never names a session of this deployment, nor a user by its issuer, since those are found without asking
 * @param issuer who sent the signal
 */
export type SubjectOf = (
  identifier: SubjectIdentifier,
  issuer: string,
) => string | undefined | PromiseLike<string | undefined>

/** Whom or what of this deployment a signal concerns. Without members: nobody and nothing that is known here. */
export interface Concerned {
  readonly subject?: string
  readonly session?: string
  /** The `jti` of an access token. */
  readonly token?: string
  /** What is of the sender's own, whose access tokens are accepted here. */
  readonly foreign?: Foreign
}

/** A session or an access token of another issuer. */
export interface Foreign {
  readonly issuer: string
  readonly session?: string
  readonly token?: string
}

const MAX_ALIASES = 10

const text = v.pipe(v.string(), v.minLength(1))
const membersOf: Readonly<Record<string, v.GenericSchema>> = {
  account: v.looseObject({ uri: text }),
  email: v.looseObject({ email: text }),
  iss_sub: v.looseObject({ iss: text, sub: text }),
  opaque: v.looseObject({ id: text }),
  phone_number: v.looseObject({ phone_number: text }),
  did: v.looseObject({ url: text }),
  uri: v.looseObject({ uri: text }),
  jwt_id: v.looseObject({ iss: text, jti: text }),
  saml_assertion_id: v.looseObject({ issuer: text, assertion_id: text }),
  'ip-addresses': v.looseObject({ 'ip-addresses': v.array(text) }),
  aliases: v.looseObject({
    identifiers: v.pipe(v.array(v.custom(isSimple)), v.minLength(1), v.maxLength(MAX_ALIASES)),
  }),
}

/** A subject as it came: one identifier, or several members of the same subject. */
export type Subject =
  | { readonly kind: 'simple'; readonly identifier: SubjectIdentifier }
  | { readonly kind: 'complex'; readonly members: Readonly<Record<string, SubjectIdentifier>> }

/** Reads a subject; `undefined` if it is malformed. A format that is not known is fine. */
export function readSubject(given: unknown): Subject | undefined {
  const object = objectIn(given)
  if (object === undefined) return undefined
  const identifier = identifierIn(object)
  if (identifier !== undefined && identifier.format !== 'complex') {
    // Aliases must not be within others (RFC 9493, section 3.2.8).
    return hasMembers(identifier) ? { kind: 'simple', identifier } : undefined
  }
  const { format, ...rest } = object
  // Drafts of CAEP had no `format` here.
  if (format !== 'complex' && format !== undefined) return undefined
  const members: Record<string, SubjectIdentifier> = {}
  for (const [name, value] of Object.entries(rest)) {
    const member = objectIn(value)
    // What is no object is one of the additional fields, which a receiver ignores (SSF 1.0, section 4.2.3).
    if (member === undefined) continue
    const read = identifierIn(member)
    if (read === undefined || !isSimple(read)) return undefined
    members[name] = read
  }
  return Object.keys(members).length === 0 ? undefined : { kind: 'complex', members }
}

/** Google has `subject_type`, with hyphens, instead of `format` (RISC 1.0, section 3.1). */
function identifierIn(object: Readonly<Record<string, unknown>>): SubjectIdentifier | undefined {
  const { format, subject_type: older } = object
  if (typeof format === 'string' && format !== '') return { ...object, format }
  if (format !== undefined || typeof older !== 'string' || older === '') return undefined
  return { ...object, format: older.replaceAll('-', '_') }
}

function isSimple(given: unknown): given is SubjectIdentifier {
  const object = objectIn(given)
  const identifier = object && identifierIn(object)
  if (identifier === undefined || identifier.format === 'complex' || identifier.format === 'aliases')
    return false
  return hasMembers(identifier)
}

function hasMembers(identifier: SubjectIdentifier): boolean {
  const schema = Object.hasOwn(membersOf, identifier.format) ? membersOf[identifier.format] : undefined
  return schema === undefined || v.is(schema, identifier)
}

function objectIn(given: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof given === 'object' && given !== null && !Array.isArray(given) ? { ...given } : undefined
}

export interface Resolving {
  /** The issuer of this deployment. */
  readonly own: string
  readonly subjectOf: SubjectOf | undefined
  /** The senders whose access tokens are accepted here. */
  readonly issuers: ReadonlySet<string>
  /** By sender, the members of complex subjects that no receiver may pass over. */
  readonly critical: ReadonlyMap<string, ReadonlySet<string>>
}

/** The members of complex subjects that are processed. */
const PROCESSED: ReadonlySet<string> = new Set(['user', 'session'])

/**
 * Finds whom of this deployment a subject means. Rejects with whatever `subjectOf` does.
 *
 * @param from who sent the signal
 */
export async function resolve(subject: Subject, from: string, parts: Resolving): Promise<Concerned> {
  if (subject.kind === 'simple') return resolveSimple(subject.identifier, from, parts)
  const critical = parts.critical.get(from)
  // Such an event must be discarded (SSF 1.0, section 3.6).
  if (Object.keys(subject.members).some((name) => critical?.has(name) && !PROCESSED.has(name))) return {}
  const { user, session } = subject.members
  const whose = user === undefined ? {} : await resolveSimple(user, from, parts)
  const isNamedByUs = user === undefined || (user.format === 'iss_sub' && user.iss === parts.own)
  const name = session === undefined ? undefined : sessionIn(session, parts.own)
  const elsewhere = session === undefined ? {} : foreignOf(session, from, parts)
  // Whoever names the user in other words means a session elsewhere, which has none of its own here: all are meant.
  if (name === undefined || !isNamedByUs)
    return { ...(whose.subject !== undefined && { subject: whose.subject }), ...elsewhere }
  // The id of a session alone is one of the sender's own, if its access tokens are accepted here.
  if (user === undefined) return elsewhere.foreign === undefined ? { session: name } : elsewhere
  // All members must describe the same subject (SSF 1.0, section 3.3.1).
  const isOne = whose.subject !== undefined && tagOfSession(name) === tagOf(whose.subject)
  return isOne ? { session: name, ...whose } : {}
}

async function resolveSimple(
  identifier: SubjectIdentifier,
  from: string,
  parts: Resolving,
): Promise<Concerned> {
  const { format } = identifier
  if (format === 'aliases') return resolveAliases(identifier, from, parts)
  const { iss, sub, id, jti } = identifier
  if (format === 'iss_sub' && iss === parts.own) return { ...(isOurs(sub) && { subject: sub }) }
  if (format === 'jwt_id' && iss === parts.own)
    return { ...(isOurs(jti) && !isApiKeyId(jti) && { token: jti }) }
  const session = sessionIn(identifier, parts.own)
  if (session !== undefined && !parts.issuers.has(from)) return { session }
  const found = foreignOf(identifier, from, parts)
  if (found.foreign !== undefined) return found
  if (parts.subjectOf === undefined) return { ...(format === 'opaque' && isOurs(id) && { subject: id }) }
  const subject = await parts.subjectOf(identifier, from)
  return { ...(isOurs(subject) && { subject }) }
}

/** All of them identify the same subject (RFC 9493, section 3.2.8), so the first that is known here is enough. */
async function resolveAliases(
  { identifiers }: SubjectIdentifier,
  from: string,
  parts: Resolving,
): Promise<Concerned> {
  for (const one of identifiers as readonly SubjectIdentifier[]) {
    const found = await resolveSimple(identifierIn(one) ?? one, from, parts)
    if (Object.keys(found).length > 0) return found
  }
  return {}
}

/** What of the sender's own an identifier names, if its access tokens are accepted here. */
function foreignOf(
  { format, id, iss, jti }: SubjectIdentifier,
  from: string,
  { issuers }: Resolving,
): Pick<Concerned, 'foreign'> {
  if (!issuers.has(from)) return {}
  if (format === 'opaque' && isName(id)) return { foreign: { issuer: from, session: id } }
  if (format === 'jwt_id' && iss === from && isName(jti)) return { foreign: { issuer: from, token: jti } }
  return {}
}

/** The session of this deployment that an identifier names. */
function sessionIn({ format, id, iss, sub }: SubjectIdentifier, own: string) {
  const name = format === 'opaque' ? id : format === 'iss_sub' && iss === own ? sub : undefined
  return typeof name === 'string' && isSessionId(name) ? name : undefined
}

/** A name in the form of another issuer's would concern the access tokens of that issuer. */
function isOurs(name: unknown): name is string {
  return isName(name) && !isForeignName(name)
}

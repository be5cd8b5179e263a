import { parse as parseContentType } from 'content-type'
import getRawBody from 'raw-body'
import type { ProblemCode } from '../problems.ts'
import type { RequestView } from '../seam/http.ts'

/** The size limit for a request body. A longer body is refused. */
export const MAX_BODY_BYTES: number = 16 * 1024

export type BodyReading<T> =
  | { readonly kind: 'read'; readonly value: T }
  | { readonly kind: 'refused'; readonly problem: ProblemCode }

/**
 * Reads a form (`application/x-www-form-urlencoded`, UTF-8). A form with a repeated parameter is malformed (RFC 6749,
 * section 3.2).
 */
export async function readForm(view: RequestView): Promise<BodyReading<ReadonlyMap<string, string>>> {
  if (view.body.kind === 'parsed') return fromParsed(view.body.value)
  const form = await readText(view, 'application/x-www-form-urlencoded')
  if (form.kind === 'refused') return form
  const fields = new Map<string, string>()
  for (const [name, value] of new URLSearchParams(form.value)) {
    if (fields.has(name)) return { kind: 'refused', problem: 'body_malformed' }
    fields.set(name, value)
  }
  return { kind: 'read', value: fields }
}

/** Reads a JSON object (`application/json`, UTF-8). */
export async function readJsonObject(
  view: RequestView,
): Promise<BodyReading<Readonly<Record<string, unknown>>>> {
  if (view.body.kind === 'parsed') return asObject(view.body.value)
  const json = await readText(view, 'application/json')
  if (json.kind === 'refused') return json
  try {
    return asObject(JSON.parse(json.value))
  } catch {
    return { kind: 'refused', problem: 'body_malformed' }
  }
}

/** Reads a text (UTF-8) of a media type, such as `application/secevent+jwt`. */
export async function readText(view: RequestView, type: string): Promise<BodyReading<string>> {
  const { body, headers } = view
  if (!isPlain(headers['content-encoding']) || !isOfType(headers['content-type'], type))
    return { kind: 'refused', problem: 'body_type' }
  if (body.kind === 'parsed')
    return typeof body.value === 'string'
      ? { kind: 'read', value: body.value }
      : { kind: 'refused', problem: 'body_type' }
  if (body.kind === 'bytes' && body.bytes.length > MAX_BODY_BYTES)
    return { kind: 'refused', problem: 'body_too_large' }
  const length = headers['content-length']
  try {
    const bytes =
      body.kind === 'bytes'
        ? body.bytes
        : await getRawBody(body.stream, {
            limit: MAX_BODY_BYTES,
            length: typeof length === 'string' ? length : null,
          })
    return { kind: 'read', value: new TextDecoder('utf-8', { fatal: true }).decode(bytes) }
  } catch (cause) {
    const tooLarge = cause instanceof Error && 'type' in cause && cause.type === 'entity.too.large'
    return { kind: 'refused', problem: tooLarge ? 'body_too_large' : 'body_malformed' }
  }
}

function isPlain(encoding: string | readonly string[] | undefined): boolean {
  return encoding === undefined || encoding === 'identity'
}

function isOfType(header: string | readonly string[] | undefined, type: string): boolean {
  if (typeof header !== 'string') return false
  const sent = parseContentType(header)
  const charset = sent.parameters.charset?.toLowerCase()
  return sent.type === type && (charset === undefined || charset === 'utf-8' || charset === 'utf8')
}

function fromParsed(value: unknown): BodyReading<ReadonlyMap<string, string>> {
  const object = asObject(value)
  if (object.kind === 'refused') return object
  const fields = new Map<string, string>()
  for (const [name, field] of Object.entries(object.value)) {
    if (typeof field !== 'string') return { kind: 'refused', problem: 'body_malformed' }
    fields.set(name, field)
  }
  return { kind: 'read', value: fields }
}

function asObject(value: unknown): BodyReading<Readonly<Record<string, unknown>>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { kind: 'refused', problem: 'body_malformed' }
  return { kind: 'read', value: { ...value } }
}

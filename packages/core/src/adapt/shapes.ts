import { describeValue } from '../errors.ts'

/** What a framework passes of a request, and what is mistaken for it. */
export interface ExchangeShape {
  /** The name of the framework, such as `Koa`. */
  readonly framework: string
  /** The names of the arguments. The first is the request, or has it. */
  readonly parts: readonly string[]
  /**
   * The objects that a handler has at hand, those of `parts` included, each with members by which it is known. The first
   * whose members are all there is the one.
   */
  readonly objects: Readonly<Record<string, readonly string[]>>
}

/** Those of the frameworks that have a package of the library. */
export const shapes: Readonly<Record<'express' | 'koa' | 'fastify', ExchangeShape>> = {
  express: {
    framework: 'Express',
    parts: ['req', 'res'],
    objects: { req: ['headers', 'url'], res: ['appendHeader'] },
  },
  koa: {
    framework: 'Koa',
    parts: ['ctx'],
    objects: {
      ctx: ['state'],
      'ctx.request': ['ctx', 'response'],
      'ctx.response': ['ctx', 'request'],
      'ctx.req': ['rawHeaders'],
      'ctx.res': ['writeHead'],
    },
  },
  fastify: {
    framework: 'Fastify',
    parts: ['request', 'reply'],
    objects: {
      request: ['raw', 'originalUrl'],
      reply: ['header', 'send'],
      'request.raw': ['rawHeaders'],
      'reply.raw': ['writeHead'],
    },
  },
}

/**
 * The error for a call that was given something else than the framework's request, which says what; `undefined` if nothing
 * is wrong with what was given.
 *
 * @param given the exchange, or its beginning where the call takes no more
 */
export function mistakeIn(
  call: string,
  shape: ExchangeShape,
  given: readonly unknown[],
): TypeError | undefined {
  const parts = shape.parts.slice(0, given.length)
  const at = parts.findIndex((part, index) => !isPart(shape, part, given[index]))
  if (at === -1) return undefined
  const place = parts.length > 1 ? ` as ${parts[at]}` : ''
  return new TypeError(
    `${call}: takes ${shape.framework}'s ${parts.join(' and ')}, and was given ${describe(shape, given[at])}${place}`,
  )
}

/** An application may have put more on it, so that it looks like another one, too. */
function isPart({ objects }: ExchangeShape, part: string, given: unknown): boolean {
  return isHolder(given) && hasAll(given, objects[part] ?? [])
}

function nameOf({ objects }: ExchangeShape, given: unknown): string | undefined {
  if (!isHolder(given)) return undefined
  return Object.entries(objects).find(([, members]) => hasAll(given, members))?.[0]
}

function isHolder(given: unknown): given is object {
  return typeof given === 'object' && given !== null && !isWebRequest(given)
}

/** A proxy may pass on what is read and nothing else, or refuse to tell. */
function hasAll(given: object, members: readonly string[]): boolean {
  try {
    return members.every((member) => member in given || Reflect.get(given, member) !== undefined)
  } catch {
    return true
  }
}

/** A string may be a token, and is not shown. */
function describe(shape: ExchangeShape, given: unknown): string {
  const name = nameOf(shape, given)
  if (name !== undefined) return `its ${name}`
  if (typeof given === 'string') return 'a string'
  return isWebRequest(given) ? 'a Request of the Fetch standard' : describeValue(given)
}

function isWebRequest(given: unknown): boolean {
  return Object.prototype.toString.call(given) === '[object Request]'
}

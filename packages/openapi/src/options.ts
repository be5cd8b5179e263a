import { schema } from '@sallyport/core/sink'
import type { Mounted } from './placed.ts'
import type { OpenApiInfo, OpenApiServer } from './written/document.ts'

/** What `openApi` takes. */
export interface OpenApiOptions {
  /** The title and the version of your application, and other members of the Info Object. */
  readonly info: OpenApiInfo
  /** Where it is served. Default: where the document is. */
  readonly servers?: readonly OpenApiServer[] | undefined
  /**
   * What you have mounted, by the path where it is: names of endpoints and routes, as you gave them to `router`, and descriptions of
   * routes of your framework. Default: the endpoints at the option `paths.auth`, and `well-known` at the root.
   */
  readonly mounted?: Mounted | undefined
}

const { custom, group, optional, parse } = schema

const PATH = /^(?:\/|(?:\/[\w.~:-]+)*)$/
const hasText = (given: unknown, name: string): boolean =>
  typeof given === 'object' && given !== null && typeof Reflect.get(given, name) === 'string'
const isPart = (part: unknown): boolean => typeof part === 'string' || hasText(part, 'path')

const everything = group({
  info: custom<OpenApiInfo>(
    (given) => hasText(given, 'title') && hasText(given, 'version'),
    'an object with the strings title and version',
  ),
  servers: optional(
    custom<readonly OpenApiServer[]>(
      (given) => Array.isArray(given) && given.every((one) => hasText(one, 'url')),
      'an array of objects with the string url',
    ),
  ),
  mounted: optional(
    custom<Mounted>(
      (given) =>
        typeof given === 'object' &&
        given !== null &&
        Object.entries(given).every(
          ([path, parts]) => PATH.test(path) && Array.isArray(parts) && parts.every(isPart),
        ),
      'an object with arrays of names and routes, by paths such as "/auth"',
    ),
  ),
})

/** Throws a `ConfigError` that names the wrong option. */
export function parseOptions(given: OpenApiOptions): OpenApiOptions {
  return parse(everything, given, { path: 'openapi' })
}

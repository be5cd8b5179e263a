import type { Auth } from '../../seam/auth.ts'
import type { RequestView } from '../../seam/http.ts'
import { isThenable } from '../../thenable.ts'
import type { Callbacks } from '../../watch/callbacks.ts'
import type { PolicyResource } from './engine.ts'

/** Finds what a request is about. */
export type ResourceOf = (
  auth: Auth,
  view: RequestView,
) => PolicyResource | undefined | PromiseLike<PolicyResource | undefined>

/** There is no such resource. */
export const MISSING = 'missing'
/** It could not be found out what the request is about. */
export const UNREADABLE = 'unreadable'
export type FoundResource = PolicyResource | typeof MISSING | typeof UNREADABLE

/** Finds the resource of a request. Never throws and never rejects. */
export type ResourceReader = (auth: Auth, view: RequestView) => FoundResource | Promise<FoundResource>

/** Throws a `TypeError` for what is neither a resource nor a function. */
export function readerOf(
  action: string,
  given: PolicyResource | ResourceOf,
  callbacks: Callbacks,
): ResourceReader {
  if (typeof given !== 'function') {
    const resource = checked(given)
    return () => resource
  }
  const ask = callbacks.answering(
    `the function of requirePolicy("${action}")`,
    (auth: Auth, view: RequestView) => {
      const found = given(auth, view)
      return isThenable(found) ? Promise.resolve(found).then(foundOr) : foundOr(found)
    },
  )
  return (auth, view) => {
    const found = ask(auth, view)
    return isThenable(found) ? found.catch(() => UNREADABLE) : (found ?? UNREADABLE)
  }
}

function foundOr(resource: PolicyResource | null | undefined): PolicyResource | typeof MISSING {
  return resource === undefined || resource === null ? MISSING : checked(resource)
}

/** A copy, so that nobody changes what is decided about. */
function checked(resource: PolicyResource): PolicyResource {
  const { type, id, attributes } = Object(resource) as Partial<PolicyResource>
  const isFit =
    typeof type === 'string' &&
    type !== '' &&
    (id === undefined || typeof id === 'string') &&
    (attributes === undefined || (typeof attributes === 'object' && attributes !== null))
  if (!isFit)
    throw new TypeError(
      'requirePolicy: a resource is an object with a "type", such as "document", and maybe an "id", which is a string, and "attributes"',
    )
  return Object.freeze({ type, id, attributes })
}

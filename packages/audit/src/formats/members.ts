import type { SallyportEvent } from '@sallyport/core/sink'

/**
 * The members of an event by the names that a format has for them. One without such a name is called `sallyport.` and
 * its own name, so that nothing is lost, not even what an application without types has added.
 */
export function renamed(
  event: SallyportEvent,
  names: Readonly<Record<string, string>>,
): Readonly<Record<string, unknown>> {
  const members = Object.entries(event).filter(([, value]) => value !== undefined)
  return Object.fromEntries(
    members.map(([name, value]) => [
      Object.hasOwn(names, name) ? (names[name] ?? name) : `sallyport.${name}`,
      value,
    ]),
  )
}

/**
 * The members of an event by the names that a format has for them. One without such a name is called `sallyport.` and
 * its own name, so that nothing is lost, not even what an application without types has added.
 */
export function renamed<Value>(
  event: Readonly<Record<string, Value>>,
  names: Readonly<Record<string, string>>,
): Readonly<Record<string, Value>> {
  const members = Object.entries(event).filter(([, value]) => value !== undefined)
  return Object.fromEntries(
    members.map(([name, value]) => [
      Object.hasOwn(names, name) ? (names[name] ?? name) : `sallyport.${name}`,
      value,
    ]),
  )
}

const PRINTABLE = /^[\x20-\x7e]{1,255}$/

/** Throws a `TypeError` for a member that is given, and is no such string. */
export function checkPrintable(call: string, name: string, given: unknown): void {
  if (given !== undefined && !isPrintable(given))
    throw new TypeError(`${call}: "${name}" must be 1 to 255 printable ASCII characters`)
}

/** Throws a `TypeError` for a wrong `acr` or `amr`. */
export function checkAssurance(
  call: string,
  { acr, amr }: { readonly acr?: unknown; readonly amr?: unknown },
): void {
  checkPrintable(call, 'acr', acr)
  if (amr !== undefined && !(Array.isArray(amr) && amr.every(isPrintable)))
    throw new TypeError(`${call}: "amr" must be an array of printable ASCII strings`)
}

function isPrintable(given: unknown): boolean {
  return typeof given === 'string' && PRINTABLE.test(given)
}

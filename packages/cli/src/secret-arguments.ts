const TOKEN = /^(?:bearer\s+)?[\w-]{10,}\.[\w-]*\.[\w-]*(?:\.[\w-]*\.[\w-]*)?$/i
const PASSWORD_IN_ADDRESS = /^[a-z][a-z0-9+.-]*:\/\/[^/\s]*:[^/\s]*@/i
/** Options that somebody may expect, and that would show a secret. */
const SECRET_OPTIONS = /unknown option '--(?:[a-z-]*(?:secret|key|token|password)|redis-url|database-url)'/

const SEEN = 'other users of this machine can read arguments, and shells keep them'

/** Why these arguments are refused: a secret is among them. `undefined` if they are fine. Repeats nothing of it. */
export function refusedArguments(args: readonly string[]): string | undefined {
  const values = args.map((arg) => arg.replace(/^--[^=]*=/, ''))
  if (values.some((value) => TOKEN.test(value) && looksLikeToken(value)))
    return `a token is among the arguments, but ${SEEN}: revoke it, and pass the next one by standard input, as "sallyport token inspect < token.txt"`
  if (values.some((value) => PASSWORD_IN_ADDRESS.test(value)))
    return `a password is among the arguments, but ${SEEN}: set REDIS_URL or DATABASE_URL, or give --config <file>`
  return undefined
}

/** Session ids and file names have dots, too, but only a JWT begins with an object. */
function looksLikeToken(value: string): boolean {
  const [header = ''] = value.replace(/^bearer\s+/i, '').split('.')
  return Buffer.from(header, 'base64url').toString().trimStart().startsWith('{')
}

/** What Commander says of an unknown option or command, without what may be secret, and with the right way. */
export function refusedOption(message: string): string {
  const safe = message
    .replace(/(unknown option '--[^=']*)=.*'/s, "$1'")
    .replace(/unknown command '[^']{40,}'/s, 'unknown command')
  const hint = `No secret is taken as an argument: ${SEEN}. Set it in the environment, or give a file.\n`
  return SECRET_OPTIONS.test(safe) ? `${safe}${hint}` : safe
}

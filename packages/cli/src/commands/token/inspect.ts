import { Command } from 'commander'
import { type Deployment, withDeployment } from '../../deployment/open.ts'
import { type End, type ExitCode, exitCodes, type Surroundings, UsageError } from '../../surroundings.ts'
import { askSecretly, isInteractive, readInput } from '../../terminal/ask.ts'
import { jsonText } from '../../terminal/safe.ts'
import { exitCodesHelp, type LookFlags, withConfig } from '../flags.ts'
import { checksOf, needsSender } from './checks.ts'
import { type Decoded, decode } from './decode.ts'
import type { Inspection } from './inspection.ts'
import { describe } from './report.ts'

interface InspectFlags extends LookFlags {
  readonly unverified?: true
}

export function inspectCommand(surroundings: Surroundings, end: End): Command {
  return withConfig(new Command('inspect'))
    .description('Explains an access token: each claim, each check, and why it is refused.')
    .option('--unverified', 'only show what the token says; needs no options, and proves nothing')
    .addHelpText(
      'after',
      `
Asks for the token, and does not show what you paste; or reads it from standard input. The token is sent
nowhere, and not printed. It is verified in this process, as authMiddleware() does it, and the check counts
as a use of it. No event is written.
${exitCodesHelp('the token is good', 'it is refused')}

Example: sallyport token inspect --config sallyport.config.js < token.txt`,
    )
    .action(async (flags: InspectFlags) => end(await inspect(surroundings, flags)))
}

async function inspect(surroundings: Surroundings, flags: InspectFlags): Promise<ExitCode> {
  if (flags.unverified) {
    const decoded = decode(await readToken(surroundings))
    if (decoded === undefined)
      throw new UsageError('this is no signed JWT: an opaque or encrypted token tells only its deployment')
    return tell(surroundings, flags, { verdict: 'not_verified', decoded, checks: [] })
  }
  return withDeployment(surroundings, flags, { use: 'look', need: 'keys' }, async (deployment) =>
    tell(surroundings, flags, await judge(deployment, await readToken(surroundings))),
  )
}

async function readToken(surroundings: Surroundings): Promise<string> {
  const given = isInteractive(surroundings)
    ? await askSecretly(surroundings, 'Token (not shown): ')
    : await readInput(surroundings)
  const token = given.trim().replace(/^bearer +/i, '')
  if (token === '')
    throw new UsageError('there is no token: paste it when asked, or pass it by standard input')
  return token
}

async function judge({ sallyport, options }: Deployment, token: string): Promise<Inspection> {
  let reason: string | undefined
  const stop = sallyport.on('event', (event) => {
    if (event.event === 'token.refused') reason = event.reason
  })
  const verdict = await sallyport.tokens.verify(
    token,
    {},
    {
      apiKeys: options.apiKeys === undefined ? 'refuse' : 'accept',
    },
  )
  // Listeners may be told a little later.
  await new Promise((resolve) => setImmediate(resolve))
  stop()
  const decoded = decode(token)
  const isBound = ['cnf', 'fgp'].some((name) => decoded?.claims[name] !== undefined)
  const manyIssuers = (options.issuers?.length ?? 0) > 0
  const checks =
    decoded === undefined ? [] : checksOf({ kind: verdict.kind, reason }, { manyIssuers, isBound })
  if (verdict.kind === 'valid') return { verdict: 'valid', decoded: decoded ?? shown(verdict.auth), checks }
  const { problem } = verdict
  const found = { problem, ...(reason === undefined ? {} : { reason }), decoded, checks }
  if (problem.endsWith('_unavailable')) return { verdict: 'unknown', ...found }
  return { verdict: needsSender(reason, isBound) ? 'bound' : 'refused', ...found }
}

/** An opaque token says nothing itself, but the store does. */
function shown({ claims }: { readonly claims: object }): Decoded {
  return { header: {}, claims: { ...claims } }
}

function tell({ stdout }: Surroundings, { json }: InspectFlags, inspection: Inspection): ExitCode {
  const { decoded, ...rest } = inspection
  stdout.write(
    json
      ? jsonText({ ...rest, header: decoded?.header ?? null, claims: decoded?.claims ?? null }, 2)
      : describe(inspection),
  )
  switch (inspection.verdict) {
    case 'valid':
    case 'bound':
    case 'not_verified':
      return exitCodes.whole
    case 'refused':
      return exitCodes.broken
    case 'unknown':
      return exitCodes.away
  }
}

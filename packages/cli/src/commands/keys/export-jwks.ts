import type { Sallyport } from '@sallyport/core'
import type { RequestView } from '@sallyport/core/adapter'
import { Command } from 'commander'
import { withDeployment } from '../../deployment/open.ts'
import { type End, exitCodes, type Surroundings } from '../../surroundings.ts'
import { exitCodesHelp, withConfig } from '../flags.ts'

const JWKS_PATH = '/.well-known/jwks.json'

/** The request that the route answers with the JWK Set. */
const REQUEST: RequestView = {
  ...{ method: 'GET', target: JWKS_PATH, headers: {}, rawHeaders: [], params: {} },
  ...{ ip: undefined, host: undefined, secure: true },
  peer: { address: undefined, certificate: undefined },
  body: { kind: 'bytes', bytes: new Uint8Array() },
}

export function exportCommand(surroundings: Surroundings, end: End): Command {
  return withConfig(new Command('export-jwks'))
    .description('Prints the public keys as a JWK Set, exactly as /.well-known/jwks.json serves it.')
    .addHelpText(
      'after',
      `
For services that verify tokens and can't reach your server. It holds no private key. Keys rotate, so
export it again after each rotation.
${exitCodesHelp('done')}`,
    )
    .action(async (flags: { readonly config?: string }) =>
      end(
        await withDeployment(surroundings, flags, { use: 'look', need: 'keys' }, async ({ sallyport }) => {
          const { status, body } = await jwksOf(sallyport)
          if (status !== 200) {
            surroundings.stderr.write('sallyport: the store does not answer, so its keys are not known\n')
            return exitCodes.away
          }
          surroundings.stdout.write(`${body}\n`)
          return exitCodes.whole
        }),
      ),
    )
}

async function jwksOf(sallyport: Sallyport): Promise<{ readonly status: number; readonly body: string }> {
  const { gateOf } = await import('@sallyport/core/adapter')
  const route = gateOf(sallyport)
    .routes(['well-known'])
    .find(({ path }) => path === JWKS_PATH)
  const answer = await route?.handle(REQUEST)
  return { status: answer?.status ?? 0, body: String(answer?.body) }
}

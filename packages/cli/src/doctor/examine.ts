import type { KeyInfo, SallyportOptions } from '@sallyport/core'
import { optionsFile, readOptions } from '../deployment/options.ts'
import { onlyVerifies } from '../deployment/verifying.ts'
import { type Surroundings, UsageError } from '../surroundings.ts'
import { now } from '../system.ts'
import { versionOfPackage } from '../version.ts'
import { judgeRunning } from './answers/index.ts'
import { type Finding, findingsOf, readCatalogue, type Sighting } from './catalogue.ts'
import { judgeAddress, judgeDeployment, type Rules } from './deployment.ts'
import { isLoopback, judgeOptions, ownSecrets } from './options/index.ts'
import type { Report } from './report/report.ts'
import { scanSource } from './source/scan.ts'

export interface Asked {
  readonly config: string | undefined
  readonly url: URL | undefined
  readonly authPath: string | undefined
  readonly protectedPath: string | undefined
  readonly timeoutMs: number
  /** The folder of the source tree, as an absolute path. */
  readonly source: string | undefined
  /** Judges by the rules of production, whatever options and address say. */
  readonly production: boolean
}

/** Examines what was asked for. Throws what `readOptions` throws, and a `UsageError` for a folder that can't be read. */
export async function examine(surroundings: Surroundings, asked: Asked): Promise<Report> {
  const options = await readOptions(surroundings, asked.config)
  const { rules, declared } = standingOf(surroundings, asked, options)
  const catalogue = readCatalogue()
  const others = onlyVerifies(options) ? catalogue.findings.filter(({ issuing }) => issuing) : []
  const concerns = ({ id }: Sighting): boolean => !others.some((entry) => entry.id === id)
  // What does not concern it must not stand for an option that production refuses.
  const judged = [...judgeOptions(options), ...declared].filter(concerns)
  const opened = await judgeDeployment(surroundings, options, judged, rules)
  const sightings = [
    ...judged,
    ...(asked.config === undefined ? judgeAddress(surroundings) : []),
    ...opened.sightings,
    ...(await runningOf(asked, options, opened.keys)),
    ...(await sourceOf(asked, options)),
  ]
  const all = findingsOf(catalogue, sightings.filter(concerns))
  const isAside = ({ development }: Finding): boolean => rules === 'development' && development === true
  return {
    ...{ catalogue, at: now(), version: versionOfPackage() },
    ...{ findings: all.filter((one) => !isAside(one)), setAside: all.filter(isAside) },
    examined: [
      'the options, the store and the keys',
      ...(asked.url === undefined ? [] : [`the answers of ${asked.url.origin}`]),
      ...(asked.source === undefined ? [] : [`the source in ${asked.source}`]),
    ],
  }
}

/**
 * By whose rules to judge. It takes two that say so to make it development: options in a file that ask for no production, and
 * a server that only this machine can reach. Where just the options say so, that is a finding itself.
 */
function standingOf(
  surroundings: Surroundings,
  asked: Asked,
  { production }: SallyportOptions,
): { readonly rules: Rules; readonly declared: readonly Sighting[] } {
  const isDeclared = production === false && optionsFile(surroundings, asked.config) !== undefined
  const isLocal = asked.url !== undefined && isLoopback(asked.url.href)
  const isProduction = asked.production || surroundings.env.NODE_ENV === 'production'
  if (isDeclared && isLocal && !isProduction) return { rules: 'development', declared: [] }
  const isWrong = isDeclared && (isProduction || (asked.url !== undefined && !isLocal))
  const declared = [{ id: 'development-rules', option: 'production', seen: 'production: false' }]
  return { rules: 'production', declared: isWrong ? declared : [] }
}

function runningOf(
  { url, authPath, protectedPath, timeoutMs }: Asked,
  options: SallyportOptions,
  keys: readonly KeyInfo[] | undefined,
): Promise<readonly Sighting[]> | readonly Sighting[] {
  if (url === undefined) return []
  return judgeRunning({
    ...{ url, protectedPath, timeoutMs, keys, issuer: options.issuer },
    authPath: authPath ?? options.paths?.auth ?? '/auth',
  })
}

async function sourceOf({ source }: Asked, options: SallyportOptions): Promise<readonly Sighting[]> {
  if (source === undefined) return []
  const secrets = ownSecrets(options).flatMap((secret) =>
    typeof secret === 'string'
      ? [secret]
      : (['base64', 'base64url', 'hex'] as const).map((form) => Buffer.from(secret).toString(form)),
  )
  try {
    return await scanSource(source, secrets)
  } catch (cause) {
    throw new UsageError(`the folder ${source} can't be read`, { cause })
  }
}

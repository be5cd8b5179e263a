import type { KeyInfo, SallyportOptions } from '@sallyport/core'
import { readOptions } from '../deployment/options.ts'
import { type Surroundings, UsageError } from '../surroundings.ts'
import { now } from '../system.ts'
import { versionOfPackage } from '../version.ts'
import { judgeRunning } from './answers/index.ts'
import { findingsOf, readCatalogue, type Sighting } from './catalogue.ts'
import { judgeAddress, judgeDeployment } from './deployment.ts'
import { judgeOptions, ownSecrets } from './options/index.ts'
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
}

/** Examines what was asked for. Throws what `readOptions` throws, and a `UsageError` for a folder that can't be read. */
export async function examine(surroundings: Surroundings, asked: Asked): Promise<Report> {
  const options = await readOptions(surroundings, asked.config)
  const judged = judgeOptions(options)
  const opened = await judgeDeployment(surroundings, options, judged)
  const sightings = [
    ...judged,
    ...(asked.config === undefined ? judgeAddress(surroundings) : []),
    ...opened.sightings,
    ...(await runningOf(asked, options, opened.keys)),
    ...(await sourceOf(asked, options)),
  ]
  const catalogue = readCatalogue()
  return {
    ...{ catalogue, findings: findingsOf(catalogue, sightings), at: now(), version: versionOfPackage() },
    examined: [
      'the options, the store and the keys',
      ...(asked.url === undefined ? [] : [`the answers of ${asked.url.origin}`]),
      ...(asked.source === undefined ? [] : [`the source in ${asked.source}`]),
    ],
  }
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

import type { KeyInfo } from '@sallyport/core'
import type { Sighting } from '../catalogue.ts'
import { type Answer, createAsk, type Examined } from './ask.ts'
import { judgeAnswers } from './headers.ts'
import { judgeJwks } from './jwks.ts'
import { judgeMetadata } from './metadata.ts'
import { judgeRefresh } from './refresh.ts'

export interface Target {
  readonly url: URL
  readonly authPath: string
  /** A route that needs a token, such as `/api/me`. */
  readonly protectedPath: string | undefined
  readonly timeoutMs: number
  readonly issuer: string | undefined
  /** The keys of the deployment; `undefined` if they are not known. */
  readonly keys: readonly KeyInfo[] | undefined
}

/** Asks the running deployment, as a stranger does, and judges its answers. Changes nothing. */
export async function judgeRunning(target: Target): Promise<readonly Sighting[]> {
  const sightings: Sighting[] = []
  const found = (sighting: Sighting): void => void sightings.push(sighting)
  let failures = 0
  const ask = createAsk(target.url, target.timeoutMs, ({ method, path }) => {
    failures += 1
    if (failures === 1) found({ id: 'http-failed', seen: `${method} ${path}` })
  })
  const examined: Examined = { base: target.url, authPath: target.authPath, ask, found }
  const first = await judgeJwks(examined, target.keys)
  if (first === undefined) return [{ id: 'http-unreachable', seen: target.url.origin }]
  const answers = await Promise.all([
    judgeRefresh(examined),
    judgeMetadata(examined, target.issuer),
    judgeMetrics(examined),
    target.protectedPath === undefined ? [] : judgeProtected(examined, target.protectedPath),
  ])
  judgeAnswers(examined, [first, ...answers.flat()])
  return sightings
}

async function judgeMetrics({ ask, found }: Examined): Promise<readonly (Answer | undefined)[]> {
  const answer = await ask({ method: 'GET', path: '/metrics' })
  if (answer?.status === 200 && /^# (?:HELP|TYPE) /m.test(answer.body))
    found({ id: 'metrics-open', seen: 'GET /metrics: 200' })
  return [answer]
}

async function judgeProtected(
  { ask, found }: Examined,
  path: string,
): Promise<readonly (Answer | undefined)[]> {
  const [open, unsigned] = await Promise.all([
    ask({ method: 'GET', path }),
    ask({ method: 'GET', path, headers: { authorization: `Bearer ${unsignedToken()}` } }),
  ])
  const isOpen = open !== undefined && open.status < 300
  if (isOpen) found({ id: 'route-open', seen: `GET ${path}: ${open.status}` })
  if (!isOpen && unsigned !== undefined && unsigned.status < 300)
    found({ id: 'none-accepted', seen: `GET ${path} with alg none: ${unsigned.status}` })
  return [open, unsigned]
}

function unsignedToken(): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part({ alg: 'none', typ: 'at+jwt' })}.${part({ sub: 'doctor', exp: 4_102_444_800 })}.`
}

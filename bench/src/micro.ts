import type { Rates } from './interleave.ts'
import type { MicroFigures, MicroTask } from './micro-program.ts'
import { runProgram } from './process.ts'
import { startRedis } from './redis.ts'
import { percents, section, spread, table } from './report.ts'
import { algorithms, type Extent, type Report, type Say } from './setup.ts'
import { median, paired, ratio, summarize } from './stats.ts'

const WARM = `Warm: \`gate.verify\` with tokens that were seen before, beside a bare look-up of the whole token text in a
\`Map\`. The header's text is cut fresh from its bytes each time, in both; cutting alone is the first row.`

const COLD = `Cold: each token is new, one after the other, beside \`jwtVerify\` of jose with issuer, audience, algorithm and
type, and beside the signature check of node:crypto alone; all begin with the header's text, cut as before.`

const PROOFS = `Bound tokens: the token is known, and each request has a new DPoP proof by one key, one after the other, beside
\`jwtVerify\` of jose with the key in the proof's header, type and algorithm. With Redis, each request waits for one command. express-oauth2-jwt-bearer verifies the access token
anew each time, and does not remember proofs, so that one can be used again.`

export async function measureMicro(extent: Extent, say: Say): Promise<Report> {
  say('micro: verification in process, warm and cold')
  const redis = await startRedis()
  try {
    const task: MicroTask = {
      redisUrl: redis.url,
      rounds: extent.full ? 9 : 5,
      seconds: extent.full ? 1 : 0.5,
      warmTokens: extent.full ? [1, 1000, 100_000] : [1000],
      coldAlgorithms: algorithms,
      // Many short ones, which take turns: whatever else the machine does then meets all of them alike.
      coldRounds: extent.full ? 99 : 33,
      coldTokens: 500,
    }
    const figures = await runProgram<MicroFigures>('micro-program', task)
    return { markdown: report(figures), results: figures }
  } finally {
    await redis.stop()
  }
}

const labels: Readonly<Record<string, string>> = {
  cutting: 'cutting the header',
  map: 'a bare Map look-up',
  ours: 'Sallyport',
  crypto: 'node:crypto, signature alone',
  jose: 'jose, jwtVerify',
  telling: 'Sallyport, telling Redis of each first use',
  marking: 'Sallyport, with its marks in Redis',
  peer: 'express-oauth2-jwt-bearer',
}

function report({ warm, cold, proofs }: MicroFigures): string {
  const warmRows = warm.flatMap(({ tokens, rates }) =>
    rowsOf(`${tokens.toLocaleString('en')} tokens`, rates, 'map'),
  )
  const proofRows = proofs.flatMap(({ algorithm, rates }) => rowsOf(algorithm, rates, 'jose'))
  const coldRows = cold.flatMap(({ algorithm, rates }) => rowsOf(algorithm, rates, 'jose'))
  return section(
    'Verification in process',
    WARM,
    table(['warm', 'per second', 'µs each', 'of the Map'], warmRows),
    COLD,
    table(['cold', 'per second', 'µs each', 'of jose'], coldRows),
    PROOFS,
    table(['proofs', 'per second', 'µs each', 'of jose'], proofRows),
  )
}

function rowsOf(set: string, rates: Rates, reference: string): string[][] {
  const others = rates[reference] ?? []
  return Object.entries(rates).map(([name, values]) => [
    `${set}: ${labels[name] ?? name}`,
    spread(summarize(values)),
    (1e6 / median(values)).toFixed(2),
    percents(paired(values, others, ratio)),
  ])
}

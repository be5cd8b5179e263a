// Verification without any HTTP, in a process of its own: sends MicroFigures to its parent.

import { verify as verifySignature } from 'node:crypto'
import { createSallyport, memoryStore, type SallyportOptions } from '@sallyport/core'
import { gateOf, type Verify } from '@sallyport/core/adapter'
import { jwtVerify } from 'jose'
import { ourOptions } from './contenders/ours.ts'
import { BATCH, interleave, type Rates, type Run } from './interleave.ts'
import { createPeer, createProofClient, isProof, isServed, signProofs } from './proofs.ts'
import { type Algorithm, AUDIENCE, ISSUER } from './setup.ts'
import { type BenchKey, createKey, digestOf, signTokens } from './tokens.ts'
import { BearerView } from './view.ts'

export interface MicroTask {
  readonly redisUrl: string
  readonly rounds: number
  readonly seconds: number
  readonly warmTokens: readonly number[]
  readonly coldAlgorithms: readonly Algorithm[]
  readonly coldRounds: number
  /** Fresh ones for each round. */
  readonly coldTokens: number
}

export interface MicroFigures {
  readonly warm: readonly { readonly tokens: number; readonly rates: Rates }[]
  readonly cold: readonly { readonly algorithm: Algorithm; readonly rates: Rates }[]
  /** Requests with a known token and a new DPoP proof. */
  readonly proofs: readonly { readonly algorithm: Algorithm; readonly rates: Rates }[]
}

const SCHEME = 'Bearer '.length
/** In which all code is still cold. */
const UNCOUNTED_ROUNDS = 4

const task = JSON.parse(process.argv[2] ?? '') as MicroTask
const figures: MicroFigures = {
  warm: await measureWarm(),
  cold: await measureCold(),
  proofs: await measureProofs(),
}
process.send?.(figures, () => process.exit())

async function openVerifier(
  { algorithm, privateJwk }: BenchKey,
  options: SallyportOptions = {},
): Promise<{ verify: Verify; close(): Promise<void> }> {
  const sallyport = await createSallyport({
    ...ourOptions({ algorithm, privateJwk, redisUrl: task.redisUrl }),
    ...options,
  })
  return { verify: gateOf(sallyport).verifier(), close: sallyport.close }
}

async function measureWarm(): Promise<MicroFigures['warm']> {
  const key = await createKey('ES256')
  const all: { tokens: number; rates: Rates }[] = []
  for (const tokens of task.warmTokens) {
    const { verify, close } = await openVerifier(key)
    const headers = headersOf(signTokens(key, tokens))
    // Once through all of them, and more often through few.
    const warmUp = Math.max(50, Math.ceil(tokens / BATCH))
    const { rounds, seconds } = task
    all.push({ tokens, rates: await interleave(warmRuns(verify, headers), { rounds, seconds, warmUp }) })
    await close()
  }
  return all
}

function headersOf(tokens: readonly string[]): Buffer[] {
  return tokens.map((token) => Buffer.from(`Bearer ${token}`))
}

/** From bytes each time, as the HTTP parser makes a header: such a text has no hash yet. */
function textOf(header: Buffer | undefined): string {
  return header?.toString('latin1') ?? ''
}

function warmRuns(verify: Verify, headers: readonly Buffer[]): Record<'cutting' | 'map' | 'ours', Run> {
  const cut = (index: number): string => textOf(headers[index % headers.length])
  const known = new Map(headers.map((_, index) => [cut(index).slice(SCHEME), { sub: 'somebody' }]))
  return {
    cutting(from) {
      let characters = 0
      for (let index = from; index < from + BATCH; index++) characters += cut(index).length
      if (characters === 0) throw new Error('nothing was cut')
    },
    map(from) {
      for (let index = from; index < from + BATCH; index++)
        if (!known.has(cut(index).slice(SCHEME))) throw new Error('a token is unknown')
    },
    async ours(from) {
      for (let index = from; index < from + BATCH; index++) {
        const verdict = verify(new BearerView(cut(index)))
        const { kind } = verdict instanceof Promise ? await verdict : verdict
        if (kind !== 'allow') throw new Error('a token was refused')
      }
    },
  }
}

/** Of the text of a header: `Authorization`, or `DPoP`. */
type Check = (header: string) => Promise<boolean> | boolean

async function measureCold(): Promise<MicroFigures['cold']> {
  const all: { algorithm: Algorithm; rates: Rates }[] = []
  for (const algorithm of task.coldAlgorithms) {
    const key = await createKey(algorithm)
    const alone = await openVerifier(key, { store: memoryStore() })
    const telling = await openVerifier(key)
    const through =
      ({ verify }: { readonly verify: Verify }): Check =>
      async (header) => {
        const { kind } = await verify(new BearerView(header))
        return kind === 'allow'
      }
    const checks: Record<string, Check> = {
      crypto: (header) => isSigned(key, header.slice(SCHEME)),
      jose: (header) => isAccepted(key, header.slice(SCHEME)),
      ours: through(alone),
      telling: through(telling),
    }
    all.push({
      algorithm,
      rates: await measureChecks((count) => headersOf(signTokens(key, count)), Object.entries(checks)),
    })
    await alone.close()
    await telling.close()
  }
  return all
}

async function measureProofs(): Promise<MicroFigures['proofs']> {
  const all: { algorithm: Algorithm; rates: Rates }[] = []
  const issuerKey = await createKey('ES256')
  const peer = createPeer(issuerKey)
  for (const algorithm of task.coldAlgorithms) {
    const client = await createProofClient(issuerKey, algorithm)
    const dpop = { windowSeconds: 300 }
    const alone = await openVerifier(issuerKey, { store: memoryStore(), dpop })
    const shared = await openVerifier(issuerKey, { dpop })
    const bytesOf = (count: number): Buffer[] => signProofs(client, count).map((proof) => Buffer.from(proof))
    const checks: Record<string, Check> = {
      jose: (proof) => isProof(client, proof),
      ours: (proof) => isServed(alone.verify, client, proof),
      marking: (proof) => isServed(shared.verify, client, proof),
      peer: (proof) => peer(client, proof),
    }
    all.push({ algorithm, rates: await measureChecks(bytesOf, Object.entries(checks)) })
    await alone.close()
    await shared.close()
  }
  return all
}

/** Each token or proof is used once by each. */
async function measureChecks(
  make: (count: number) => readonly Buffer[],
  checks: readonly [string, Check][],
): Promise<Rates> {
  const rates = new Map<string, number[]>(checks.map(([name]) => [name, []]))
  for (let round = 0; round < UNCOUNTED_ROUNDS + task.coldRounds; round++) {
    const headers = make(task.coldTokens)
    for (let index = 0; index < checks.length; index++) {
      const [name, check] = checks[(index + round) % checks.length] ?? ['', () => false]
      const start = performance.now()
      for (const header of headers)
        if (!(await check(textOf(header)))) throw new Error(`${name} refused a token`)
      if (round >= UNCOUNTED_ROUNDS)
        rates.get(name)?.push((headers.length * 1000) / (performance.now() - start))
    }
  }
  return Object.fromEntries(rates)
}

/** The signature and nothing else. */
function isSigned({ algorithm, publicKey }: BenchKey, token: string): boolean {
  const end = token.lastIndexOf('.')
  const key = { key: publicKey, dsaEncoding: 'ieee-p1363' } as const
  const signature = Buffer.from(token.slice(end + 1), 'base64url')
  return verifySignature(digestOf(algorithm), Buffer.from(token.slice(0, end)), key, signature)
}

async function isAccepted({ algorithm, publicKey }: BenchKey, token: string): Promise<boolean> {
  const { payload } = await jwtVerify(token, publicKey, {
    issuer: ISSUER,
    audience: AUDIENCE,
    algorithms: [algorithm],
    typ: 'at+jwt',
  })
  return payload.sub !== undefined
}

import type { WebCryptoKeyPair } from './key-storage.ts'
import { proofOf } from './proof.ts'
import { epochMs } from './system.ts'
import { membersOf } from './tokens.ts'

/** Sends requests with proofs. It remembers what servers ask for, each for itself. */
export interface Prover {
  /** Sends a request, and once more if the server asks for a nonce or its clock is another one. */
  send(request: Request, by: Holder): Promise<Response>
  /** Why a proof was refused; `undefined`: it was not. */
  refusalIn(answer: Response): Promise<ProofRefusal | undefined>
}

export interface Holder {
  readonly pair: WebCryptoKeyPair
  /** The access token beside the proof; `undefined`: none. */
  readonly token: string | undefined
  readonly send: typeof fetch
}

export type ProofRefusal = 'use_dpop_nonce' | 'invalid_dpop_proof'

/** Servers accept a proof that is so much ahead. */
const TOLERATED_MS = 5000

interface Server {
  nonce: string | undefined
  aheadMs: number
}

export function createProver(): Prover {
  const servers = new Map<string, Server>()

  function serverOf({ url }: Request): Server {
    const { origin } = new URL(url)
    const known = servers.get(origin)
    if (known !== undefined) return known
    const server = { nonce: undefined, aheadMs: 0 }
    servers.set(origin, server)
    return server
  }

  async function attempt(request: Request, { pair, token, send }: Holder, server: Server): Promise<Response> {
    request.headers.set('DPoP', await proofOf(pair, { request, token, ...server }))
    const answer = await send(request)
    server.nonce = answer.headers.get('DPoP-Nonce') ?? server.nonce
    return answer
  }

  return {
    refusalIn,
    async send(request, by) {
      const again = request.clone()
      const server = serverOf(request)
      const answer = await attempt(request, by, server)
      switch (await refusalIn(answer)) {
        case 'use_dpop_nonce':
          return answer.headers.has('DPoP-Nonce') ? attempt(again, by, server) : answer
        case 'invalid_dpop_proof':
          return setClock(server, answer) ? attempt(again, by, server) : answer
        case undefined:
          return answer
      }
    },
  }
}

/** Takes over the server's clock. Gives whether that is another time than before. */
function setClock(server: Server, answer: Response): boolean {
  const aheadMs = Date.parse(answer.headers.get('Date') ?? '') - epochMs()
  if (!(Math.abs(aheadMs - server.aheadMs) > TOLERATED_MS)) return false
  server.aheadMs = aheadMs
  return true
}

async function refusalIn(answer: Response): Promise<ProofRefusal | undefined> {
  if (answer.status !== 400 && answer.status !== 401) return undefined
  const challenge = answer.headers.get('WWW-Authenticate') ?? ''
  const told = /DPoP\b.*\berror="(\w+)"/i.exec(challenge)?.[1] ?? (await membersOf(answer)).error
  return told === 'use_dpop_nonce' || told === 'invalid_dpop_proof' ? told : undefined
}

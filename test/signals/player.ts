import { createSallyport, memoryStore, type Sallyport } from '@sallyport/core'
import { type Answer, gateOf } from '@sallyport/core/adapter'
import { createSignals, type Signal, type TransmitterOptions } from '@sallyport/signals'
import { textIn } from '../support/text-in.ts'
import { turnedClock } from '../support/turned-clock.ts'
import { viewOf } from '../unit/view.ts'
import { ISSUER, jwks, sign } from './transmitter.ts'

/** What an example does to a session of the user whom it is about, which began before everything that it tells. */
export type Does = 'ends it' | 'refuses its tokens' | 'nothing'

export type Claims = Readonly<Record<string, unknown>>

export interface Played {
  readonly status: number
  readonly headers: Answer['headers']
  /** The body, if it is JSON; `undefined` if there is none. */
  readonly body: unknown
  readonly does: Does
  /** Whether a second session goes on, which began a minute before the token was issued. */
  readonly laterGoesOn: boolean
  readonly told: readonly Signal[]
}

export interface Playing {
  /** Default: the claims, signed as they should be. */
  readonly jwt?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly transmitter?: Partial<TransmitterOptions>
}

const SOME_TIME = 1_800_000_000

/** A user signs in some minutes before a token is issued, and once more a minute before; then the token is pushed. */
export async function play(claims: Claims, { jwt, headers, transmitter }: Playing = {}): Promise<Played> {
  const { iss, aud, iat } = claims
  const clock = turnedClock(((typeof iat === 'number' ? iat : SOME_TIME) - 300) * 1000)
  const sallyport = await createSallyport({
    clock,
    store: memoryStore(),
    secret: 'a secret of the tests, of 32 bytes',
  })
  const told: Signal[] = []
  const { receiver } = await createSignals(sallyport, {
    receive: {
      transmitters: [
        {
          issuer: String(iss).startsWith('https:') ? String(iss) : ISSUER,
          ...{ audience: (aud ?? 'us') as string | string[], jwks, ...transmitter },
        },
      ],
      subjectOf: () => 'user',
      onSignal: (signal) => void told.push(signal),
    },
  })
  const first = await signIn(sallyport)
  clock.turn(240_000)
  const later = await signIn(sallyport)
  clock.turn(60_000)
  const answer = (await receiver[0]?.handle(
    viewOf({
      headers: { 'content-type': 'application/secevent+jwt', ...headers },
      body: { kind: 'bytes', bytes: Buffer.from(jwt ?? (await sign(claims))) },
    }),
  )) as Answer
  const alive = (await sallyport.sessions.list('user')).map(({ id }) => id)
  const isValid = (await sallyport.tokens.verify(first.token)).kind === 'valid'
  await sallyport.close()
  const text = textIn(answer.body)
  return {
    ...{ status: answer.status, headers: answer.headers, told },
    body: text === '' ? undefined : JSON.parse(text),
    does: alive.some((id) => id === first.sid) ? (isValid ? 'nothing' : 'refuses its tokens') : 'ends it',
    laterGoesOn: alive.some((id) => id === later.sid),
  }
}

async function signIn(sallyport: Sallyport) {
  const { body } = await gateOf(sallyport).signIn(viewOf({}), { subject: 'user' })
  const { access_token: token } = JSON.parse(textIn(body)) as { access_token: string }
  const verdict = await sallyport.tokens.verify(token)
  return { token, sid: verdict.kind === 'valid' ? String(verdict.auth.session) : '' }
}

import type { TestClock } from '@sallyport/testing'
import type { Target } from '../servers/server.ts'
import type { Exchange, Received, Scene, Sent } from './attack.ts'

/** The browser that both the owner and whoever imitates it have. */
const BROWSER = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'

/** By which an answer says whose scripts may read it. */
const CORS = ['access-control-allow-origin', 'access-control-allow-credentials'] as const

export interface Recorded {
  readonly says: string
  readonly exchange: Exchange
}

/** What an attack may do to one server, and what was recorded of it. */
export function createScene(
  target: Target,
  clock: TestClock,
): Scene & { readonly recorded: readonly Recorded[] } {
  const recorded: Recorded[] = []
  return {
    recorded,
    pass: clock.advance,
    mint: target.mint,
    async send(says, sent) {
      const { method = 'GET', path, body } = sent
      const headers = headersOf(sent)
      const answer = await fetch(target.url + path, {
        ...{ method, redirect: 'manual' },
        headers: { 'user-agent': BROWSER, ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const text = await answer.text()
      const cookies = answer.headers.getSetCookie()
      recorded.push({
        says,
        exchange: {
          request: [
            `${method} ${shortened(path)}`,
            ...Object.entries(headers).map(([name, value]) => `${name}: ${shortened(value)}`),
            ...(body === undefined ? [] : [shortened(JSON.stringify(body))]),
            ...headerOf(sent.bearer),
          ],
          status: answer.status,
          answer: [
            ...CORS.filter((name) => answer.headers.has(name)).map(
              (name) => `${name}: ${answer.headers.get(name)}`,
            ),
            ...cookies.map((cookie) => `set-cookie: ${shortened(cookie)}`),
            ...(text === '' ? [] : [shortened(text.trim())]),
          ],
        },
      })
      return received(answer, text)
    },
  }
}

function headersOf({ bearer, cookie, headers, body }: Sent): Record<string, string> {
  return {
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
    ...(cookie === undefined || cookie === '' ? {} : { cookie }),
    ...headers,
  }
}

function received({ status, headers }: Response, text: string): Received {
  const body = membersOf(text)
  const refresh = headers.getSetCookie().find((one) => /^[^=]*refresh=[^;]/.test(one)) ?? ''
  const [cookie = ''] = refresh.split(';', 1)
  const [origin, credentials] = CORS.map((name) => headers.get(name) ?? '')
  return {
    ...{ status, text, cookie },
    accessToken: body.access_token ?? '',
    bodyToken: body.refresh_token ?? '',
    goesCrossSite: /;\s*SameSite=None/i.test(refresh) && /;\s*Secure/i.test(refresh),
    readableBy: credentials === 'true' && origin !== undefined ? origin : '',
  }
}

function membersOf(text: string): { readonly access_token?: string; readonly refresh_token?: string } {
  try {
    return JSON.parse(text)
  } catch {
    return {}
  }
}

/** What a JWT says of itself, since that is what forgers write. */
function headerOf(token: string | undefined): string[] {
  const [header = '', ...rest] = (token ?? '').split('.')
  if (rest.length !== 2) return []
  return [`(header of the token: ${shortened(Buffer.from(header, 'base64url').toString())})`]
}

/** Nobody reads the middle of a token, and no report should hold a whole one. */
function shortened(text: string): string {
  return text.replace(
    /[\w-]{16,}(?:\.[\w-]*)+|[\w-]{33,}/g,
    (token) => `${token.slice(0, 8)}…${token.slice(-4)}`,
  )
}

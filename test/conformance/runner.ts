import { isDeepStrictEqual } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type HostName, type Hosts, hostNames, startHosts } from '../support/hosts.ts'
import type { Reply, Send, SendBytes } from './client.ts'
import { type Expected, expectReply } from './expectations.ts'
import { type SignedIn, Visitor } from './visitor.ts'

/** One conversation with a host. Every host must have it alike, to the last header. */
export interface Case {
  readonly name: string
  play(visitor: Visitor): Promise<void>
}

/**
 * One request and its reply. In path, headers and body `{token}`, `{refresh}` and `{sid}` stand for what
 * a browser holds that signed in, `{native}` for the refresh token of a native app, `{token2}` and so on
 * for those of another user's browser, and `{host}` for the host itself. Whoever signed in must be
 * untouched afterwards: the token opens, and the refresh token, where it was shown, is taken.
 */
export interface RequestCase {
  readonly name: string
  readonly send: Send | SendBytes
  readonly expect: Expected
}

/** Variables that the hosts are started with; a function where they are known only when the tests run. */
type Env = Readonly<Record<string, string>>

/** Plays every case on every host, checks what it says, and that the host answers as the first one does. */
export function conformance(
  cases: readonly Case[],
  env: Env | (() => Env) = {},
  names: readonly HostName[] = hostNames,
): void {
  let hosts: Hosts
  beforeAll(async () => {
    hosts = await startHosts(typeof env === 'function' ? env() : env, names)
  })
  afterAll(() => hosts?.close())

  for (const [number, { name, play }] of cases.entries())
    describe(name, () => {
      let played: readonly Promise<Played>[] | undefined
      for (const [index, host] of names.entries())
        test(host, async () => {
          played ??= names.map((one) => playCase(play, new Visitor(hosts.named(one), number)))
          const [first, own] = [await played[0], await played[index]]
          if (own?.fault !== undefined) throw own.fault
          if (first?.fault !== undefined || isDeepStrictEqual(own?.transcript, first?.transcript)) return
          expect(own?.transcript).toEqual(first?.transcript)
        })
    })
}

interface Played {
  readonly transcript: readonly Reply[]
  readonly fault: unknown
}

async function playCase(play: Case['play'], visitor: Visitor): Promise<Played> {
  try {
    await play(visitor)
    return { transcript: visitor.transcript, fault: undefined }
  } catch (fault) {
    return { transcript: visitor.transcript, fault }
  }
}

export function requests(cases: readonly RequestCase[]): Case[] {
  const bystanders = new Map<string, SignedIn>()
  return cases.map((one) => ({ name: one.name, play: (visitor) => playRequest(one, visitor, bystanders) }))
}

const BYSTANDER = 'user99999'

/** @param bystanders by host: whose tokens serve for all the cases in which no refresh token is shown */
async function playRequest(
  { send, expect: expected }: RequestCase,
  visitor: Visitor,
  bystanders: Map<string, SignedIn>,
): Promise<void> {
  const needs = (...marks: readonly string[]): boolean => marks.some((mark) => holds(send, mark))
  const { host } = new URL(visitor.host.url)
  const own = needs('{refresh}') ? await visitor.signIn() : undefined
  const bystands = own === undefined && needs('{token}', '{sid}')
  const bystander = bystands ? (bystanders.get(host) ?? (await visitor.signIn(BYSTANDER))) : undefined
  const second = needs('{token2}', '{refresh2}') ? await visitor.signIn(visitor.other) : undefined
  const native = needs('{native}')
    ? await visitor.signIn(visitor.user, { 'x-token-transport': 'body' })
    : undefined
  // Who signed in for an earlier case is no part of this one, and whom a failed case harmed is of no use to the next.
  visitor.transcript.length = 0
  if (bystands) bystanders.delete(host)

  await visitor.expect(filled(send, { host, browser: own ?? bystander, second, native }), expected)
  if (own !== undefined) await visitor.expectAlive(own)
  if (second !== undefined) await visitor.expectAlive(second)
  if (native !== undefined) expectReply(await visitor.exchange(native.refresh), { status: 200 })
  if (bystander === undefined) return
  expectReply(await visitor.me(bystander.token), { status: 200 })
  bystanders.set(host, bystander)
}

interface Fillings {
  readonly host: string
  readonly browser: SignedIn | undefined
  readonly second: SignedIn | undefined
  readonly native: SignedIn | undefined
}

function holds(send: Send | SendBytes, mark: string): boolean {
  return JSON.stringify(send).includes(mark)
}

function filled(send: Send | SendBytes, { host, browser, second, native }: Fillings): Send | SendBytes {
  const values: Readonly<Record<string, string | undefined>> = {
    '{host}': host,
    '{token}': browser?.token,
    '{refresh}': browser?.refresh,
    '{sid}': browser?.sid,
    '{token2}': second?.token,
    '{refresh2}': second?.refresh,
    '{native}': native?.refresh,
  }
  const fill = (text: string): string => text.replace(/\{\w+\}/g, (mark) => values[mark] ?? mark)
  if ('bytes' in send) return { bytes: fill(send.bytes) }
  const headers = Object.entries(send.headers ?? {}).map(([name, value]) => [
    name,
    typeof value === 'string' ? fill(value) : value.map(fill),
  ])
  const body = typeof send.body === 'string' ? { body: fill(send.body) } : {}
  return { ...send, path: fill(send.path), headers: Object.fromEntries(headers), ...body }
}

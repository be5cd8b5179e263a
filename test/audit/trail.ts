import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, utimes } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type FileOptions, toFile, verifyTrail } from '@sallyport/audit'
import type { AuditSink, SallyportEvent } from '@sallyport/core'
import { onTestFinished } from 'vitest'

export const key = randomBytes(32)
/** When the events of tests begin. */
export const start = Date.UTC(2026, 10, 29, 12)
export const HOUR = 3_600_000
export const DAY = 24 * HOUR

/** The path of a trail in a folder of its own, which goes with the test. */
export async function trailPath(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-audit-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return join(folder, 'audit.jsonl')
}

/** An event that happens some time after the start. */
export function eventAt(ms: number, more: Readonly<Record<string, unknown>> = {}): SallyportEvent {
  const time = new Date(start + ms).toISOString()
  const names = { sub: 'alice', sid: 's1', jti: 'j1', client_id: 'web' }
  const base = { time, event: 'session.started', request_id: 'r1', outcome: 'success', ...names }
  return { ...base, ...more } as SallyportEvent
}

export function eventsAt(...times: readonly number[]): SallyportEvent[] {
  return times.map((ms) => eventAt(ms))
}

export function fileSink(path: string, more: Partial<FileOptions> = {}): AuditSink {
  const sink = toFile({ path, key, ...more })
  // Some tests leave a sink as a crash would.
  onTestFinished(() => sink.close?.().catch(() => {}))
  return sink
}

export const verify = (path: string) => verifyTrail({ path, key })

/** The names of a trail's files that end so, sorted. */
export async function filesOf(path: string, ending: string): Promise<string[]> {
  const folder = join(path, '..')
  const names = await readdir(folder)
  return names
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => join(folder, name))
}

/** The lines of the only file that ends so. */
export async function linesOf(path: string, ending = '.jsonl'): Promise<string[]> {
  const files = await filesOf(path, ending)
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')))
  return texts.join('').split('\n').slice(0, -1)
}

/** Makes all files in the folder of a trail look old: no test turns the clock of the disk. */
export async function age(path: string): Promise<void> {
  // Another process may delete it.
  for (const file of await filesOf(path, '')) await utimes(file, 0, 0).catch(() => {})
}

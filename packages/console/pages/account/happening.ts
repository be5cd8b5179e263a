import type { HappeningWords } from '../words/en/happenings.ts'

/** An event, as `GET /activity` has it. */
export interface Happening {
  readonly time: string
  readonly event: string
  readonly outcome: 'success' | 'failure'
  readonly ip: string | null
  readonly device: string | null
  readonly reason: string | null
}

export type HappeningTone = 'plain' | 'good' | 'note' | 'bad'

const TONES: Readonly<Record<string, HappeningTone>> = {
  'session.started': 'good',
  'password.changed': 'good',
  'stepup.granted': 'good',
  'login.failed': 'note',
  'refresh.contested': 'note',
  'session.ended revoked_by_operator': 'note',
  'account.locked': 'bad',
  'refresh.reused': 'bad',
  'refresh.mismatched': 'bad',
  'session.ended refresh.reused': 'bad',
  'session.ended refresh.mismatched': 'bad',
}

export function sentenceOf(happening: Happening, words: HappeningWords): string {
  const sentences: Readonly<Record<string, string>> = words
  return mostSpecific(happening, sentences) ?? words.other
}

export function toneOf(happening: Happening): HappeningTone {
  return mostSpecific(happening, TONES) ?? (happening.outcome === 'failure' ? 'note' : 'plain')
}

/** What is said of the event with its reason, or else of the event. */
function mostSpecific<Value>(
  { event, reason }: Happening,
  table: Readonly<Record<string, Value>>,
): Value | undefined {
  const of = (name: string): Value | undefined => (Object.hasOwn(table, name) ? table[name] : undefined)
  return of(`${event} ${reason}`) ?? of(event)
}

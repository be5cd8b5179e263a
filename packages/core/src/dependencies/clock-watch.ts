/** Compares the clock of this process with that of the store, which all processes share. */
export interface ClockWatch {
  /** Records what the clock of the store showed at some moment between two instants of this one. Milliseconds. */
  observe(at: number, asked: number, answered: number): void
  /** What to add to this clock to get that of the store, in milliseconds. 0 while unknown. */
  offset(): number
  /** Whether the clocks differ by so much that nothing may be signed: other processes would not accept it. */
  isOff(): boolean
}

/** Tokens name the second in which they were issued, and other processes allow for five seconds. */
const TOLD_MS = 5000
/** So that clocks that drift about the bound are not told again and again. */
const AGREES_MS = 4000
const OFF_MS = 30_000
/** An answer that took longer says too little about when the store looked at its clock. */
const MAX_ROUND_TRIP_MS = 1000

export function createClockWatch(notice: (message: string) => void): ClockWatch {
  let offset = 0
  let told: Agreement = 'close'
  return {
    observe(at, asked, answered) {
      // While this clock is set, an answer seems to come before its question, or hours later.
      if (answered < asked || answered - asked > MAX_ROUND_TRIP_MS) return
      offset = at < asked ? at - asked : at > answered ? at - answered : 0
      const agreement = agreementOf(offset)
      const isDoubtful = agreement === 'close' && Math.abs(offset) > AGREES_MS
      if (agreement === told || isDoubtful) return
      told = agreement
      notice(sentenceOf(offset))
    },
    offset: () => offset,
    isOff: () => agreementOf(offset) === 'off',
  }
}

type Agreement = 'close' | 'apart' | 'off'

function agreementOf(offset: number): Agreement {
  const apart = Math.abs(offset)
  return apart > OFF_MS ? 'off' : apart > TOLD_MS ? 'apart' : 'close'
}

function sentenceOf(offset: number): string {
  const agreement = agreementOf(offset)
  if (agreement === 'close') return 'the clock of this machine agrees with that of the store again'
  const seconds = Math.round(Math.abs(offset) / 1000)
  const order = offset > 0 ? 'behind' : 'ahead of'
  const result =
    agreement === 'off'
      ? 'so it signs no tokens until the clocks agree'
      : `and beyond ${OFF_MS / 1000} seconds it signs no tokens`
  return `the clock of this machine is ${seconds} s ${order} that of the store, ${result}: synchronise it, such as by NTP`
}

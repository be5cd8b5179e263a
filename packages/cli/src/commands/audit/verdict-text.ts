import type { ProcessReport, TrailFault, TrailFaultKind, TrailVerdict } from '@sallyport/audit'

const MAX_ROWS = 20

const SENTENCES: Readonly<Record<TrailFaultKind, (record: string, whose: string) => string>> = {
  edited: (record, whose) => `${record} of ${whose} was edited`,
  missing: (record, whose) => `${record} of ${whose} is missing here, or more than one`,
  reordered: (record, whose) => `records of ${whose} have changed places: ${record} should stand here`,
  duplicated: (record, whose) => `${record} of ${whose} is there twice`,
  foreign: () => 'this line is no record of the trail',
  cut: (record, whose) => `the end of ${whose} is missing, from ${record} on`,
  head_missing: (_record, whose) => `the head of ${whose} is missing`,
  head_damaged: (_record, whose) => `the head of ${whose} was edited or damaged`,
  head_restored: (_record, whose) => `the head of ${whose} is an old one that was put back`,
  removal_damaged: (_record, whose) =>
    `the file that tells which records of ${whose} were removed was edited or damaged`,
  wrong_key: () => 'nothing here was written under this key',
}

/** A table of the processes, and the verdict behind it, where it is read first on a terminal. */
export function describeVerdict(verdict: Exclude<TrailVerdict, { readonly kind: 'none' }>): string {
  const { processes, records, unverified, fragments } = verdict
  const torn = fragments === 0 ? '' : ` (and ${count(fragments, 'fragment')} of lines that a fault cut short)`
  const found = `${count(records, 'record')} of ${count(processes.length, 'process')}`
  const said =
    verdict.kind === 'whole'
      ? `The trail is whole: ${found}${torn}.${describeUnverified(unverified)}`
      : `THE TRAIL IS BROKEN: ${describeFault(verdict.fault)}`
  return `${tableOf(processes)}\n${said}\n`
}

function describeUnverified(records: number): string {
  if (records === 0) return ''
  const verb = records === 1 ? 'was' : 'were'
  return `\n${count(records, 'more record')} ${verb} NOT verified: the one before is missing.`
}

function describeFault({ kind, processId, number, file, line }: TrailFault): string {
  const sentence = SENTENCES[kind](
    number === undefined ? 'a record' : `record ${number}`,
    processId === undefined ? 'a process' : `process ${processId}`,
  )
  if (file === undefined) return `${sentence}.`
  return `${sentence}.\n  ${file}${line === undefined ? '' : `, line ${line}`}`
}

function tableOf(processes: readonly ProcessReport[]): string {
  const sorted = processes.toSorted((one, other) => Number(hasFault(other)) - Number(hasFault(one)))
  const rows = sorted.slice(0, MAX_ROWS).map(({ processId, first, last, state, fault }) => ({
    processId,
    records: last < first ? 'none' : `${first} to ${last}`,
    state: fault === undefined ? state : `${state}, ${fault.kind.replaceAll('_', ' ')}`,
  }))
  const lines = [{ processId: 'PROCESS', records: 'RECORDS', state: 'STATE' }, ...rows].map(
    ({ processId, records, state }) => `${processId.padEnd(30)}${records.padEnd(24)}${state}`,
  )
  const more = sorted.length - rows.length
  return `${lines.join('\n')}\n${more > 0 ? `and ${more} more; --json lists all\n` : ''}`
}

const hasFault = ({ fault }: ProcessReport): boolean => fault !== undefined

function count(number: number, noun: string): string {
  const plural = noun.endsWith('s') ? `${noun}es` : `${noun}s`
  return `${number.toLocaleString('en-US')} ${number === 1 ? noun : plural}`
}

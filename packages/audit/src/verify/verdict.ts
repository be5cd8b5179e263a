/** What is wrong with a record, or with what stands beside the trail. */
export type TrailFaultKind =
  /** The record is not as it was written. */
  | 'edited'
  /** The records in front of this one are missing. */
  | 'missing'
  /** The record stands in front of others that were written before it. */
  | 'reordered'
  /** The record was there before. */
  | 'duplicated'
  /** The line is no record of this trail; or, in a stream, the only one of its process, which nothing vouches for. */
  | 'foreign'
  /** The last records of a process are missing. */
  | 'cut'
  /** A process has records, and no head. */
  | 'head_missing'
  /** A head was edited or damaged. */
  | 'head_damaged'
  /** A head is older than one that was kept elsewhere, or than the end that it was sealed at. */
  | 'head_restored'
  /** What says which records were removed because of their age was edited or damaged. */
  | 'removal_damaged'
  /** Nothing in the trail was written under this key. */
  | 'wrong_key'

/** The first thing that is wrong. */
export interface TrailFault {
  readonly kind: TrailFaultKind
  /** The file in which it was found; left out for a head that was kept elsewhere. */
  readonly file?: string
  /** The line in that file, from 1; left out if the fault is in no line. */
  readonly line?: number
  /** The process whose record it is; left out if that can't be told. */
  readonly processId?: string
  /** The record that is edited or misplaced, or the first one that is missing. */
  readonly number?: number
}

/** What was found of one process. */
export interface ProcessReport {
  /** Its name begins with its start, in UTC. */
  readonly processId: string
  /** The number of the first record that has to be there: 1, or that behind those removed because of their age. */
  readonly first: number
  /** The number of the last record; one less than `first` if there is none. */
  readonly last: number
  /** Whether the process has closed its trail; `unknown` without its head. */
  readonly state: 'open' | 'sealed' | 'unknown'
  readonly fault?: TrailFault
}

interface Findings {
  readonly processes: readonly ProcessReport[]
  /** How many records were read that are as they were written. */
  readonly records: number
  /**
   * How many records could not be verified, since the one before each of them is missing: at most one of each process,
   * and only among lines that were saved from a stream. Anybody could have edited them.
   */
  readonly unverified: number
  /** How many fragments were found of lines that a full disk or the end of a process cut short. */
  readonly fragments: number
}

/** What the verification of a trail found. */
export type TrailVerdict =
  | ({ readonly kind: 'whole' } & Findings)
  | ({ readonly kind: 'broken'; readonly fault: TrailFault } & Findings)
  /** There is no trail at this path. */
  | { readonly kind: 'none' }

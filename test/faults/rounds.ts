/** How much of a test is run: the short form with every test run, the long one with FAULTS=long. */
const counts = {
  amnesias: { short: 6, long: 50 },
  sentinelFailovers: { short: 1, long: 5 },
  replicatedFailovers: { short: 1, long: 4 },
  replicatedLogouts: { short: 100, long: 1000 },
  clusterLogouts: { short: 30, long: 300 },
  migratedSlots: { short: 1, long: 4 },
  races: { short: 300, long: 10_000 },
  rotationSeconds: { short: 10, long: 60 },
  killedRotations: { short: 6, long: 50 },
  partitions: { short: 1, long: 5 },
  liveRevocations: { short: 6000, long: 100_000 },
  otherUsers: { short: 2000, long: 100_000 },
  newcomers: { short: 2, long: 10 },
} as const

type Counts = { readonly [Name in keyof typeof counts]: number }

export const isLong: boolean = process.env.FAULTS === 'long'

export const rounds: Counts = Object.fromEntries(
  Object.entries(counts).map(([name, { short, long }]) => [name, isLong ? long : short]),
) as Counts

/** For tests whose long form takes its time. */
export const TEST_TIMEOUT_MS: number = isLong ? 1_200_000 : 60_000

import { join } from 'node:path'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { toFile } from '@sallyport/audit'
import type { SallyportOptions } from '@sallyport/core'
import type { Watched } from '../setup.ts'

const KEY = 'EeJ9M3J0jkBDZrBk3LrNqWb0vXLQmpJ4x7mYb1ndpUo'
/** One use in a hundred. */
const SAMPLED = 0.01

type Watching = Pick<SallyportOptions, 'activity' | 'anomalies' | 'audit' | 'meter'>

/** What follows the events of ours. */
export function watching({ by, subjects, folder }: Watched): Watching {
  const audit = { sink: toFile({ path: join(folder, 'audit.jsonl'), key: KEY }), subjects }
  switch (by) {
    case 'trail':
      return { audit }
    case 'everything':
      return { audit, activity: {}, anomalies: {}, meter: new MeterProvider().getMeter('sallyport') }
    case 'samples':
      return { audit: { ...audit, verifications: SAMPLED } }
  }
}

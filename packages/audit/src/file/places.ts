import type { Position } from '../chain/chain.ts'
import { createLineFile, type LineFile } from './line-file.ts'
import type { TrailNames } from './names.ts'

/** When a process begins its next segment. */
export interface Rotation {
  readonly bytes: number
  readonly ms: number
}

/** Where the lines of one process go. */
export interface Place {
  /** The file for these lines, and how it is called in a message. A new one whenever the last one is complete. */
  fileFor(first: Position, bytes: number): Promise<{ readonly file: LineFile; readonly path: string }>
  /** Waits for the disk, if that has failed before. */
  settle(): Promise<void>
  /** How many files were begun. */
  readonly begun: number
  close(): Promise<void>
}

export function sharedPlace({ path }: TrailNames, sync: boolean): Place {
  const file = createLineFile(path, { isShared: true, sync })
  return {
    begun: 1,
    fileFor: async () => ({ file, path }),
    settle: () => file.settle(),
    close: async () => {
      try {
        await file.settle()
      } finally {
        await file.close()
      }
    },
  }
}

/** Time is that of the events, so that a segment holds what its name and its neighbours promise. */
export function segmentedPlace(names: TrailNames, { bytes, ms }: Rotation, sync: boolean): Place {
  let current: { readonly file: LineFile; readonly path: string; readonly since: number } | undefined
  let begun = 0
  return {
    get begun() {
      return begun
    },
    async fileFor(first, more) {
      const now = Date.parse(first.time)
      if (current !== undefined) {
        const isFull = current.file.size > 0 && current.file.size + more > bytes
        if (!isFull && now - current.since < ms) return current
        await current.file.seal()
      }
      begun += 1
      const path = names.segment(first.processId, begun)
      current = { file: createLineFile(path, { isShared: false, sync }), path, since: now }
      return current
    },
    settle: async () => current?.file.settle(),
    async close() {
      const closed = current
      current = undefined
      await closed?.file.seal()
    },
  }
}

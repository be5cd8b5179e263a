import type { BigIntStats } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { syncDirectoryOf } from './sync-directory.ts'

/** A file to which whole lines are appended. It follows its path: what was moved away is written to no more. */
export interface LineFile {
  /** Bytes of the whole lines that were appended. */
  readonly size: number
  append(lines: readonly Buffer[]): Promise<Appended>
  /** Waits until all that was appended is on the disk, if that is asked for and has failed before. */
  settle(): Promise<void>
  /** Closes the file, and makes it read-only: it is complete. */
  seal(): Promise<void>
  close(): Promise<void>
}

/** How many lines were kept, from the first one on. With a failure, they may be all the same. */
export interface Appended {
  readonly kept: number
  readonly failure?: unknown
}

export interface LineFileOptions {
  /** Whether other processes append to this file too. Then a fragment of ours stays, and ends with a line break. */
  readonly isShared: boolean
  /** Whether to wait until the lines are on the disk. */
  readonly sync: boolean
}

const WRITABLE = 0o640
const READ_ONLY = 0o440
const LINE_BREAK = Buffer.from('\n')
const NOTHING = Buffer.alloc(0)

type Identity = Pick<BigIntStats, 'ino' | 'dev'>

export function createLineFile(path: string, { isShared, sync }: LineFileOptions): LineFile {
  let file: FileHandle | undefined
  let identity: Identity | undefined
  let size = 0
  let isTorn = false
  let isUnsynced = false

  async function opened(): Promise<FileHandle> {
    if (file !== undefined && identity !== undefined && (await isAt(identity, path))) return file
    await settle()
    await close()
    file = await open(path, 'a+', WRITABLE)
    // Nothing, as a rule. But the file may be a copy that was put in the place of ours, with the fragment.
    const found = await file.stat({ bigint: true })
    identity = found
    const there = Number(found.size)
    size = isTorn ? Math.min(size, there) : there
    if (sync) await syncDirectoryOf(path)
    return file
  }

  /** What the system could not bring to the disk once is not there yet, although the lines are kept. */
  async function settle(): Promise<void> {
    if (!sync || !isUnsynced) return
    await file?.datasync()
    isUnsynced = false
  }

  /** Does away with a fragment, if there is one. Gives what has to be written in front of the next line. */
  async function mend(to: FileHandle): Promise<Buffer> {
    if (isShared) return (await endsInFragment(to)) ? LINE_BREAK : NOTHING
    if (isTorn) await to.truncate(size)
    isTorn = false
    return NOTHING
  }

  /** Gives how many of the lines are whole: a disk may become full after any byte, without an error. */
  async function write(to: FileHandle, lines: readonly Buffer[]): Promise<number> {
    const prefix = await mend(to)
    isUnsynced = true
    const { bytesWritten } = await to.write(Buffer.concat([prefix, ...lines]))
    let rest = bytesWritten - prefix.length
    let whole = 0
    for (const { length } of lines) {
      // In a shared file, a line that lacks nothing but its line break gets it from the next write, whosever that is.
      if (rest < length - (isShared ? LINE_BREAK.length : 0)) break
      rest -= length
      size += length
      whole += 1
    }
    isTorn = rest > 0
    // Once the fragment is gone, there would be room for it again, and so for ever.
    if (whole === 0) throw new Error(`no more than ${bytesWritten} bytes were written of a line`)
    return whole
  }

  async function close(): Promise<void> {
    const closed = file
    file = undefined
    await closed?.close()
  }

  return {
    get size() {
      return size
    },
    async append(lines) {
      let kept = 0
      try {
        const to = await opened()
        while (kept < lines.length) kept += await write(to, lines.slice(kept))
        await settle()
        return { kept }
      } catch (failure) {
        return { kept, failure }
      }
    },
    settle,
    async seal() {
      if (file !== undefined) {
        await mend(file)
        await file.datasync()
        isUnsynced = false
        await file.chmod(READ_ONLY)
      }
      await close()
    },
    close,
  }
}

async function isAt({ ino, dev }: Identity, path: string): Promise<boolean> {
  const there = await stat(path, { bigint: true }).catch(() => undefined)
  return there?.ino === ino && there.dev === dev
}

async function endsInFragment(file: FileHandle): Promise<boolean> {
  const { size } = await file.stat()
  if (size === 0) return false
  const { buffer } = await file.read({ buffer: Buffer.alloc(1), position: size - 1 })
  return !buffer.equals(LINE_BREAK)
}

import { randomBytes } from 'node:crypto'
import { open, rename, unlink } from 'node:fs/promises'
import { syncDirectoryOf } from './sync-directory.ts'

/** Replaces a file as a whole: whoever reads it sees the old text or the new one. */
export async function replaceFile(
  path: string,
  text: string,
  { sync }: { readonly sync: boolean },
): Promise<void> {
  // Several processes may replace the same file.
  const temporary = `${path}.${randomBytes(4).toString('hex')}.tmp`
  try {
    const file = await open(temporary, 'wx', 0o640)
    try {
      await file.writeFile(text)
      if (sync) await file.datasync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
    if (sync) await syncDirectoryOf(path)
  } catch (cause) {
    await unlink(temporary).catch(() => {})
    throw cause
  }
}

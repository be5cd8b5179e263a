import { open } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Brings the name of a new file to the disk: without it, a power failure takes the file, whatever was in it. */
export async function syncDirectoryOf(path: string): Promise<void> {
  // Windows opens no directory, and keeps names by itself.
  if (process.platform === 'win32') return
  const directory = await open(dirname(path), 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

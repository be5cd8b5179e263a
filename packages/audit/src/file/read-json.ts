import { readFile } from 'node:fs/promises'
import { unlessGone } from './unless-gone.ts'

/** What a file has, read tolerantly: `undefined` if it is gone or no JSON. */
export async function readJson(path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8').catch(unlessGone)
  try {
    return JSON.parse(text ?? '')
  } catch {
    return undefined
  }
}

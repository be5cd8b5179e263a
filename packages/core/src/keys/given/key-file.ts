import { createPrivateKey, createPublicKey, type JsonWebKey } from 'node:crypto'
import { open } from 'node:fs/promises'
import { ConfigError } from '../../errors.ts'

const MAX_BYTES = 256 * 1024
const FOR_OTHERS = 0o077
const PEM = /-----BEGIN ((?:[A-Z]+ )?PRIVATE KEY|PUBLIC KEY)-----[\s\S]+?-----END \1-----/g

/**
 * Reads keys from a file, for the option `access.keys`: a JWK, a JWK Set, or PEM (PKCS #8, PKCS #1, SEC 1 or public
 * ones, one after the other). What the keys are good for is checked by `createSallyport`.
 *
 * Throws a `ConfigError` for a file that cannot be read or holds no key, is over 256 KiB, or that others than its owner
 * can read (on Windows that is not looked at).
 */
export async function readKeyFile(path: string): Promise<readonly object[]> {
  const text = await readPrivately(path)
  const found = text.includes('-----BEGIN') ? fromPem(text) : fromJson(text)
  if (found === undefined || found.length === 0)
    throw new ConfigError('access.keys', 'from a file with a JWK, a JWK Set or PEM', named(path))
  return found
}

async function readPrivately(path: string): Promise<string> {
  const file = await open(path, 'r').catch(() => undefined)
  if (file === undefined) throw new ConfigError('access.keys', 'from a file that can be read', named(path))
  try {
    const { mode, size } = await file.stat()
    if (process.platform !== 'win32' && (mode & FOR_OTHERS) !== 0)
      throw new ConfigError(
        'access.keys',
        'from a file that its owner alone can read (chmod 600)',
        `${named(path)} with mode ${(mode & 0o777).toString(8)}`,
      )
    if (size > MAX_BYTES) throw new ConfigError('access.keys', 'from a file of at most 256 KiB', named(path))
    return await file.readFile('utf8')
  } finally {
    await file.close()
  }
}

function fromPem(text: string): readonly object[] | undefined {
  try {
    return [...text.matchAll(PEM)].map(([pem, kind]): JsonWebKey => {
      const key = kind === 'PUBLIC KEY' ? createPublicKey(pem) : createPrivateKey(pem)
      return key.export({ format: 'jwk' })
    })
  } catch {
    return undefined
  }
}

function fromJson(text: string): readonly object[] | undefined {
  try {
    const json: unknown = JSON.parse(text)
    const { keys } = Object(json)
    const list: readonly unknown[] = Array.isArray(keys) ? keys : [json]
    return list.every(isObject) ? list : undefined
  } catch {
    return undefined
  }
}

function isObject(given: unknown): given is object {
  return typeof given === 'object' && given !== null && !Array.isArray(given)
}

const named = (path: string): string => JSON.stringify(path)

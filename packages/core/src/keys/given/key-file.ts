import { createPrivateKey, createPublicKey, type JsonWebKey } from 'node:crypto'
import { open } from 'node:fs/promises'
import { ConfigError } from '../../errors.ts'

const MAX_BYTES = 256 * 1024
const FOR_OTHERS = 0o077
const PEM = /-----BEGIN ((?:[A-Z]+ )?PRIVATE KEY|PUBLIC KEY)-----[\s\S]+?-----END \1-----/g

/**
 * Reads keys from a file, for the option `access.keys`. The file holds a JWK, a JWK Set, or one or more keys in PEM
 * (PKCS #8, PKCS #1, SEC 1, or public). Whether the keys may sign and verify is checked later, by `createSallyport`.
 *
 * Throws a `ConfigError` if the file cannot be read, is over 256 KiB, holds no key, or has permissions for anybody but
 * its owner (permissions are not checked on Windows); and a `TypeError` for what is no path.
 */
export async function readKeyFile(path: string): Promise<readonly object[]> {
  if (typeof path !== 'string' || path === '')
    throw new TypeError('readKeyFile: the argument must be the path of a file')
  const text = await readPrivately(path)
  const found = text.includes('-----BEGIN') ? fromPem(text) : fromJson(text)
  if (found === undefined || found.length === 0)
    throw wrongFile(path, 'holds no key that can be read: put a JWK, a JWK Set or PEM in it')
  return found
}

async function readPrivately(path: string): Promise<string> {
  const file = await open(path, 'r').catch(() => undefined)
  if (file === undefined) throw wrongFile(path, 'cannot be opened: check its path and its permissions')
  try {
    const { mode, size } = await file.stat()
    if (process.platform !== 'win32' && (mode & FOR_OTHERS) !== 0) {
      const octal = (mode & 0o777).toString(8)
      throw wrongFile(path, `can be reached by others than its owner (mode ${octal}): run chmod 600 on it`)
    }
    if (size > MAX_BYTES) throw wrongFile(path, 'is over 256 KiB: give a file with nothing but keys')
    return await file.readFile('utf8')
  } finally {
    await file.close()
  }
}

function wrongFile(path: string, fault: string): ConfigError {
  return new ConfigError('access.keys', { sentence: `the key file ${JSON.stringify(path)} ${fault}` })
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

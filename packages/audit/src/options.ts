import { ConfigError, schema } from '@sallyport/core/sink'
import { deriveKeys, type TrailKeys } from './chain/keys.ts'
import { readHead, type TrailHead } from './chain/marks.ts'
import { BESIDE } from './file/names.ts'
import type { FileSettings } from './file/sink.ts'
import type { Format } from './formats/format.ts'
import { type FormatName, formats } from './formats/index.ts'

/** 32 random bytes: as the output of `openssl rand -base64 32` (base64url is fine too), or as they are. */
export type TrailKey = string | Uint8Array

/** What `toFile` takes. */
export interface FileOptions {
  /** Path of the trail, such as `/var/log/app/audit.jsonl`; not one in `.head`, `.removed` or `.tmp`. Its directory must exist. */
  readonly path: string
  /** The key of the chain: 32 random bytes. Keep it apart from the trail: whoever has it can forge records. */
  readonly key: TrailKey | undefined
  /** How events are written. Default `json`: the event as it is. */
  readonly format?: FormatName | undefined
  /**
   * When a process begins a new segment. `false`: all processes append to `path` itself, for ever, unless logrotate moves
   * it away. Default: by size and age.
   */
  readonly rotate?: RotateOptions | false | undefined
  /**
   * How long records are kept, in days, counted from the last event of their segment. Whole segments are deleted, of all
   * processes with this path. Default 365; 1 to 3650. Not with `rotate: false`.
   */
  readonly retentionDays?: number | undefined
  /** Whether to wait for the disk after each batch (`fdatasync`). Default `false`: a power failure may lose seconds. */
  readonly sync?: boolean | undefined
}

/** When a segment is complete: whichever comes first. */
export interface RotateOptions {
  /** Size in megabytes (1,048,576 bytes). Default 64, which is some 150,000 events; 1 to 4096. */
  readonly megabytes?: number | undefined
  /** Age in hours, by the times of the events. Default 24; 1 to 744. */
  readonly hours?: number | undefined
}

/** What `toStream` takes. */
export interface StreamOptions {
  /** The key of the chain: 32 random bytes. Default: none, and no chain. */
  readonly key?: TrailKey | undefined
  /** How events are written. Default `json`: the event as it is. */
  readonly format?: FormatName | undefined
}

export interface StreamSettings {
  readonly keys: TrailKeys | undefined
  readonly format: Format
}

/** What `toRedisStream` takes. */
export interface RedisStreamOptions {
  /** The key of the chain: 32 random bytes. Keep it out of Redis: whoever has it can forge records. */
  readonly key: TrailKey | undefined
  /** The key of the stream in Redis. Default `sallyport:audit`; 1 to 255 characters. */
  readonly stream?: string | undefined
  /** How long entries are kept at least, in days. Default 365; 1 to 3650. */
  readonly retentionDays?: number | undefined
  /** How many entries are kept at most, roughly, the newest ones. Default: any number; 1000 to 1,000,000,000. */
  readonly maxEvents?: number | undefined
  /** How events are written. Default `json`: the event as it is. */
  readonly format?: FormatName | undefined
}

export interface RedisStreamSettings {
  readonly keys: TrailKeys
  readonly format: Format
  readonly stream: string
  readonly retentionMs: number
  /** 0: any number. */
  readonly maxEvents: number
}

/** What `verifyTrail` takes. */
export interface VerifyTrailOptions {
  /** The `path` that `toFile` was given. */
  readonly path: string
  /** The `key` that the sink was given. */
  readonly key: TrailKey | undefined
  /** Heads that were kept elsewhere, from `readHeads`. Records that they tell of must be there still. */
  readonly heads?: readonly TrailHead[] | undefined
  /**
   * Whether the lines were saved from a stream, which has no heads. Then the beginning and the end of each process may be
   * missing. Where the beginning is, its first record can't be verified, and is counted apart. Default `false`.
   */
  readonly stream?: boolean | undefined
}

export interface VerifySettings {
  readonly path: string
  readonly keys: TrailKeys
  readonly heads: readonly TrailHead[]
  readonly isStream: boolean
}

const { boolean, callable, custom, group, oneOf, optional, parse, string, wholeNumber } = schema

const KEY_BYTES = 32
const MEGABYTE = 1_048_576
const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000
const DEFAULT_DAYS = 365

const filePath = custom<string>(
  isFilePath,
  `the path of a file, such as "/var/log/app/audit.jsonl", that does not end in ${BESIDE.join(', ')}`,
)
const trailKey: schema.Schema<TrailKey> = custom<TrailKey>(
  (given) =>
    typeof given === 'string'
      ? /^[A-Za-z0-9+/_-]{43}=?$/.test(given)
      : given instanceof Uint8Array && given.length === KEY_BYTES,
  '32 random bytes: the output of "openssl rand -base64 32", or a Uint8Array',
)
const formatName: schema.Schema<FormatName> = oneOf(...(Object.keys(formats) as FormatName[]))

const retentionDays = wholeNumber(1, 3650)
const rotation = group({
  megabytes: optional(wholeNumber(1, 4096), 64),
  hours: optional(wholeNumber(1, 744), 24),
})
const file = group({
  path: filePath,
  key: trailKey,
  format: optional(formatName, 'json'),
  rotate: optional(
    custom<RotateOptions | false>(isRotate, '`false`, or an object with megabytes, hours'),
    {},
  ),
  retentionDays: optional(retentionDays),
  sync: optional(boolean, false),
})
const stream = group({ key: optional(trailKey), format: optional(formatName, 'json') })
const writable = callable<object>('a writable stream, such as process.stdout', 'write', 'on', 'off')
const redisStream = group({
  key: trailKey,
  stream: optional(string(/^[^\0]{1,255}$/, 'a string of 1 to 255 characters'), 'sallyport:audit'),
  retentionDays: optional(retentionDays, DEFAULT_DAYS),
  maxEvents: optional(wholeNumber(1000, 1_000_000_000)),
  format: optional(formatName, 'json'),
})
const redis = callable<object>('a client of ioredis', 'eval')
const verification = group({
  path: filePath,
  key: trailKey,
  heads: optional(custom<readonly TrailHead[]>(areHeads, 'the heads that readHeads() gave'), []),
  stream: optional(boolean, false),
})

function isFilePath(given: unknown): boolean {
  if (typeof given !== 'string' || given === '' || given.includes('\0') || /[/\\]$/.test(given)) return false
  return !BESIDE.some((ending) => given.endsWith(ending))
}

function isRotate(given: unknown): boolean {
  return given === false || (typeof given === 'object' && given !== null && !Array.isArray(given))
}

function areHeads(given: unknown): boolean {
  return Array.isArray(given) && given.every((head) => readHead(head) !== undefined)
}

/** Options of a sink are named by its factory. The key may be given in place of the options by mistake. */
function modeOf(path: string): schema.ParseMode {
  return { path, mayShow: (option) => option !== path && option !== `${path}.key` }
}

function keysOf(key: TrailKey): TrailKeys {
  return deriveKeys(typeof key === 'string' ? Buffer.from(key, 'base64') : key)
}

/** Throws a `ConfigError` that names the wrong option. */
export function parseFileOptions(given: FileOptions): FileSettings {
  const { path, key, format: name, rotate, retentionDays, sync } = parse(file, given, modeOf('toFile'))
  const { megabytes, hours } = parse(rotation, rotate === false ? {} : rotate, modeOf('toFile.rotate'))
  if (rotate === false && retentionDays !== undefined)
    throw new ConfigError('toFile.retentionDays', {
      sentence: '"toFile.retentionDays" deletes whole segments: leave out "toFile.rotate: false"',
    })
  return {
    path,
    keys: keysOf(key),
    format: formats[name],
    rotation: rotate === false ? undefined : { bytes: megabytes * MEGABYTE, ms: hours * HOUR_MS },
    retentionMs: rotate === false ? undefined : (retentionDays ?? DEFAULT_DAYS) * DAY_MS,
    sync,
  }
}

/** Throws a `ConfigError` that names the wrong option. */
export function parseStreamOptions(to: unknown, given: StreamOptions): StreamSettings {
  parse(writable, to, { path: 'toStream.stream' })
  const { key, format } = parse(stream, given, modeOf('toStream'))
  return { keys: key === undefined ? undefined : keysOf(key), format: formats[format] }
}

/** Throws a `ConfigError` that names the wrong option. */
export function parseRedisStreamOptions(client: unknown, given: RedisStreamOptions): RedisStreamSettings {
  parse(redis, client, { path: 'toRedisStream.client' })
  const {
    key,
    stream,
    retentionDays: days,
    maxEvents = 0,
    format,
  } = parse(redisStream, given, modeOf('toRedisStream'))
  return { keys: keysOf(key), format: formats[format], stream, retentionMs: days * DAY_MS, maxEvents }
}

/** Throws a `ConfigError` that names the wrong option. */
export function parseVerifyOptions(given: VerifyTrailOptions): VerifySettings {
  const { path, key, heads, stream: isStream } = parse(verification, given, modeOf('verifyTrail'))
  return { path, keys: keysOf(key), heads, isStream }
}

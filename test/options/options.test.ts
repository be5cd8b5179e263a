import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { createSallyport, memoryStore, type SallyportOptions } from '@sallyport/core'
import { describe, expect, test } from 'vitest'
import { configFault } from '../support/config-fault.ts'
import { expectRefusal, type WrongOption } from '../support/wrong-option.ts'

const url = 'an https URL without query and fragment (http on loopback)'
const name = 'a cookie name that begins with "__Host-"'
const origin = 'an origin such as "https://app.example.com"'
const ascii = '1 to 255 printable ASCII characters'
const policies = 'one of "off", "observe", "step_up", "enforce"'
const days = 'a whole number from 1 to 2592000'
const audiences = 'a string of 1 to 255 characters without white space, or an array of them'
const secret =
  'a secret of at least 32 random bytes, such as the output of "openssl rand -base64 32", or an array of secrets'
const known =
  'issuer, audience, secret, store, production, clock, random, accessToken, access, apiKeys, dpop, mtls, deviceBoundSessions, refresh, limits, ' +
  'clients, oauth, revocation, allowList, binding, lockout, outbox, backchannelLogout, activity, audit, meter, tracer, anomalies, claims, issuers, policies, cookie, origins, refusals, paths, logout'
const good = 'abcdefghijklmnopqrstuvwxyz012345'

const complete = {
  issuer: 'https://auth.example.com',
  audience: 'https://api.example.com',
  secret: 'q3Rk0VYzJm7uXw5bN1sLh9tGd2fCe8oPa4iKx6rTyZE',
  store: memoryStore(),
}

const sink = { name: 'test', async write() {} }

const issuer = (given: unknown) => ({ issuer: given })
const audience = (given: unknown) => ({ audience: given })
const access = (given: object) => ({ access: given })
const refresh = (given: object) => ({ refresh: given })
const limits = (given: object) => ({ limits: given })
const origins = (given: object) => ({ origins: given })
const cookie = (given: string) => ({ cookie: { name: given } })
const P256 = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey
const P384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey
const RSA_1024 = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey
const signedBy = (publicKey: KeyObject, alg: string) =>
  access({ signers: [{ kid: 'a', alg, publicKey, sign: async () => new Uint8Array(64) }] })

// biome-ignore format: one row, one line
const wrong: readonly WrongOption[] = [
  { name: 'no object', options: 'x', option: 'options', allowed: 'an object', given: '"x"' },
  { name: 'null', options: null, option: 'options', allowed: 'an object', given: 'null' },
  { name: 'an array', options: [], option: 'options', allowed: 'an object', given: 'an empty array' },
  { name: 'misspelled', options: { isuer: 'https://a' }, option: 'isuer', says: 'unknown option "isuer" (did you mean "issuer"?)' },

  { name: 'in other letters', options: { Audience: 'a' }, option: 'Audience', says: 'unknown option "Audience" (did you mean "audience"?)' },
  { name: 'like no other', options: { redis: {} }, option: 'redis', says: `unknown option "redis"; there are ${known}` },
  { name: 'misspelled in a group', options: refresh({ graceSecond: 5 }), option: 'refresh.graceSecond', says: 'unknown option "refresh.graceSecond" (did you mean "refresh.graceSeconds"?)' },
  { name: 'misspelled in a group in a group', options: limits({ refreshes: { count: 5, windowSecs: 5 } }), option: 'limits.refreshes.windowSecs', says: 'unknown option "limits.refreshes.windowSecs" (did you mean "limits.refreshes.windowSeconds"?)' },
  { name: 'a number in its place', options: { 0: 'x' }, option: '0', says: `unknown option "0"; there are ${known}` },

  { name: 'no URL', options: issuer('auth.example.com'), option: 'issuer', allowed: url, given: '"auth.example.com"' },
  { name: 'empty', options: issuer(''), option: 'issuer', allowed: url, given: '""' },
  { name: 'http', options: issuer('http://a.example'), option: 'issuer', allowed: url, given: '"http://a.example"' },
  { name: 'a query', options: issuer('https://a/?x'), option: 'issuer', allowed: url, given: '"https://a/?x"' },
  { name: 'an empty fragment', options: issuer('https://a/#'), option: 'issuer', allowed: url, given: '"https://a/#"' },
  { name: 'white space before it', options: issuer(' https://a'), option: 'issuer', allowed: url, given: '" https://a"' },
  { name: 'a number', options: issuer(5), option: 'issuer', allowed: 'an https URL', given: '5' },
  { name: 'null', options: issuer(null), option: 'issuer', allowed: 'an https URL', given: 'null' },
  { name: 'control characters are escaped', options: issuer('x\n\u001b['), option: 'issuer', allowed: url, given: '"x\\n\\u001b["' },
  { name: 'shown in part when long', options: issuer('x'.repeat(99)), option: 'issuer', allowed: url, given: `"${'x'.repeat(64)}"` },

  { name: 'empty', options: audience(''), option: 'audience', allowed: audiences, given: '""' },
  { name: 'white space', options: audience('a b'), option: 'audience', allowed: audiences, given: '"a b"' },
  { name: 'too long', options: audience('x'.repeat(256)), option: 'audience', allowed: audiences, given: `"${'x'.repeat(64)}"` },
  { name: 'an empty array', options: audience([]), option: 'audience', allowed: audiences, given: 'an empty array' },
  { name: 'an array with an empty string', options: audience(['a', '']), option: 'audience.1', allowed: audiences, given: '""' },
  { name: 'twice', options: audience(['a', 'b', 'a']), option: 'audience.2', allowed: 'different from the others', given: '"a"' },

  { name: 'too short', options: { secret: good.slice(1) }, option: 'secret', allowed: secret },
  { name: 'too few different bytes', options: { secret: 'abcdefg'.repeat(9) }, option: 'secret', allowed: secret },
  { name: '31 bytes', options: { secret: new Uint8Array(31).map((_, at) => at) }, option: 'secret', allowed: secret },
  { name: 'zeros', options: { secret: new Uint8Array(64) }, option: 'secret', allowed: secret },
  { name: 'an empty array', options: { secret: [] }, option: 'secret', allowed: secret },
  { name: 'an array with a short one', options: { secret: [good, 'short'] }, option: 'secret.1', allowed: secret },
  { name: 'twice, as a string and as bytes', options: { secret: [good, new TextEncoder().encode(good)] }, option: 'secret.1', allowed: 'different from the others' },
  { name: 'a number', options: { secret: 5 }, option: 'secret', allowed: secret },
  { name: 'null, as unset variables become', options: { secret: null }, option: 'secret', allowed: secret },

  { name: 'what can not be opened', options: { store: {} }, option: 'store', allowed: 'a store such as memoryStore() or redisStore()', given: 'an object' },
  { name: 'null', options: { store: null }, option: 'store', allowed: 'a store', given: 'null' },
  { name: 'one that was not awaited', options: { store: Promise.resolve() }, option: 'store', allowed: 'a store', given: 'a promise, which lacks an "await"' },
  { name: 'a function that makes one', options: { store: memoryStore }, option: 'store', allowed: 'a store', given: 'a function' },

  { name: 'an array', options: access([]), option: 'access', allowed: 'an object with ttlSeconds, algorithm, rotationSeconds, keys, signers, compromised, cache', given: 'an empty array' },
  { name: 'misspelled', options: access({ ttl: 5 }), option: 'access.ttl', says: 'unknown option "access.ttl" (did you mean "access.ttlSeconds"?)' },
  { name: 'a string', options: access({ ttlSeconds: '900' }), option: 'access.ttlSeconds', allowed: 'a whole number from 1 to 1800', given: '"900"' },
  { name: 'zero', options: access({ ttlSeconds: 0 }), option: 'access.ttlSeconds', allowed: 'from 1 to 1800', given: '0' },
  { name: 'over the limit', options: access({ ttlSeconds: 1801 }), option: 'access.ttlSeconds', allowed: 'from 1 to 1800', given: '1801' },
  { name: 'a fraction', options: access({ ttlSeconds: 1.5 }), option: 'access.ttlSeconds', allowed: 'a whole number', given: '1.5' },
  { name: 'no number', options: access({ ttlSeconds: Number.NaN }), option: 'access.ttlSeconds', allowed: 'a whole number', given: 'NaN' },
  { name: 'endless', options: access({ ttlSeconds: Infinity }), option: 'access.ttlSeconds', allowed: 'a whole number', given: 'Infinity' },
  { name: 'a bigint', options: access({ ttlSeconds: 5n }), option: 'access.ttlSeconds', allowed: 'a whole number', given: 'a bigint' },
  { name: 'symmetric', options: access({ algorithm: 'HS256' }), option: 'access.algorithm', allowed: 'one of "EdDSA", "ES256", "RS256", "PS256"', given: '"HS256"' },
  { name: 'in other letters', options: access({ algorithm: 'eddsa' }), option: 'access.algorithm', allowed: 'one of "EdDSA"', given: '"eddsa"' },
  { name: 'a string', options: access({ compromised: 'key-1' }), option: 'access.compromised', allowed: 'an array of key ids', given: '"key-1"' },
  { name: 'an array with an empty string', options: access({ compromised: ['key-1', ''] }), option: 'access.compromised.1', allowed: '1 to 128 printable ASCII characters', given: '""' },
  { name: 'misspelled', options: access({ compromized: [] }), option: 'access.compromized', says: 'unknown option "access.compromized" (did you mean "access.compromised"?)' },
  { name: 'a number', options: access({ cache: 5 }), option: 'access.cache', allowed: 'an object with entries, bytes', given: '5' },
  { name: 'misspelled', options: access({ cache: { size: 5 } }), option: 'access.cache.size', says: 'unknown option "access.cache.size"; there are entries, bytes' },
  { name: 'none at all', options: access({ cache: { entries: 0 } }), option: 'access.cache.entries', allowed: 'from 1 to 10000000', given: '0' },
  { name: 'too few bytes', options: access({ cache: { bytes: 65_535 } }), option: 'access.cache.bytes', allowed: 'from 65536 to', given: '65535' },

  { name: 'zero', options: refresh({ idleSeconds: 0 }), option: 'refresh.idleSeconds', allowed: days, given: '0' },
  { name: 'over the limit', options: refresh({ idleSeconds: 2_592_001 }), option: 'refresh.idleSeconds', allowed: days, given: '2592001' },
  { name: 'zero', options: refresh({ absoluteSeconds: 0 }), option: 'refresh.absoluteSeconds', allowed: days, given: '0' },
  { name: 'over the limit', options: refresh({ absoluteSeconds: 2_592_001 }), option: 'refresh.absoluteSeconds', allowed: days, given: '2592001' },
  { name: 'negative', options: refresh({ graceSeconds: -1 }), option: 'refresh.graceSeconds', allowed: 'a whole number from 0 to 60', given: '-1' },
  { name: 'over the limit', options: refresh({ graceSeconds: 61 }), option: 'refresh.graceSeconds', allowed: 'from 0 to 60', given: '61' },
  { name: 'null', options: refresh({ graceSeconds: null }), option: 'refresh.graceSeconds', allowed: 'from 0 to 60', given: 'null' },

  { name: 'a string', options: { revocation: 'strict' }, option: 'revocation', allowed: 'an object with mode, maxStalenessSeconds', given: '"strict"' },
  { name: 'an empty array', options: { revocation: [] }, option: 'revocation', allowed: 'an object with mode', given: 'an empty array' },
  { name: 'a word of its own', options: { revocation: { mode: 'eventual' } }, option: 'revocation.mode', allowed: 'one of "replicated", "strict"', given: '"eventual"' },
  { name: 'negative', options: { revocation: { maxStalenessSeconds: -1 } }, option: 'revocation.maxStalenessSeconds', allowed: 'from 0 to 300', given: '-1' },
  { name: 'over the limit', options: { revocation: { maxStalenessSeconds: 301 } }, option: 'revocation.maxStalenessSeconds', allowed: 'from 0 to 300', given: '301' },
  { name: 'a word', options: { allowList: 'on' }, option: 'allowList', allowed: 'true, false, or an object with more options', given: '"on"' },
  { name: 'zero', options: { allowList: { recheckSeconds: 0 } }, option: 'allowList.recheckSeconds', allowed: 'a whole number from 1 to 3600', given: '0' },
  { name: 'over the limit', options: { allowList: { recheckSeconds: 3601 } }, option: 'allowList.recheckSeconds', allowed: 'from 1 to 3600', given: '3601' },

  { name: 'a preset not known', options: { binding: 'on' }, option: 'binding', allowed: '"off", "balanced", "strict", or an object with what differs from one of them', given: '"on"' },
  { name: 'a boolean', options: { binding: false }, option: 'binding', allowed: '"off", "balanced", "strict", or an object', given: 'false' },
  { name: 'an array', options: { binding: ['strict'] }, option: 'binding', allowed: 'an object with preset, family', given: 'an array' },
  { name: 'a component not known', options: { binding: { ip: 'enforce' } }, option: 'binding.ip', says: 'unknown option "binding.ip"; there are preset, family, system, deviceClass, version, network, screen, timezone, languages, changes' },
  { name: 'a preset not known', options: { binding: { preset: 'lax' } }, option: 'binding.preset', allowed: 'one of "off", "balanced", "strict"', given: '"lax"' },
  { name: 'a policy for a signal', options: { binding: { screen: 'strict' } }, option: 'binding.screen', allowed: policies, given: '"strict"' },
  { name: 'more changes than there can be', options: { binding: { changes: { end: 5 } } }, option: 'binding.changes.end', allowed: 'a whole number from 0 to 4', given: '5' },
  { name: 'half a change', options: { binding: { changes: { stepUp: 0.5 } } }, option: 'binding.changes.stepUp', allowed: 'a whole number from 0 to 4', given: '0.5' },
  { name: 'a number of changes', options: { binding: { changes: 2 } }, option: 'binding.changes', allowed: 'an object with stepUp, end', given: '2' },
  { name: 'a word of its own', options: { binding: { family: 'on' } }, option: 'binding.family', allowed: policies, given: '"on"' },
  { name: 'a boolean', options: { binding: { version: true } }, option: 'binding.version', allowed: policies, given: 'true' },

  { name: 'true', options: { dpop: true }, option: 'dpop', allowed: '"off", "accepted", "required", or an object with more options', given: 'true' },
  { name: 'another word', options: { dpop: 'on' }, option: 'dpop', allowed: '"off", "accepted", "required", or an object with more options', given: '"on"' },
  { name: 'null', options: { dpop: null }, option: 'dpop', allowed: 'an object with mode, nonce, windowSeconds, origins', given: 'null' },
  { name: 'another mode', options: { dpop: { mode: 'on' } }, option: 'dpop.mode', allowed: 'one of "off", "accepted", "required"', given: '"on"' },
  { name: 'misspelled', options: { dpop: { nonces: true } }, option: 'dpop.nonces', says: 'unknown option "dpop.nonces" (did you mean "dpop.nonce"?)' },
  { name: 'on', options: { dpop: { nonce: 'on' } }, option: 'dpop.nonce', allowed: 'true or false', given: '"on"' },
  { name: 'zero', options: { dpop: { windowSeconds: 0 } }, option: 'dpop.windowSeconds', allowed: 'a whole number from 1 to 300', given: '0' },
  { name: 'over the limit', options: { dpop: { windowSeconds: 301 } }, option: 'dpop.windowSeconds', allowed: 'a whole number from 1 to 300', given: '301' },
  { name: 'none', options: { dpop: { origins: [] } }, option: 'dpop.origins', allowed: 'an array of web origins', given: 'an empty array' },
  { name: 'with a path', options: { dpop: { origins: ['https://a.example/'] } }, option: 'dpop.origins.0', allowed: 'an origin such as "https://api.example.com"', given: '"https://a.example/"' },
  { name: 'without a scheme', options: { dpop: { origins: ['a.example'] } }, option: 'dpop.origins.0', allowed: 'an origin such as', given: '"a.example"' },

  { name: 'a kind alone', options: { logout: { clearSiteData: 'cache' } }, option: 'logout.clearSiteData', allowed: 'true, false, or an array of kinds of data', given: '"cache"' },
  { name: 'no kind', options: { logout: { clearSiteData: [] } }, option: 'logout.clearSiteData', allowed: 'an array of kinds of data', given: 'an empty array' },
  { name: 'a kind not known', options: { logout: { clearSiteData: ['cache', 'cookie'] } }, option: 'logout.clearSiteData.1', allowed: 'one of "cache", "cookies", "storage"', given: '"cookie"' },
  { name: 'a kind twice', options: { logout: { clearSiteData: ['cache', 'cache'] } }, option: 'logout.clearSiteData.1', allowed: 'different from the others', given: '"cache"' },
  { name: 'misspelled', options: { logout: { clearSiteDate: true } }, option: 'logout.clearSiteDate', says: 'unknown option "logout.clearSiteDate" (did you mean "logout.clearSiteData"?)' },
  { name: 'a mode', options: { deviceBoundSessions: 'accepted' }, option: 'deviceBoundSessions', allowed: 'true, false, or an object with more options', given: '"accepted"' },
  { name: 'too few seconds', options: { deviceBoundSessions: { cookieSeconds: 59 } }, option: 'deviceBoundSessions.cookieSeconds', allowed: 'a whole number from 60 to 3600', given: '59' },
  { name: 'too many seconds', options: { deviceBoundSessions: { cookieSeconds: 3601 } }, option: 'deviceBoundSessions.cookieSeconds', allowed: 'a whole number from 60 to 3600', given: '3601' },
  { name: 'a URL', options: { deviceBoundSessions: { paths: ['https://a.test/b'] } }, option: 'deviceBoundSessions.paths.0', allowed: 'a path such as "/downloads"', given: '"https://a.test/b"' },
  { name: 'a path twice', options: { deviceBoundSessions: { paths: ['/a', '/a'] } }, option: 'deviceBoundSessions.paths.1', allowed: 'different from the others', given: '"/a"' },
  { name: 'true', options: { mtls: true }, option: 'mtls', allowed: '"off", "accepted", "required", or an object with more options', given: 'true' },
  { name: 'another mode', options: { mtls: { mode: 'on' } }, option: 'mtls.mode', allowed: 'one of "off", "accepted", "required"', given: '"on"' },
  { name: 'a string', options: { mtls: { proxies: '10.0.0.0/8' } }, option: 'mtls.proxies', allowed: 'an array of addresses and subnets', given: '"10.0.0.0/8"' },

  { name: 'true', options: { outbox: true }, option: 'outbox', allowed: 'an object with giveUpAfterSeconds', given: 'true' },
  { name: 'true', options: { backchannelLogout: true }, option: 'backchannelLogout', allowed: 'an object with clients, issuers', given: 'true' },
  { name: 'unnamed', options: { backchannelLogout: { clients: [{ uri: 'https://a.example' }] } }, option: 'backchannelLogout.clients.0.clientId', says: '"backchannelLogout.clients.0.clientId" is required: give 1 to 255 printable ASCII characters' },
  { name: 'plain http', options: { backchannelLogout: { clients: [{ clientId: 'a', uri: 'http://a.example' }] } }, option: 'backchannelLogout.clients.0.uri', allowed: 'an https URL (http on loopback)', given: '"http://a.example"' },
  { name: 'a file', options: { backchannelLogout: { clients: [{ clientId: 'a', uri: 'file:///etc/passwd' }] } }, option: 'backchannelLogout.clients.0.uri', allowed: 'an https URL (http on loopback)', given: '"file:///etc/passwd"' },
  { name: 'hasty', options: { backchannelLogout: { clients: [{ clientId: 'a', uri: 'https://a.example', timeoutMs: 99 }] } }, option: 'backchannelLogout.clients.0.timeoutMs', allowed: 'from 100 to 30000', given: '99' },
  { name: 'one id twice', options: { backchannelLogout: { clients: [{ clientId: 'a', uri: 'https://a.example' }, { clientId: 'a', uri: 'https://b.example' }] } }, option: 'backchannelLogout.clients.1.clientId', allowed: 'different from the others', given: '"a"' },
  { name: 'no object', options: { backchannelLogout: { issuers: ['https://a.example'] } }, option: 'backchannelLogout.issuers.0', allowed: 'an object with issuer', given: '"https://a.example"' },
  { name: 'without an audience', options: { backchannelLogout: { issuers: [{ issuer: 'https://a.example', discovery: true, sessions: 'same' }] } }, option: 'backchannelLogout.issuers.0.audience', says: `"backchannelLogout.issuers.0.audience" is required: give ${audiences}` },
  { name: 'other names', options: { backchannelLogout: { issuers: [{ issuer: 'https://a.example', audience: 'b', discovery: true, sessions: 'other' }] } }, option: 'backchannelLogout.issuers.0.sessions', allowed: '"same" or a function', given: '"other"' },
  { name: 'one issuer twice', options: { backchannelLogout: { issuers: [{ issuer: 'https://a.example', audience: 'b', discovery: true, sessions: 'same' }, { issuer: 'https://a.example', audience: 'c', discovery: true, sessions: 'same' }] } }, option: 'backchannelLogout.issuers.1.issuer', allowed: 'different from the others', given: '"https://a.example"' },
  { name: 'impatient', options: { outbox: { giveUpAfterSeconds: 599 } }, option: 'outbox.giveUpAfterSeconds', allowed: 'from 600 to 604800', given: '599' },
  { name: 'a number', options: { lockout: 5 }, option: 'lockout', allowed: 'an object with attempts, windowSeconds, durationSeconds, networkAttempts, canonical, onLocked', given: '5' },
  { name: 'misspelled', options: { lockout: { attempt: 5 } }, option: 'lockout.attempt', says: 'unknown option "lockout.attempt" (did you mean "lockout.attempts"?)' },
  { name: 'negative', options: { lockout: { attempts: -1 } }, option: 'lockout.attempts', allowed: 'from 0 to 1000000', given: '-1' },
  { name: 'over the limit', options: { lockout: { attempts: 1_000_001 } }, option: 'lockout.attempts', allowed: 'from 0 to 1000000', given: '1000001' },
  { name: 'zero', options: { lockout: { windowSeconds: 0 } }, option: 'lockout.windowSeconds', allowed: 'from 1 to 86400', given: '0' },
  { name: 'over a day', options: { lockout: { durationSeconds: 86_401 } }, option: 'lockout.durationSeconds', allowed: 'from 1 to 86400', given: '86401' },
  { name: 'a half', options: { lockout: { networkAttempts: 0.5 } }, option: 'lockout.networkAttempts', allowed: 'a whole number from 0 to 1000000', given: '0.5' },
  { name: 'a string', options: { lockout: { canonical: 'lower' } }, option: 'lockout.canonical', allowed: 'a function', given: '"lower"' },
  { name: 'true', options: { lockout: { onLocked: true } }, option: 'lockout.onLocked', allowed: 'a function', given: 'true' },

  { name: 'true', options: { tracer: true }, option: 'tracer', allowed: 'a tracer of the OpenTelemetry API', given: 'true' },
  { name: 'true', options: { meter: true }, option: 'meter', allowed: 'a meter of the OpenTelemetry API', given: 'true' },
  { name: 'half of one', options: { meter: { createObservableGauge: () => ({}) } }, option: 'meter', allowed: 'a meter of the OpenTelemetry API', given: 'an object' },
  { name: 'true', options: { apiKeys: true }, option: 'apiKeys', allowed: 'an object with perUser', given: 'true' },
  { name: 'no key', options: { apiKeys: { perUser: 0 } }, option: 'apiKeys.perUser', allowed: 'from 1 to 200', given: '0' },
  { name: 'too many keys', options: { apiKeys: { perUser: 201 } }, option: 'apiKeys.perUser', allowed: 'from 1 to 200', given: '201' },
  { name: 'true', options: { activity: true }, option: 'activity', allowed: 'an object with days', given: 'true' },
  { name: 'no day', options: { activity: { days: 0 } }, option: 'activity.days', allowed: 'from 1 to 365', given: '0' },
  { name: 'over a year', options: { activity: { days: 366 } }, option: 'activity.days', allowed: 'from 1 to 365', given: '366' },
  { name: 'no sink', options: { audit: {} }, option: 'audit.sink', says: '"audit.sink" is required: give a sink, such as toFile(...) of @sallyport/audit' },
  { name: 'without a name', options: { audit: { sink: { async write() {} } } }, option: 'audit.sink', allowed: 'a sink', given: 'an object' },
  { name: 'a path', options: { audit: { sink: '/var/log' } }, option: 'audit.sink', allowed: 'a sink', given: '"/var/log"' },
  { name: 'a word', options: { audit: { sink, required: 'yes' } }, option: 'audit.required', allowed: 'true or false', given: '"yes"' },
  { name: 'another policy', options: { audit: { sink, verifications: 'some' } }, option: 'audit.verifications', allowed: 'one of none, first, all, or a number from 0 to 1', given: '"some"' },
  { name: 'a share over one', options: { audit: { sink, verifications: 1.1 } }, option: 'audit.verifications', allowed: 'a number from 0 to 1', given: '1.1' },
  { name: 'hashes', options: { audit: { sink, subjects: 'hashed' } }, option: 'audit.subjects', allowed: 'one of "pseudonyms", "plain"', given: '"hashed"' },
  { name: 'eleven years', options: { audit: { sink, days: 3651 } }, option: 'audit.days', allowed: 'from 1 to 3650', given: '3651' },
  { name: 'few', options: { audit: { sink, waiting: 99 } }, option: 'audit.waiting', allowed: 'from 100 to 1000000', given: '99' },
  { name: 'no time', options: { audit: { sink, timeoutMs: 49 } }, option: 'audit.timeoutMs', allowed: 'from 50 to 60000', given: '49' },

  { name: 'negative', options: limits({ sessions: -1 }), option: 'limits.sessions', allowed: 'from 0 to 1000', given: '-1' },
  { name: 'over the limit', options: limits({ sessions: 1001 }), option: 'limits.sessions', allowed: 'from 0 to 1000', given: '1001' },
  { name: 'a number', options: limits({ refreshes: 5 }), option: 'limits.refreshes', allowed: 'an object with count, windowSeconds', given: '5' },
  { name: 'missing', options: limits({ refreshes: { windowSeconds: 60 } }), option: 'limits.refreshes.count', says: '"limits.refreshes.count" is required: give a whole number from 0 to 1000000' },
  { name: 'under an hour', options: { access: { rotationSeconds: 3599 } }, option: 'access.rotationSeconds', allowed: 'from 3600 to 7776000', given: '3599' },
  { name: 'over 90 days', options: { access: { rotationSeconds: 7_776_001 } }, option: 'access.rotationSeconds', allowed: 'from 3600 to 7776000', given: '7776001' },
  { name: 'negative', options: limits({ refreshes: { count: -1, windowSeconds: 60 } }), option: 'limits.refreshes.count', allowed: 'from 0 to 1000000', given: '-1' },
  { name: 'over a day', options: limits({ refreshes: { count: 5, windowSeconds: 86_401 } }), option: 'limits.refreshes.windowSeconds', allowed: 'from 1 to 86400', given: '86401' },
  { name: 'over the limit', options: limits({ converged: 65_536 }), option: 'limits.converged', allowed: 'from 0 to 65535', given: '65536' },
  { name: 'a number', options: limits({ signatures: 5 }), option: 'limits.signatures', allowed: 'a function', given: '5' },

  { name: 'without prefix', options: cookie('refresh'), option: 'cookie.name', allowed: name, given: '"refresh"' },
  { name: 'the weaker prefix', options: cookie('__Secure-a'), option: 'cookie.name', allowed: name, given: '"__Secure-a"' },
  { name: 'the prefix alone', options: cookie('__Host-'), option: 'cookie.name', allowed: name, given: '"__Host-"' },
  { name: 'white space', options: cookie('__Host-a b'), option: 'cookie.name', allowed: 'a cookie name of 1 to 71 characters of A-Z a-z 0-9 _ . -', given: '"__Host-a b"' },
  { name: 'a path', options: { cookie: { path: '/auth' } }, option: 'cookie.path', says: 'unknown option "cookie.path"; there are name, deviceName, bindsTokens, fingerprintName, boundName, secure' },
  { name: 'without prefix', options: { cookie: { deviceName: 'device' } }, option: 'cookie.deviceName', allowed: name, given: '"device"' },
  { name: 'a prefix that asks for TLS', options: { cookie: { deviceName: '__Secure-a', secure: false } }, option: 'cookie.deviceName', allowed: 'without a prefix where "cookie.secure" is false', given: '"__Secure-a"' },
  { name: 'the name of another cookie', options: { cookie: { boundName: '__Host-fgp' } }, option: 'cookie.boundName', allowed: 'another name than those of the other cookies', given: '"__Host-fgp"' },
  { name: 'the name of the refresh cookie', options: { cookie: { deviceName: '__Host-refresh' } }, option: 'cookie.deviceName', allowed: 'another name than "cookie.name"', given: '"__Host-refresh"' },
  { name: 'a word', options: { cookie: { secure: 'no' } }, option: 'cookie.secure', allowed: 'true or false', given: '"no"' },
  { name: 'insecure in production', options: { ...complete, production: true, cookie: { secure: false } }, option: 'cookie.secure', allowed: 'true in production', given: 'false' },
  { name: 'a prefix that asks for TLS', options: { cookie: { name: '__Host-a', secure: false } }, option: 'cookie.name', allowed: 'without a prefix where "cookie.secure" is false', given: '"__Host-a"' },
  { name: 'a pattern', options: origins({ allowed: ['https://*.example.com'] }), option: 'origins.allowed.0', allowed: origin, given: '"https://*.example.com"' },
  { name: 'a number', options: { refusals: 5 }, option: 'refusals', allowed: '"answer", "throw" or a function', given: '5' },

  { name: 'an array', options: { origins: ['https://a.example'] }, option: 'origins', allowed: 'an object with allowed, missing', given: 'an array' },
  { name: 'no array', options: origins({ allowed: 'https://a.example' }), option: 'origins.allowed', allowed: 'an array of web origins', given: '"https://a.example"' },
  { name: 'a path', options: origins({ allowed: ['https://a.example/'] }), option: 'origins.allowed.0', allowed: origin, given: '"https://a.example/"' },
  { name: 'everybody', options: origins({ allowed: ['https://a.example', '*'] }), option: 'origins.allowed.1', allowed: origin, given: '"*"' },
  { name: 'the origin of files', options: origins({ allowed: ['null'] }), option: 'origins.allowed.0', allowed: origin, given: '"null"' },
  { name: 'the usual port', options: origins({ allowed: ['https://a.example:443'] }), option: 'origins.allowed.0', allowed: origin, given: '"https://a.example:443"' },
  { name: 'twice', options: origins({ allowed: ['https://a.example', 'https://b.example', 'https://a.example'] }), option: 'origins.allowed.2', allowed: 'different from the others', given: '"https://a.example"' },
  { name: 'a word of its own', options: origins({ missing: 'maybe' }), option: 'origins.missing', allowed: 'one of "accept", "refuse"', given: '"maybe"' },

  { name: 'empty', options: { clients: { cookie: '' } }, option: 'clients.cookie', allowed: ascii, given: '""' },
  { name: 'a letter outside ASCII', options: { clients: { body: 'é' } }, option: 'clients.body', allowed: ascii, given: '"é"' },
  { name: 'a client not known', options: { clients: { web: 'x' } }, option: 'clients.web', says: 'unknown option "clients.web"; there are cookie, body' },

  { name: 'another word', options: { accessToken: 'opaque' }, option: 'accessToken', allowed: 'one of "jwt", "encrypted", "reference"', given: '"opaque"' },
  { name: 'an algorithm that there is not', options: signedBy(P256, 'ES384'), option: 'access.signers.0.alg', allowed: '"ES256"', given: '"ES384"' },
  { name: 'the algorithm of another key', options: signedBy(P256, 'EdDSA'), option: 'access.signers.0.alg', allowed: '"ES256"', given: '"EdDSA"' },
  { name: 'no signature', options: signedBy(P256, 'none'), option: 'access.signers.0.alg', allowed: '"ES256"', given: '"none"' },
  { name: 'a weak key', options: signedBy(RSA_1024, 'RS256'), option: 'access.signers.0.publicKey', allowed: 'an RSA key of at least 2048 bits', given: '1024 bits' },
  { name: 'another curve', options: signedBy(P384, 'ES384'), option: 'access.signers.0.publicKey', allowed: 'an EC key on the curve P-256' },
  { name: 'no signer', options: { access: { signers: [{ kid: 'a', alg: 'ES256' }] } }, option: 'access.signers.0', allowed: 'a signer such as pkcs11Signer() or awsKmsSigner()', given: 'an object' },
  { name: 'an empty array', options: { access: { signers: [] } }, option: 'access.signers', allowed: 'an array of signers', given: 'an empty array' },
  { name: 'claims themselves', options: { claims: { of: { plan: 'free' } } }, option: 'claims.of', allowed: 'a function', given: 'an object' },
  { name: 'no source of claims where the subject is not exempt', options: { claims: { exempt: ['plan'] } }, option: 'claims.of', says: '"claims.of" is required: give a function' },
  { name: 'no source of claims', options: { claims: {} }, option: 'claims.of', says: '"claims.of" is required: give a function' },
  { name: 'a string of names', options: { claims: { of: () => ({}), allow: 'plan' } }, option: 'claims.allow', allowed: 'an array of names', given: '"plan"' },
  { name: 'too many bytes', options: { claims: { of: () => ({}), maxBytes: 4097 } }, option: 'claims.maxBytes', allowed: 'from 1 to 4096', given: '4097' },
  { name: 'another word', options: { claims: { of: () => ({}), leaks: 'allow' } }, option: 'claims.leaks', allowed: 'one of "refuse", "warn"', given: '"allow"' },
  { name: 'no path', options: { paths: { auth: 'auth' } }, option: 'paths.auth', allowed: 'a path such as "/auth"', given: '"auth"' },
  { name: 'a string', options: { production: 'true' }, option: 'production', allowed: 'true or false', given: '"true"' },
  { name: 'half a clock', options: { clock: { now: () => 0 } }, option: 'clock', allowed: 'an object with now() and monotonic()', given: 'an object' },
  { name: 'bytes', options: { random: new Uint8Array(32) }, option: 'random', allowed: 'a function', given: 'an object' },
]

const of = () => ({})
const claims = (given: object) => ({ claims: { of, ...given } })
const recipient = { audience: 'b', key: { kty: 'EC' } }
const jwk = { kty: 'OKP' }

/** Options that are right by themselves, but never come to anything beside others. */
// biome-ignore format: one row, one line
const contradicting: readonly WrongOption[] = [
  { name: 'longer than the session', options: refresh({ idleSeconds: 100, absoluteSeconds: 50 }), option: 'refresh.idleSeconds', allowed: 'at most "refresh.absoluteSeconds" (50)', given: '100' },
  { name: 'longer than the session', options: { access: { ttlSeconds: 51 }, refresh: { absoluteSeconds: 50 } }, option: 'access.ttlSeconds', allowed: 'at most "refresh.absoluteSeconds" (50)', given: '51' },
  { name: 'beside keys', options: access({ rotationSeconds: 3600, keys: [jwk] }), option: 'access.rotationSeconds', says: '"access.rotationSeconds" is for keys in the store: leave it out, or leave out "access.keys"' },
  { name: 'where the store is asked', options: { revocation: { mode: 'strict', maxStalenessSeconds: 5 } }, option: 'revocation.maxStalenessSeconds', says: '"revocation.maxStalenessSeconds" is for the mode "replicated": leave it out, or leave out "revocation.mode"' },
  { name: 'where the store is asked', options: { revocation: { mode: 'strict' }, allowList: { recheckSeconds: 5 } }, option: 'allowList.recheckSeconds', says: '"allowList.recheckSeconds" is for the mode "replicated": leave it out, or leave out "revocation.mode"' },
  { name: 'a claim of the library', options: claims({ allow: ['plan', 'sub'] }), option: 'claims.allow.1', says: '"claims.allow.1" names "sub", which the library reserves: remove it, or choose another name' },
  { name: 'a claim of the library', options: claims({ sealed: { sid: recipient } }), option: 'claims.sealed.sid', says: '"claims.sealed.sid" names "sid", which the library reserves: remove it, or choose another name' },
  { name: 'twice', options: claims({ allow: ['plan', 'plan'] }), option: 'claims.allow.1', allowed: 'different from the others', given: '"plan"' },
  { name: 'an empty name', options: claims({ exempt: [''] }), option: 'claims.exempt.0', allowed: 'the name of a claim', given: '""' },
  { name: 'not allowed', options: claims({ allow: ['plan'], exempt: ['plan.code', 'card.number'] }), option: 'claims.exempt.1', says: '"claims.exempt.1" is not in "claims.allow": add "card.number" there, or remove it here' },
  { name: 'not allowed', options: claims({ allow: ['plan'], sealed: { email: recipient } }), option: 'claims.sealed.email', says: '"claims.sealed.email" is not in "claims.allow": add "email" there, or remove it here' },
  { name: 'sealed', options: claims({ exempt: ['email'], sealed: { email: recipient } }), option: 'claims.exempt.0', says: '"claims.exempt.0" is in "claims.sealed", and a sealed claim is not searched for leaks: remove it here' },
]

describe('an option that contradicts another is refused by its path:', () => {
  for (const row of contradicting)
    test(`${row.option}: ${row.name}`, async () => {
      expectRefusal(await configFault(() => createSallyport(row.options as SallyportOptions)), row)
    })
})

describe('a wrong option is refused by its path:', () => {
  for (const row of wrong)
    test(`${row.option}: ${row.name}`, async () => {
      expectRefusal(await configFault(() => createSallyport(row.options as SallyportOptions)), row)
    })
})

test('the first of several wrong options is named', async () => {
  const options: object = { cookie: { name: 'x' }, audience: '', issuer: 'x' }
  expect(await configFault(() => createSallyport(options))).toMatchObject({ option: 'issuer' })
})

test('an option is unknown before another is missing: the one may be the other, misspelled', async () => {
  const options: object = { limits: { refreshes: { count: 5, windowseconds: 60 } } }
  expect(await configFault(() => createSallyport(options))).toMatchObject({
    option: 'limits.refreshes.windowseconds',
  })
})

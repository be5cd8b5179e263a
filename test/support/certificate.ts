import { generateKeyPairSync, sign } from 'node:crypto'

/** What a server on TLS needs; `cert` is also what its clients trust. */
export interface ServerCertificate {
  readonly key: string
  readonly cert: string
}

const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2'
const COMMON_NAME = '2.5.4.3'
const SUBJECT_ALT_NAME = '2.5.29.17'

/** A certificate for `localhost` that its own key signs (RFC 5280, section 4.1). It is valid until 2049. */
export function certificateForLocalhost(): ServerCertificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const algorithm = der(0x30, oid(ECDSA_WITH_SHA256))
  const name = der(0x30, der(0x31, der(0x30, oid(COMMON_NAME), der(0x0c, Buffer.from('localhost')))))
  const validity = der(0x30, time('200101000000Z'), time('491231235959Z'))
  const names = der(0x04, der(0x30, der(0x82, Buffer.from('localhost'))))
  const extensions = der(0xa3, der(0x30, der(0x30, oid(SUBJECT_ALT_NAME), names)))
  const version3 = der(0xa0, der(0x02, Buffer.from([2])))
  const serial = der(0x02, Buffer.from([1]))
  const subjectKey = publicKey.export({ format: 'der', type: 'spki' })
  const content = der(0x30, version3, serial, algorithm, name, validity, name, subjectKey, extensions)
  const signature = der(0x03, Buffer.from([0]), sign('sha256', content, privateKey))
  return {
    key: String(privateKey.export({ format: 'pem', type: 'pkcs8' })),
    cert: pem(der(0x30, content, algorithm, signature)),
  }
}

function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts)
  const { length } = content
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...size]), content])
}

const time = (utc: string): Buffer => der(0x17, Buffer.from(utc))

function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  return der(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(septets)]))
}

/** Seven bits to a byte; all but the last have the eighth bit set. */
function septets(arc: number): number[] {
  const digits = [arc & 0x7f]
  for (let rest = arc >> 7; rest > 0; rest >>= 7) digits.unshift(0x80 | (rest & 0x7f))
  return digits
}

function pem(bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? []
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n')
}

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type KeyPair, keyPair } from './key-pair.ts'
import { kmsSignatures } from './kms-signatures.ts'

/** A server on 127.0.0.1 that speaks as KMS does (AWS JSON 1.1), and signs for real. */
export interface KmsDouble {
  readonly endpoint: string
  /** All that it was asked, as it came. */
  readonly requests: readonly KmsRequest[]
  /** Makes a key of any spec; with an alias it can be asked for by that name, as the key before it no more. */
  addKey(keySpec: string, given?: { readonly alias?: string; readonly keyUsage?: string }): KmsKey
  /** How the next requests are answered, the first one first; after those it serves. */
  next(...behaviours: readonly Behaviour[]): void
  /** Keeps requests waiting until the returned function is called. */
  hold(): () => void
  stop(): Promise<void>
}

export interface KmsKey extends KeyPair {
  readonly keyId: string
  readonly arn: string
}

export interface KmsRequest {
  readonly target: string
  readonly body: Readonly<Record<string, string>>
  /** Head and body. */
  readonly text: string
}

export type Behaviour =
  | 'hang'
  | 'hang amid the answer'
  | 'close'
  /** An error of KMS, by its name; of the kind that is the caller's fault. */
  | { readonly refuse: string }
  /** Members of the answer that are not as KMS gives them; bytes in base64. */
  | { readonly give: Readonly<Record<string, string | undefined>> }

interface StoredKey extends KmsKey {
  readonly keySpec: string
  readonly keyUsage: string
}

export const ACCOUNT = '123456789012'
const MAX_MESSAGE_BYTES = 4096
const DIGEST_BYTES = 32

type Kind = readonly [type: string, options: object, algorithms: readonly string[]]
const RSA = ['RSASSA_PKCS1_V1_5_SHA_256', 'RSASSA_PSS_SHA_256']
// biome-ignore format: one row, one line
const kinds: Readonly<Record<string, Kind>> = {
  ECC_NIST_P256: ['ec', { namedCurve: 'P-256' }, ['ECDSA_SHA_256']],
  ECC_NIST_P384: ['ec', { namedCurve: 'P-384' }, []],
  ECC_NIST_P521: ['ec', { namedCurve: 'P-521' }, []],
  ECC_SECG_P256K1: ['ec', { namedCurve: 'secp256k1' }, ['ECDSA_SHA_256']],
  ECC_NIST_EDWARDS25519: ['ed25519', {}, ['ED25519_SHA_512']],
  RSA_2048: ['rsa', { modulusLength: 2048 }, RSA],
  RSA_3072: ['rsa', { modulusLength: 3072 }, RSA],
  RSA_4096: ['rsa', { modulusLength: 4096 }, RSA],
}

/** What KMS answers with an error. */
class Refusal extends Error {
  readonly type: string

  constructor(type: string, message: string) {
    super(message)
    this.type = type
  }
}

export async function startKms(): Promise<KmsDouble> {
  const keys = new Map<string, StoredKey>()
  const requests: KmsRequest[] = []
  const plan: Behaviour[] = []
  let held: Promise<void> | undefined

  const server = createServer(async (request, response) => {
    const asked = await read(request)
    requests.push(asked)
    const behaviour = plan.shift()
    await held
    if (behaviour === 'hang') return
    if (behaviour === 'close') return void request.socket.destroy()
    if (behaviour === 'hang amid the answer')
      return void response.writeHead(200, { 'content-length': 1000 }).write('{"KeyId":"')
    try {
      if (typeof behaviour === 'object' && 'refuse' in behaviour) throw refusalOf(behaviour.refuse)
      const answer = answerTo(asked, keys)
      send(response, 200, { ...answer, ...(typeof behaviour === 'object' ? behaviour.give : {}) })
    } catch (cause) {
      if (!(cause instanceof Refusal)) throw cause
      send(response, 400, { __type: cause.type, message: cause.message })
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()

  return {
    endpoint: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    requests,
    addKey(keySpec, { alias, keyUsage = 'SIGN_VERIFY' } = {}) {
      const [type = '', options = {}] = kinds[keySpec] ?? []
      const keyId = `key-${keys.size}`
      const arn = `arn:aws:kms:eu-central-1:${ACCOUNT}:key/${keyId}`
      const key = { ...keyPair(type, options), keyId, arn, keySpec, keyUsage }
      for (const name of [keyId, arn, ...(alias === undefined ? [] : [alias])]) keys.set(name, key)
      return key
    },
    next(...behaviours) {
      plan.splice(0, plan.length, ...behaviours)
    },
    hold() {
      let release = (): void => {}
      held = new Promise((resolve) => {
        release = resolve
      })
      return release
    },
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function read(request: IncomingMessage): Promise<KmsRequest> {
  const body = Buffer.concat(await request.toArray()).toString()
  return {
    target: String(request.headers['x-amz-target']),
    body: JSON.parse(body),
    text: `${request.url}\n${request.rawHeaders.join('\n')}\n${body}`,
  }
}

/** The words of a refusal hold what a log must not show. */
function refusalOf(type: string, keyId = 'alias/access'): Refusal {
  const user = `arn:aws:iam::${ACCOUNT}:user/sallyport`
  return new Refusal(type, `${user} and arn:aws:kms:eu-central-1:${ACCOUNT}:${keyId}: no`)
}

function answerTo({ target, body }: KmsRequest, keys: ReadonlyMap<string, StoredKey>): object {
  const key = keys.get(body.KeyId ?? '')
  if (key === undefined) throw refusalOf('NotFoundException', body.KeyId)
  const { arn, keySpec, keyUsage, publicKey } = key
  const common = { KeyId: arn, KeySpec: keySpec, KeyUsage: keyUsage }
  if (target === 'TrentService.GetPublicKey')
    return { ...common, PublicKey: publicKey.export({ type: 'spki', format: 'der' }).toString('base64') }
  if (target === 'TrentService.Sign') return { ...common, Signature: signed(body, key).toString('base64') }
  throw refusalOf('UnknownOperationException')
}

function signed(body: KmsRequest['body'], { keySpec, keyUsage, privateKey }: StoredKey): Buffer {
  const { SigningAlgorithm = '', MessageType, Message = '' } = body
  const message = Buffer.from(Message, 'base64')
  const [, , algorithms = []] = kinds[keySpec] ?? []
  const sign = kmsSignatures[SigningAlgorithm]
  if (sign === undefined || !algorithms.includes(SigningAlgorithm) || keyUsage !== 'SIGN_VERIFY')
    throw refusalOf('InvalidKeyUsageException')
  const isRaw = SigningAlgorithm === 'ED25519_SHA_512'
  const fits = isRaw ? message.length <= MAX_MESSAGE_BYTES : message.length === DIGEST_BYTES
  if (MessageType !== (isRaw ? 'RAW' : 'DIGEST') || message.length === 0 || !fits)
    throw refusalOf('ValidationException')
  return sign(message, privateKey)
}

function send(response: ServerResponse, status: number, answer: object): void {
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': REQUEST_ID })
  response.end(JSON.stringify(answer))
}

export const REQUEST_ID = '0f0f0f0f-1111-2222-3333-444444444444'

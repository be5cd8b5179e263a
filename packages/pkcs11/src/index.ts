export { Pkcs11Error, type Pkcs11Failure } from './errors.ts'
export { generatePkcs11Key, type Pkcs11Key } from './generate.ts'
export type { Pkcs11KeyName, Pkcs11KeyOptions, Pkcs11SignerOptions, Pkcs11TokenOptions } from './options.ts'
export { type Pkcs11Signer, pkcs11Signer } from './signer.ts'

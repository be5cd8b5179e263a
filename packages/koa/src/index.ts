export * from '@sallyport/core'
export { createSallyport, getAuth, type KoaSallyport, type MountOptions } from './sallyport.ts'
export { KoaView, send } from './view.ts'

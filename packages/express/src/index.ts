export * from '@sallyport/core'
export { createSallyport, type ExpressSallyport, getAuth } from './sallyport.ts'
export { ExpressView, send } from './view.ts'

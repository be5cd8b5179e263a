export * from '@sallyport/core'
export * from './sallyport.ts'
export { createSallyport } from './sallyport.ts'

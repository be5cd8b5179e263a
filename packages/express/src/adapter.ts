export * from '@sallyport/core/adapter'
export { read, send, setCookies } from './view.ts'

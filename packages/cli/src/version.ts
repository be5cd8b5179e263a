import { readFileSync } from 'node:fs'

/** The version of this package, which all packages of Sallyport share. */
export function versionOfPackage(): string {
  const { version }: { readonly version: string } = JSON.parse(
    readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
  )
  return version
}

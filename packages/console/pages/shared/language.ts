export const languages = ['en', 'zh'] as const
export type Language = (typeof languages)[number]

const KEPT = 'sallyport language'

/** What each language calls itself. */
export const names: Readonly<Record<Language, string>> = { en: 'English', zh: '中文' }

/** For the attribute `lang`. */
export const tags: Readonly<Record<Language, string>> = { en: 'en', zh: 'zh-Hans' }

const known = (tag: string | null): Language | undefined =>
  languages.find((language) => tag?.toLowerCase().split('-', 1)[0] === language)

/** The one that was chosen here, or else the first of the browser's that there is. */
export function preferredLanguage(): Language {
  return known(kept()) ?? navigator.languages.map(known).find((found) => found !== undefined) ?? 'en'
}

export function keepLanguage(language: Language): void {
  try {
    localStorage.setItem(KEPT, language)
  } catch {
    // Storage is blocked: the choice holds for this page.
  }
}

function kept(): string | null {
  try {
    return localStorage.getItem(KEPT)
  } catch {
    return null
  }
}

/** How the browser's owner writes dates and numbers in this language. */
export function localeOf(language: Language): string {
  return navigator.languages.find((tag) => known(tag) === language) ?? tags[language]
}

/** A part of the dashboard could not be loaded: in the words of Vite, Chromium, Firefox and Safari. */
export const isFileMissing = (error: unknown): boolean =>
  error instanceof Error &&
  /Unable to preload CSS|dynamically imported module|Importing a module script failed/i.test(error.message)

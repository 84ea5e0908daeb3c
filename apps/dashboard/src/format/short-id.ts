/** The beginning of an id, enough to tell it from others in a list. */
export const shortId = (id: string): string => (id.length > 13 ? id.slice(0, 13) : id)

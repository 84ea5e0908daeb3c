/** All but the Char production of XML 1.0 §2.2; lone surrogates are among it. */
const NOT_IN_XML = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/u

/** Whether XML can carry it: a stream that is sent anything else ends, for everybody on it. */
export const isXmlText = (text: string): boolean => !NOT_IN_XML.test(text)

/** What arrives of a text between tags. XML 1.0 §2.11. */
export const asXmlText = (text: string): string => text.replace(/\r\n?/g, '\n')

/** What arrives of the text of an attribute. XML 1.0 §3.3.3. */
export const asXmlAttribute = (text: string): string => asXmlText(text).replace(/[\t\n]/g, ' ')

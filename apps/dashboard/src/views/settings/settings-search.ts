import { oneOf, present, textOf } from '../../search.ts'

export const SETTINGS_TABS = ['configuration', 'tokens', 'audit'] as const

export const settingsSearch = (search: Record<string, unknown>) =>
  present({ tab: oneOf(search.tab, SETTINGS_TABS), find: textOf(search.find) })

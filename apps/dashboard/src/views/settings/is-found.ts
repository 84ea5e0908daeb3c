import type { OpsSettings } from '@rollcall/roster'

/** Every word stands somewhere in its name, variable, section or description. Values are not looked at: secrets are not in them. */
export function isFound(setting: OpsSettings['settings'][number], find: string): boolean {
  const text = `${setting.name} ${setting.variable} ${setting.section} ${setting.description}`.toLowerCase()
  return find
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word))
}

interface Family {
  readonly head: string[]
  readonly samples: string[]
}

/**
 * Several texts in the format of Prometheus as one: all samples of a name stand together, under one HELP and one TYPE, as
 * the format demands. Those of the first text that has them count.
 */
export function joinExpositions(texts: readonly string[]): string {
  const families = new Map<string, Family>()
  const familyOf = (name: string): Family => {
    const known = families.get(name) ?? { head: [], samples: [] }
    families.set(name, known)
    return known
  }
  for (const text of texts) {
    const ofText = new Set<string>()
    let current = ''
    for (const line of text.split('\n')) {
      const [, kind, name = ''] = /^# (HELP|TYPE) (\S+)/.exec(line) ?? []
      if (kind !== undefined) {
        if (name !== current && families.has(name)) ofText.add(name) // another text has described it
        current = name
        if (!ofText.has(name)) familyOf(name).head.push(line)
      } else if (line !== '' && !line.startsWith('#')) familyOf(current).samples.push(line)
    }
  }
  return [...families.values()].flatMap(({ head, samples }) => [...head, ...samples, '']).join('\n')
}

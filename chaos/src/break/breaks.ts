import { type Mutation, NO_EPOCH, NO_FENCE, NO_GENERATION, NO_SWEEP, ONE_OUTCOME } from './mutations.ts'

export type Break = 'fence' | 'generation' | 'outcome' | 'epoch' | 'sweep'

/** Guarantees that can be taken out, to see that the campaign notices. */
export const BREAKS: Readonly<Record<Break, { readonly about: string; readonly mutations: readonly Mutation[] }>> = {
  fence: { about: 'any fetch may write, not only the latest begun', mutations: NO_FENCE },
  generation: { about: 'refreshes take no generation of their own', mutations: NO_GENERATION },
  outcome: { about: 'one outcome for all generations of a user', mutations: ONE_OUTCOME },
  epoch: { about: 'a Redis that lost its data says that it is the same', mutations: NO_EPOCH },
  sweep: { about: 'nobody looks for users whose job was lost', mutations: NO_SWEEP },
}

export const isBreak = (name: string): name is Break => Object.hasOwn(BREAKS, name)

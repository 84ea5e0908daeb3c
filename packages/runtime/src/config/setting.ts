import { z } from 'zod'

/** A form a value may have: its schema, and how the text of a variable becomes what the file would hold. */
export interface Form<S extends z.ZodType> {
  readonly schema: S
  /** Text that is no such value is left as it is: the schema then says what is wrong. */
  readonly fromText: (text: string) => unknown
  /** For people: what may be written, `1 to 1024`. */
  readonly accepts: string
  /** Never shown: neither in an error nor in a log. */
  readonly secret?: boolean
}

/** What the table of settings knows of each beside its schema. */
export interface SettingFacts extends Omit<Form<z.ZodType>, 'schema'> {
  /** The environment variable. */
  readonly environment: string
  readonly fallback: unknown
  readonly description: string
  /** The heading it stands under in the docs. */
  readonly section: string
}

/** The facts of every setting, by its schema: the schema of the file is the table. */
export const settingFacts = z.registry<SettingFacts>()

/** Declares the settings of one section: `(variable, form, default, description)`. */
export const section =
  (title: string) =>
  <S extends z.ZodType>(environment: string, form: Form<S>, fallback: z.input<S>, description: string) =>
    known(z.prefault(form.schema, fallback).describe(description), {
      ...facts(form),
      environment,
      fallback,
      description,
      section: title,
    })

/** The same for settings without a default: `(variable, form, description)`. */
export const sectionWithoutDefaults =
  (title: string) =>
  <S extends z.ZodType>(environment: string, form: Form<S>, description: string) =>
    known(form.schema.optional().describe(description), {
      ...facts(form),
      environment,
      fallback: undefined,
      description,
      section: title,
    })

function known<S extends z.ZodType>(setting: S, about: SettingFacts): S {
  settingFacts.add(setting, about)
  return setting
}

function facts({ schema: _, ...rest }: Form<z.ZodType>): Omit<Form<z.ZodType>, 'schema'> {
  return rest
}

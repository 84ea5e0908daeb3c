/** What the tests use of @xmpp/client 0.14, which comes without types. */
declare module '@xmpp/client' {
  import type { EventEmitter } from 'node:events'
  import type { Socket } from 'node:net'
  import type { Element } from '@xmpp/component'

  export { type Element, xml } from '@xmpp/component'

  export interface Client extends EventEmitter {
    readonly socket: Socket | null
    readonly reconnect: { stop(): void }
    readonly iqCaller: { get(query: Element): Promise<Element>; set(query: Element): Promise<Element> }
    readonly iqCallee: {
      set(xmlns: string, name: string, handle: (context: { readonly element: Element }) => true): void
    }
    start(): Promise<{ toString(): string }>
    stop(): Promise<unknown>
    send(stanza: Element): Promise<void>
  }

  export function client(options: {
    readonly service: string
    readonly domain: string
    readonly resource?: string
    readonly username: string
    readonly password: string
  }): Client
}

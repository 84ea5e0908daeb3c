import type { RequestHandler } from 'express'
import helmet from 'helmet'

const SELF = ["'self'"]
const NONE = ["'none'"]

/** Styles that scripts set on elements (CSSOM) need no `unsafe-inline`. */
const headers = helmet({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: NONE,
      scriptSrc: SELF,
      styleSrc: SELF,
      imgSrc: ["'self'", 'data:'],
      connectSrc: SELF,
      fontSrc: SELF,
      baseUri: NONE,
      formAction: SELF,
      frameAncestors: NONE,
    },
  },
  xFrameOptions: { action: 'deny' },
  strictTransportSecurity: false,
})

/** Of this host alone: what else its domain serves is not for us to say. */
const overTls = helmet.strictTransportSecurity({ includeSubDomains: false })

/** What browsers are told of everything below /ops: to load nothing from elsewhere, and to show it in no other page. */
export const opsHeaders: RequestHandler = (request, response, next) =>
  headers(request, response, (error) => {
    if (error !== undefined || !request.secure) return next(error)
    overTls(request, response, next)
  })

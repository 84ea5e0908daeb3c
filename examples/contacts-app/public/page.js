// Everything that comes from outside reaches the page as text nodes, never as HTML.

const form = document.querySelector('#friendship')
const result = document.querySelector('#result')
const lists = document.querySelector('#lists')

const names = new Map()
let latestShow = 0

form.addEventListener('submit', async (event) => {
  event.preventDefault()
  const buttons = form.querySelectorAll('button')
  for (const button of buttons) button.disabled = true
  const action = event.submitter?.value ?? 'look'
  if (action !== 'look') await change(action)
  await show()
  for (const button of buttons) button.disabled = false
})
form.addEventListener('change', async (event) => {
  if (event.target.matches('input')) await show()
})

const remembered = new URLSearchParams(location.search)
for (const name of ['a', 'b']) form.elements[name].value = remembered.get(name) ?? form.elements[name].value
await offerUsers()
await show()

async function change(action) {
  const [a, b] = pair()
  const fields = action === 'befriend' ? { a, b, group: form.elements.group.value } : { a, b }
  const started = performance.now()
  const answer = await ask('/friendships', {
    method: action === 'befriend' ? 'POST' : 'DELETE',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(fields),
  })
  if (answer.error) return tell('bad', answer.error)

  const { changed, rollcall } = answer.json
  const fact = `${a} and ${b} ${sentence(action, changed)}.`
  if (!rollcall.told) {
    const retried = rollcall.attempts > 1 ? ` (${rollcall.attempts} attempts, ${rollcall.ms} ms)` : ''
    return tell(
      'bad',
      `${fact} The notice failed: ${rollcall.message}${retried}. The change is kept; do the same again to tell Rollcall again.`,
      rollcall.summary,
    )
  }
  const late = rollcall.status === 202 ? ' It has not finished yet.' : ''
  tell(
    'good',
    `${fact} Rollcall answered in ${rollcall.ms} ms, ${Math.round(performance.now() - started)} ms seen from here.${late}`,
    rollcall.summary,
  )
}

function sentence(action, changed) {
  if (action === 'befriend') return changed ? 'are friends now' : 'were friends already'
  return changed ? 'are no longer friends' : 'were not friends anyway'
}

async function show() {
  const turn = ++latestShow
  const [a, b] = pair()
  history.replaceState(null, '', `?${new URLSearchParams({ a, b })}`)
  const users = [...new Set([a, b])].filter(Boolean)
  const cards = await Promise.all(users.map(userCard))
  if (turn === latestShow) lists.replaceChildren(...cards)
}

async function userCard(username) {
  const path = `/contacts/${encodeURIComponent(username)}`
  const [app, rollcall] = await Promise.all([ask(path), ask(`/rollcall${path}`)])
  if (app.error)
    return element(
      'section',
      {},
      element('h2', {}, names.get(username) ?? username),
      element('p', { className: 'note' }, app.error),
    )

  const served = rollcall.error ? undefined : rollcall.json.roster
  const rows = contactRows(app.json, served)
  const differing = rows.filter(({ differs }) => differs).length
  return element(
    'section',
    {},
    element(
      'div',
      { className: 'title' },
      element('h2', {}, names.get(username) ?? username),
      element('span', { className: differing || !served ? 'verdict bad' : 'verdict' }, verdict(served, differing)),
    ),
    element('p', { className: 'note' }, served ? freshness(rollcall.json) : rollcall.error),
    contactTable(rows, served !== undefined),
  )
}

function contactTable(rows, withRollcall) {
  const heads = ['Contact', 'Groups here', ...(withRollcall ? ['At Rollcall'] : [])]
  return element(
    'table',
    {},
    element('thead', {}, element('tr', {}, ...heads.map((head) => element('th', { scope: 'col' }, head)))),
    element(
      'tbody',
      {},
      ...rows.map(({ jid, here, there, differs }) =>
        element(
          'tr',
          { className: differs ? 'differs' : '' },
          element('td', {}, (here ?? there).name ?? jid, element('small', {}, jid)),
          element('td', {}, groupsText(here)),
          ...(withRollcall ? [element('td', {}, groupsText(there), ...otherName(here, there))] : []),
        ),
      ),
    ),
  )
}

/** Sorted by JID, those that differ first. */
function contactRows(here, there) {
  const jids = [...new Set([...Object.keys(here), ...Object.keys(there ?? {})])].sort()
  const rows = jids.map((jid) => {
    const row = { jid, here: own(here, jid), there: own(there ?? {}, jid) }
    return { ...row, differs: there !== undefined && fingerprint(row.here) !== fingerprint(row.there) }
  })
  return rows.sort((one, other) => other.differs - one.differs)
}

function own(object, key) {
  return Object.hasOwn(object, key) ? object[key] : undefined
}

function fingerprint(contact) {
  return contact && JSON.stringify([contact.name, groupsOf(contact), contact.subscription ?? 'both'])
}

/** This application writes groups as an array; Rollcall as an object, which is what Prosody's module reads. */
function groupsOf({ groups = [] }) {
  return (Array.isArray(groups) ? [...groups] : Object.keys(groups)).sort()
}

function groupsText(contact) {
  return contact ? groupsOf(contact).join(', ') || 'no group' : '–'
}

function otherName(here, there) {
  return here && there && here.name !== there.name ? [element('small', {}, `as ${there.name ?? 'no name'}`)] : []
}

function verdict(served, differing) {
  if (!served) return 'Rollcall is away'
  if (differing === 0) return 'in step'
  return differing === 1 ? '1 contact differs' : `${differing} contacts differ`
}

function freshness({ ms, ageSeconds, stale }) {
  return `Served by Rollcall in ${ms} ms, fetched ${ageSeconds} s ago${stale ? ', and could not be fetched anew' : ''}.`
}

async function offerUsers() {
  const { json } = await ask('/users')
  for (const { username, name } of json ?? []) names.set(username, name)
  const options = [...names].map(([username, name]) => element('option', { value: username }, name))
  document.querySelector('#users').replaceChildren(...options)
}

/** Always one of `{ json }` and `{ error: text }`. */
async function ask(path, init = {}) {
  try {
    const response = await fetch(path, { ...init, cache: 'no-store', signal: AbortSignal.timeout(60_000) })
    const json = await response.json()
    return response.ok ? { json } : { error: String(json.message ?? `The answer was ${response.status}`) }
  } catch (error) {
    return { error: `This application does not answer (${error.message}). Is it still running?` }
  }
}

function tell(kind, message, details) {
  result.hidden = false
  result.className = kind
  result.replaceChildren(element('p', {}, message))
  if (details) result.append(element('pre', {}, JSON.stringify(details)))
}

function pair() {
  return ['a', 'b'].map((name) => form.elements[name].value.trim().toLowerCase())
}

function element(tag, properties, ...children) {
  const made = Object.assign(document.createElement(tag), properties)
  made.append(...children)
  return made
}

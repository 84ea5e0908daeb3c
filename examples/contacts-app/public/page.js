// Everything that comes from outside reaches the page as text nodes, never as HTML.

const form = document.querySelector('#friendship')
const result = document.querySelector('#result')
const lists = document.querySelector('#lists')

const TOKEN_ADVICE = {
  401: 'Rollcall wants a token: set ROLLCALL_TOKEN',
  403: 'Rollcall does not allow that to this token: ROLLCALL_TOKEN needs the rights notify and read',
}

const names = new Map()
let latestShow = 0

form.addEventListener('submit', async (event) => {
  event.preventDefault()
  const buttons = form.querySelectorAll('button')
  for (const button of buttons) button.disabled = true
  const action = event.submitter?.value ?? 'look'
  if (action === 'look') await lookAgain()
  else {
    await change(action)
    await show()
  }
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
  tell('waiting', 'Making the change and waiting for what Rollcall says of it …')
  const answer = await ask('/friendships', {
    method: action === 'befriend' ? 'POST' : 'DELETE',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(fields),
  })
  if (answer.error) return tell('bad', answer.error)

  const { changed, rollcall } = answer.json
  const fact = `${a} and ${b} ${sentence(action, changed)}.`
  if (!rollcall.told) return tell('bad', `${fact} ${failure(rollcall)}`, rollcall.summary)
  const answered = `Rollcall answered in ${rollcall.ms} ms, ${Math.round(performance.now() - started)} ms seen from here`
  if (rollcall.status === 202) {
    return tell('waiting', `${fact} ${answered}: it has not fetched both rosters yet, and goes on.`, rollcall.summary)
  }
  tell(rollcall.summary.errors > 0 ? 'bad' : 'good', `${fact} ${answered}.`, rollcall.summary)
}

function failure({ status, message, attempts, ms }) {
  const retried = attempts > 1 ? ` (${attempts} attempts, ${ms} ms)` : ''
  const advice = TOKEN_ADVICE[status] ?? 'Do the same again to tell Rollcall again'
  return `The notice failed: ${message}${retried}. The change is kept. ${advice}.`
}

async function lookAgain() {
  tell('waiting', 'Looking …')
  const verdicts = await show()
  const allWell = verdicts.every(({ isGood }) => isGood)
  tell(
    allWell ? 'good' : 'bad',
    `Looked again: ${verdicts.map(({ username, text }) => `${username}: ${text}`).join('; ')}.`,
  )
}

function sentence(action, changed) {
  if (action === 'befriend') return changed ? 'are friends now' : 'were friends already'
  return changed ? 'are no longer friends' : 'were not friends anyway'
}

/** Puts both rosters on the page, and gives the verdict on each. */
async function show() {
  const turn = ++latestShow
  const [a, b] = pair()
  history.replaceState(null, '', `?${new URLSearchParams({ a, b })}`)
  const users = [...new Set([a, b])].filter(Boolean)
  const shown = await Promise.all(users.map(rosterOf))
  if (turn === latestShow) lists.replaceChildren(...shown.map(({ card }) => card))
  return shown.map(({ verdict }) => verdict)
}

async function rosterOf(username) {
  const path = `/contacts/${encodeURIComponent(username)}`
  const [app, rollcall] = await Promise.all([ask(path), ask(`/rollcall${path}`)])
  const title = element('h2', {}, names.get(username) ?? username)
  if (app.error) {
    const card = element('section', {}, title, element('p', { className: 'note' }, app.error))
    return { card, verdict: { username, isGood: false, text: app.error } }
  }

  const served = rollcall.error ? undefined : rollcall.json.roster
  const rows = contactRows(app.json, served)
  const verdict = { username, ...verdictOn(rollcall, rows.filter(({ differs }) => differs).length) }
  const card = element(
    'section',
    {},
    element(
      'div',
      { className: 'title' },
      title,
      element('span', { className: verdict.isGood ? 'verdict' : 'verdict bad' }, verdict.text),
    ),
    element('p', { className: 'note' }, served ? freshness(rollcall.json) : rollcall.error),
    contactTable(rows, served !== undefined),
  )
  return { card, verdict }
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

function verdictOn({ error, rollcallStatus }, differing) {
  if (error) return { isGood: false, text: TOKEN_ADVICE[rollcallStatus] ?? absence(rollcallStatus) }
  if (differing === 0) return { isGood: true, text: 'in step' }
  return { isGood: false, text: differing === 1 ? '1 contact differs' : `${differing} contacts differ` }
}

function absence(rollcallStatus) {
  if (rollcallStatus === undefined) return 'Rollcall is away'
  return rollcallStatus === 503 ? 'not to be had from Rollcall now' : `Rollcall answered ${rollcallStatus}`
}

function freshness({ ms, ageSeconds, stale }) {
  return `Served by Rollcall in ${ms} ms, fetched ${ago(ageSeconds)}${stale ? ', and could not be fetched anew' : ''}.`
}

function ago(seconds) {
  if (seconds < 1) return 'just now'
  if (seconds < 120) return `${seconds} s ago`
  const minutes = Math.floor(seconds / 60)
  return minutes < 120 ? `${minutes} min ago` : `${Math.floor(minutes / 60)} h ago`
}

async function offerUsers() {
  const { json } = await ask('/users')
  for (const { username, name } of json ?? []) names.set(username, name)
  const options = [...names].map(([username, name]) => element('option', { value: username }, name))
  document.querySelector('#users').replaceChildren(...options)
}

/** Always one of `{ json }` and `{ error: text }`, the latter with the status of Rollcall when it refused us. */
async function ask(path, init = {}) {
  try {
    const response = await fetch(path, { ...init, cache: 'no-store', signal: AbortSignal.timeout(60_000) })
    const json = await response.json()
    if (response.ok) return { json }
    return { error: String(json.message ?? `The answer was ${response.status}`), rollcallStatus: json.rollcallStatus }
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

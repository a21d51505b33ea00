// Live parts: an element with data-events-url listens, and on "changed" fetches its data-live-url again.
// The new content is morphed in, so that focus, scroll and open details stay.
const QUIET = 250
const AGAIN = 30_000

export function startEvents () {
  for (const element of document.querySelectorAll('[data-events-url]')) listen(element)
}

function listen (element) {
  if (!window.EventSource) return
  let source = null
  let timer = null
  let missed = false
  const refresh = () => {
    if (document.hidden) { missed = true; return }
    clearTimeout(timer)
    timer = setTimeout(() => fetchAgain(element), QUIET)
  }
  // A browser comes back by itself after a broken line, but not after a refusal (429: too many open).
  const connect = () => {
    source = new EventSource(element.dataset.eventsUrl)
    source.addEventListener('open', () => say('on'))
    source.addEventListener('error', () => {
      say('off')
      if (source.readyState === EventSource.CLOSED) setTimeout(connect, AGAIN)
    })
    // What changed between the making of the page and the first word of the stream is not lost.
    source.addEventListener('version', (event) => {
      const shown = element.dataset.version
      if (shown && shown !== event.data) refresh()
      if (shown) element.dataset.version = event.data
    })
    source.addEventListener('changed', (event) => {
      if (element.dataset.version) element.dataset.version = event.data
      refresh()
    })
    source.addEventListener('message', refresh)
  }
  connect()
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden && missed) { missed = false; refresh() }
  })
  window.addEventListener('pagehide', () => source.close())
  window.addEventListener('pageshow', (event) => { if (event.persisted) window.location.reload() })
}

async function fetchAgain (element) {
  // What the reader chose stands in the address of the page, and stays, also if it is chosen meanwhile.
  const chosen = chosenFor(element)
  await window.htmx.ajax('GET', element.dataset.liveUrl + chosen, { source: element, target: element, swap: 'innerMorph' })
  if (chosen !== chosenFor(element)) return fetchAgain(element)
  announce(element)
}

function chosenFor (element) {
  return 'keepsQuery' in element.dataset ? window.location.search : ''
}

function announce (element) {
  const words = element.querySelector('[data-announce]')?.dataset.announce
  const place = document.getElementById('live-words')
  if (place && words && place.textContent !== words) place.textContent = words
}

function say (state) {
  for (const light of document.querySelectorAll('[data-live]')) {
    light.dataset.live = state
    light.textContent = document.body.dataset[state === 'on' ? 'wordsLive' : 'wordsReconnecting']
  }
}

// Rule, date and open accounts of the flow: what is chosen stands in the address, so that Back undoes it.
// Picture and table are fetched and morphed in. Without this file the same form and links load the page.
const TYPING = 800
let typing = null

export function startRetrace () {
  const place = document.getElementById('case-flow')
  if (!place) return
  if (!place.dataset.started) listen(place)
  place.dataset.started = 'yes'
  const slider = place.querySelector('[data-moments]')
  if (slider) slide(slider)
  offerUndo(place)
}

function listen (place) {
  place.addEventListener('click', (event) => {
    const link = event.target.closest('[data-flow-link]')
    if (!link || event.defaultPrevented || event.metaKey || event.ctrlKey || event.shiftKey) return
    event.preventDefault()
    go(place, new URL(link.href).search)
  })
  place.addEventListener('submit', (event) => {
    if (!event.target.matches('[data-retrace]')) return
    event.preventDefault()
    go(place, asked(event.target))
  })
  place.addEventListener('change', (event) => {
    const form = event.target.closest('[data-retrace]')
    if (!form) return
    clearTimeout(typing)
    if (event.target !== form.elements.at) return go(place, asked(form))
    if (isMeant(event.target)) typing = setTimeout(() => go(place, asked(form)), TYPING)
  })
  place.addEventListener('input', (event) => {
    if (!event.target.matches('[data-moments]')) return
    const moment = momentsOf(event.target)[event.target.value]
    event.target.form.elements.at.value = moment ? moment.at : ''
    say(event.target)
  })
  window.addEventListener('popstate', () => fetchInto(place, window.location.search))
}

// A browser calls each digit of a year a change: 2026 begins as the years 2, 20 and 202.
function isMeant (field) {
  const year = parseInt(field.value, 10)
  return !field.validity.badInput && (!field.value || (year > 1970 && year < 9999))
}

// The address of what the form asks for: what holds anyway is left out of it.
function asked (form) {
  const told = new URLSearchParams()
  for (const [name, value] of new FormData(form)) {
    const isHeld = name === 'rule' && value === form.dataset.held
    if (value && !isHeld) told.append(name, value)
  }
  return told.size ? `?${told}` : ''
}

async function go (place, search) {
  const before = window.location.search
  await fetchInto(place, search)
  if (search === before) return
  window.history.pushState({ undo: before }, '', window.location.pathname + search)
  offerUndo(place)
}

// Its own source, so that it does not wait for a live part; of two choices the later one counts.
async function fetchInto (place, search) {
  await window.htmx.ajax('GET', place.dataset.flowUrl + search, { source: place, target: place, swap: 'innerMorph' })
}

function offerUndo (place) {
  const link = place.querySelector('#flow-undo')
  const before = window.history.state?.undo
  if (!link || before === undefined) return
  link.href = window.location.pathname + before
  link.hidden = false
}

function slide (slider) {
  const at = slider.form.elements.at.getAttribute('value')
  const moments = momentsOf(slider)
  const before = moments.filter((moment) => moment.at <= at).length
  slider.max = moments.length
  slider.value = at ? Math.max(before - 1, 0) : moments.length
  if (document.activeElement !== slider.form.elements.at) slider.form.elements.at.value = at
  slider.form.elements.rule.value = slider.form.dataset.rule
  say(slider)
}

function momentsOf (slider) {
  return JSON.parse(document.getElementById(slider.dataset.moments).textContent)
}

function say (slider) {
  const moment = momentsOf(slider)[slider.value]
  slider.setAttribute('aria-valuetext', moment ? moment.said : slider.dataset.now)
}

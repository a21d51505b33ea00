// The bank desk: one key an answer, parts of the form that fit the answer, rows of bookings.
// Single keys act only outside of fields, and can be switched off on the device.
let listening = false

// A refusal (409, 422) is the form again, with what is wrong. Anything else keeps the form as it is
// and says so beside the button.
const FORM_AGAIN = [409, 422]

export function startAnswers (scope) {
  for (const box of scope.querySelectorAll('[data-shortcuts-switch]')) shortcutsSwitch(box)
  const form = document.querySelector('[data-answers]')
  if (form && !form.dataset.started) startForm(form)
  if (form) showParts(form)
  for (const button of scope.querySelectorAll('[data-add-row]')) addRowButton(button)
  if (listening) return
  listening = true
  document.addEventListener('keydown', onKey)
  document.addEventListener('htmx:response:error', (event) => {
    const status = event.detail?.ctx?.response?.status
    if (!FORM_AGAIN.includes(status)) showTrouble(event, 'answered')
  })
  document.addEventListener('htmx:error', (event) => showTrouble(event, 'silent'))
}

// How the hub's answer to sending the form is told: not stored, or not known since nothing came.
function showTrouble (event, how) {
  const form = event.detail?.ctx?.sourceElement
  if (!(form instanceof Element) || !form.matches('[data-answers]')) return
  const box = document.getElementById('answer-trouble-box')
  for (const words of box.querySelectorAll('[data-when]')) words.hidden = words.dataset.when !== how
  document.getElementById('answer-trouble').replaceChildren()
  box.hidden = false
  box.focus()
}

function areKeysOn () {
  try { return window.localStorage.getItem('shortcuts') !== 'off' } catch { return true }
}

function shortcutsSwitch (box) {
  box.checked = areKeysOn()
  box.addEventListener('change', () => {
    try { window.localStorage.setItem('shortcuts', box.checked ? 'on' : 'off') } catch { /* Not kept, then. */ }
  })
}

function onKey (event) {
  const form = document.querySelector('[data-answers]')
  if (form && event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
    event.preventDefault()
    form.requestSubmit(form.querySelector('[data-send-answer]'))
    return
  }
  if (event.ctrlKey || event.metaKey || event.altKey || !areKeysOn()) return
  const at = event.target
  if (at instanceof Element && at.closest('input:not([type=radio]), textarea, select, [contenteditable]')) return
  const hit = document.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`)
  if (!hit) return
  event.preventDefault()
  hit.focus()
  hit.click()
}

function startForm (form) {
  form.dataset.started = '1'
  form.addEventListener('change', (event) => {
    if (event.target.name === 'code') chosen(form, event.target)
  })
}

function chosen (form, radio) {
  const held = form.elements.namedItem('held')
  if (held && radio.dataset.fills === 'all') held.value = form.dataset.amount
  if (held && radio.dataset.fills === 'none') held.value = '0'
  if (held && radio.dataset.fills === '' && [form.dataset.amount, '0'].includes(held.value)) held.value = ''
  showParts(form)
}

function showParts (form) {
  const code = form.querySelector('[name=code]:checked')?.value
  for (const part of form.querySelectorAll('[data-show-for]')) {
    part.hidden = Boolean(code) && !part.dataset.showFor.split(' ').includes(code)
  }
}

function addRowButton (button) {
  if (button.dataset.started) return
  button.dataset.started = '1'
  button.hidden = false
  button.addEventListener('click', () => {
    const part = button.closest('#window')
    const count = part.querySelector('[data-row-count]')
    const row = part.querySelector('[data-row-template]').content.cloneNode(true)
    for (const field of row.querySelectorAll('[name]')) field.name = field.name.replace('__n__', count.value)
    const first = row.querySelector('select')
    part.querySelector('[data-rows]').append(row)
    count.value = String(Number(count.value) + 1)
    first.focus()
  })
}

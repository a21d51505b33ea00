// Fills a form with given facts (the demo's), and keeps half-typed text when a page is left by mistake.
export function startForms (scope) {
  for (const button of scope.querySelectorAll('[data-fill-form]')) {
    if (button.dataset.started) continue
    button.dataset.started = '1'
    button.hidden = false
    button.addEventListener('click', () => fill(button))
  }
}

function fill (button) {
  const form = document.querySelector(button.dataset.fillForm)
  const facts = JSON.parse(button.dataset.fill)
  for (const [name, value] of Object.entries(facts)) {
    const field = form.elements.namedItem(name)
    if (!field) continue
    field.value = value
    field.dispatchEvent(new Event('change', { bubbles: true }))
  }
  form.querySelector('button:not([type=button])')?.focus()
}

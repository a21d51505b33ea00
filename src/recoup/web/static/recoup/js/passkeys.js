// Asks the device for a passkey and sends its answer with the form around the button.
// data-passkey: "get" or "make". The question stands in the form, or is fetched when it is needed.
export function startPasskeys (scope) {
  for (const form of scope.querySelectorAll('form[data-passkey]')) {
    if (form.dataset.started) continue
    form.dataset.started = '1'
    const button = form.querySelector('[data-passkey-button]')
    if (!window.PublicKeyCredential) {
      tell(form, form.dataset.wordsUnable)
      continue
    }
    button.hidden = false
    form.addEventListener('submit', (event) => {
      if (form.elements.namedItem(form.dataset.passkeyField).value) return
      event.preventDefault()
      answer(form, button)
    })
  }
}

async function answer (form, button) {
  button.disabled = true
  tell(form, form.dataset.wordsWaiting)
  try {
    const options = await question(form)
    const found = form.dataset.passkey === 'make'
      ? await navigator.credentials.create({ publicKey: forMaking(options) })
      : await navigator.credentials.get({ publicKey: forAsking(options) })
    form.elements.namedItem(form.dataset.passkeyField).value = JSON.stringify(plain(found))
    tell(form, '')
    form.submit()
  } catch {
    tell(form, form.dataset.wordsFailed)
    button.disabled = false
    button.focus()
  }
}

async function question (form) {
  const inPage = form.querySelector('script[type="application/json"]')
  if (inPage) return JSON.parse(inPage.textContent)
  const token = form.elements.namedItem('csrfmiddlewaretoken').value
  const response = await fetch(form.dataset.passkeyBegin, { method: 'POST', headers: { 'X-CSRFToken': token } })
  if (!response.ok) throw new Error(response.status)
  return response.json()
}

function forMaking (options) {
  return {
    ...options,
    challenge: bytes(options.challenge),
    user: { ...options.user, id: bytes(options.user.id) },
    excludeCredentials: (options.excludeCredentials || []).map(described)
  }
}

function forAsking (options) {
  return {
    ...options,
    challenge: bytes(options.challenge),
    allowCredentials: (options.allowCredentials || []).map(described)
  }
}

function described (key) {
  return { ...key, id: bytes(key.id) }
}

// Written out by hand: not every browser in an office has toJSON for it.
function plain (found) {
  const given = found.response
  const response = { clientDataJSON: text(given.clientDataJSON) }
  for (const name of ['attestationObject', 'authenticatorData', 'signature', 'userHandle']) {
    if (given[name]) response[name] = text(given[name])
  }
  return { id: found.id, rawId: text(found.rawId), type: found.type, clientExtensionResults: {}, response }
}

function bytes (encoded) {
  const padded = encoded.replaceAll('-', '+').replaceAll('_', '/')
  return Uint8Array.from(atob(padded), (letter) => letter.charCodeAt(0))
}

function text (buffer) {
  const letters = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join('')
  return btoa(letters).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

function tell (form, words) {
  const place = form.querySelector('[data-passkey-said]')
  if (place) place.textContent = words || ''
}

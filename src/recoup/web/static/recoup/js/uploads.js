// Files for the vault: sent in pieces with their digests, tried again, gone on with after a stop.
const TRIES = 5

export function startUploads (scope) {
  for (const form of scope.querySelectorAll('form[data-upload]')) once(form, startForm)
  for (const place of scope.querySelectorAll('[data-resume]')) once(place, startResume)
}

function once (part, start) {
  if (part.dataset.started) return
  part.dataset.started = '1'
  start(part)
}

function startForm (form) {
  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    const file = form.elements.file.files[0]
    if (!file) return
    if (file.size > Number(form.dataset.mostBytes)) { problem(form, form.dataset.wordsLarge); return }
    const button = form.querySelector('button:not([type=button])')
    button.disabled = true
    problem(form, '')
    try {
      const told = new FormData(form)
      told.delete('file')
      told.set('name', file.name)
      told.set('size', file.size)
      told.set('media_type', file.type)
      const begun = await answered(await fetch(form.dataset.upload, { method: 'POST', body: told }))
      await send(form, form.dataset, file, begun, token(form))
    } catch (fault) {
      problem(form, fault.words || form.dataset.wordsStopped)
      button.disabled = false
    }
  })
}

function startResume (place) {
  const field = place.querySelector('[data-resume-field]')
  if (!field) return
  field.hidden = false
  field.querySelector('input').addEventListener('change', async (event) => {
    const file = event.target.files[0]
    const words = document.querySelector('form[data-upload]')?.dataset || {}
    if (!file) return
    if (file.name !== place.dataset.name || file.size !== Number(place.dataset.bytes)) {
      problem(place, words.wordsOther || '')
      return
    }
    try {
      problem(place, '')
      const begun = await answered(await fetch(place.dataset.resume))
      await send(place, words, file, begun, token(place))
    } catch (fault) {
      problem(place, fault.words || words.wordsStopped || '')
    }
  })
}

async function send (place, words, file, begun, csrf) {
  let done = begun.pieces - begun.missing.length
  show(place, words, done, begun.pieces)
  for (const number of begun.missing) {
    const piece = file.slice(number * begun.piece_bytes, (number + 1) * begun.piece_bytes)
    await sendPiece(place, words, begun, number, piece, csrf)
    done += 1
    show(place, words, done, begun.pieces)
  }
  say(place, words.wordsFinishing || '')
  const kept = await answered(await fetch(begun.finish_url, { method: 'POST', headers: { 'X-CSRFToken': csrf } }))
  window.location.assign(kept.url)
}

async function sendPiece (place, words, begun, number, piece, csrf) {
  const body = await piece.arrayBuffer()
  const headers = { 'X-CSRFToken': csrf, 'Content-Type': 'application/octet-stream' }
  if (window.crypto.subtle) {
    const digest = new Uint8Array(await window.crypto.subtle.digest('SHA-256', body))
    headers['Content-Digest'] = `sha-256=:${btoa(String.fromCharCode(...digest))}:`
  }
  for (let tried = 1; ; tried += 1) {
    try {
      return await answered(await fetch(`${begun.piece_url}?number=${number}`, { method: 'POST', body, headers }))
    } catch (fault) {
      const isFinal = fault.status >= 400 && fault.status < 500 && fault.status !== 408 && fault.status !== 429
      if (isFinal || tried === TRIES) throw fault
      say(place, words.wordsAgain || '')
      await new Promise((resolve) => setTimeout(resolve, 400 * 2 ** tried))
    }
  }
}

async function answered (response) {
  const told = await response.json().catch(() => ({}))
  if (response.ok) return told
  throw Object.assign(new Error(response.status), { status: response.status, words: told.message })
}

function show (place, words, done, all) {
  const bar = place.querySelector('progress')
  if (place.querySelector('[data-upload-state]')) place.querySelector('[data-upload-state]').hidden = false
  bar.max = all
  bar.value = done
  say(place, (words.wordsSent || '{done}/{all}').replace('{done}', done).replace('{all}', all))
}

function say (place, words) {
  place.querySelector('[data-progress-words]').textContent = words
}

function problem (place, words) {
  const told = place.querySelector('[data-upload-problem]')
  told.textContent = words
  told.hidden = !words
}

function token (place) {
  return (place.querySelector('[name=csrfmiddlewaretoken]') || document.querySelector('[name=csrfmiddlewaretoken]')).value
}

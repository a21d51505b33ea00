// Files of an answer: one that is too large is named before anything is sent, so that nothing typed is
// lost; each goes with its digest, so that one that arrives changed is refused.
export function startFiles (scope) {
  for (const field of scope.querySelectorAll('input[type=file][data-most-bytes]')) {
    if (field.dataset.started) continue
    field.dataset.started = '1'
    field.addEventListener('change', () => look(field))
  }
}

async function look (field) {
  const digests = () => field.form.querySelectorAll('[name=upload_sha256]')
  for (const old of digests()) old.remove()
  const files = [...field.files]
  const problem = problemOf(files, field.dataset)
  say(field, problem)
  if (problem || !window.crypto.subtle) return
  const found = await Promise.all(files.map(digestOf))
  if (files.some((file, place) => file !== field.files[place]) || files.length !== field.files.length) return
  for (const old of digests()) old.remove()
  for (const value of found) {
    const told = document.createElement('input')
    Object.assign(told, { type: 'hidden', name: 'upload_sha256', value })
    field.parentElement.append(told)
  }
}

function problemOf (files, limits) {
  const large = files.find((file) => file.size > Number(limits.mostBytes))
  if (large) return limits.wordsLarge.replace('{name}', large.name)
  const together = files.reduce((sum, file) => sum + file.size, 0)
  return together > Number(limits.mostTogether) ? limits.wordsTogether : ''
}

function say (field, problem) {
  const place = document.getElementById('upload-problem')
  place.textContent = problem
  place.hidden = !problem
  field.setAttribute('aria-describedby', problem ? 'upload-hint upload-problem' : 'upload-hint')
  field.closest('fieldset').classList.toggle('govuk-form-group--error', Boolean(problem))
  if (problem) field.value = ''
}

async function digestOf (file) {
  const digest = await window.crypto.subtle.digest('SHA-256', await file.arrayBuffer())
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

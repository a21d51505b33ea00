// Starts the parts of a page that move. Every page works without them.
import { startAnswers } from './answers.js'
import { startClocks } from './clocks.js'
import { startEvents } from './events.js'
import { startFiles } from './files.js'
import { startFlows } from './flow.js'
import { startForms } from './forms.js'
import { startPasskeys } from './passkeys.js'
import { startRetrace } from './retrace.js'
import { startSmall } from './small.js'
import { startUploads } from './uploads.js'

const parts = [
  startSmall, startClocks, startForms, startFiles, startAnswers, startFlows, startRetrace, startPasskeys, startUploads
]

function start (scope) {
  for (const part of parts) part(scope)
}

start(document)
startEvents()

document.addEventListener('htmx:after:swap', (event) => {
  const target = event.detail?.ctx?.target
  start(target instanceof Element && target.isConnected ? target : document)
  focusOnce()
})

// A part of a page that takes the place of another is where reading goes on.
function focusOnce () {
  const part = document.querySelector('[data-focus]:not([data-focused])')
  if (!part) return
  part.dataset.focused = '1'
  part.focus()
}

// A request that never reached the hub says so in words.
document.addEventListener('htmx:error', () => {
  const flash = document.getElementById('flash')
  if (!flash) return
  const box = document.createElement('div')
  box.className = 'rc-problem'
  box.textContent = document.body.dataset.wordsUnreachable
  flash.replaceChildren(box)
})

// Clock chips count by themselves: words and bar come from data-due and data-start.
const SOON = 0.34
let running = false

export function startClocks () {
  tick()
  if (running) return
  running = true
  setInterval(tick, 1000)
}

function tick () {
  const now = Date.now()
  for (const chip of document.querySelectorAll('[data-due]')) showDue(chip, now)
  for (const part of document.querySelectorAll('[data-since]')) showSince(part, now)
}

function showDue (chip, now) {
  const due = Date.parse(chip.dataset.due)
  const start = chip.dataset.start ? Date.parse(chip.dataset.start) : due - 3600000
  const left = due - now
  const share = Math.max(0, Math.min(1, left / Math.max(1, due - start)))
  const words = document.body.dataset
  chip.dataset.level = left <= 0 ? 'over' : share < SOON ? 'soon' : 'fine'
  write(chip.querySelector('[data-clock-words]'),
    `${inWords(left)} ${left <= 0 ? words.wordsOverdue : words.wordsLeft}`)
  chip.querySelector('[data-clock-bar]')?.setAttribute('width', left <= 0 ? '100' : String(Math.round(share * 100)))
}

function showSince (part, now) {
  const until = part.dataset.until ? Date.parse(part.dataset.until) : now
  const seconds = Math.max(0, Math.floor((until - Date.parse(part.dataset.since)) / 1000))
  if (seconds >= 86400) return write(part, inWords(seconds * 1000))
  const two = (n) => String(n).padStart(2, '0')
  const hours = Math.floor(seconds / 3600)
  const rest = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`
  write(part, hours ? `${hours}:${rest}` : rest)
}

function write (element, text) {
  if (element && element.textContent !== text) element.textContent = text
}

export function inWords (milliseconds) {
  const { wordsD: d, wordsH: h, wordsMin: min, wordsS: s } = document.body.dataset
  const seconds = Math.floor(Math.abs(milliseconds) / 1000)
  const minutes = Math.floor(seconds / 60)
  const hours = Math.floor(minutes / 60)
  const days = Math.floor(hours / 24)
  if (days) return `${days}\u00a0${d}\u00a0${hours % 24}\u00a0${h}`
  if (hours) return `${hours}\u00a0${h}\u00a0${String(minutes % 60).padStart(2, '0')}\u00a0${min}`
  return minutes ? `${minutes}\u00a0${min}` : `${seconds}\u00a0${s}`
}

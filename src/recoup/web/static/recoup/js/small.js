// Copy, print, dark or light: buttons that are hidden until there is a script to serve them.
export function startSmall (scope) {
  for (const button of scope.querySelectorAll('[data-copy]')) copyButton(button)
  for (const button of scope.querySelectorAll('[data-print]')) once(button, () => window.print())
  for (const button of scope.querySelectorAll('[data-theme-switch]')) once(button, switchTheme)
}

function once (button, act) {
  if (button.dataset.started) return
  button.dataset.started = '1'
  button.hidden = false
  button.addEventListener('click', act)
}

function copyButton (button) {
  const words = button.textContent
  once(button, async () => {
    const source = document.querySelector(button.dataset.copy)
    try {
      await navigator.clipboard.writeText(source.textContent.trim())
      button.textContent = document.body.dataset.wordsCopied
      setTimeout(() => { button.textContent = words }, 2000)
    } catch {
      const range = document.createRange()
      range.selectNodeContents(source)
      window.getSelection().removeAllRanges()
      window.getSelection().addRange(range)
    }
  })
}

function switchTheme () {
  const root = document.documentElement
  const isDark = root.dataset.theme
    ? root.dataset.theme === 'dark'
    : window.matchMedia('(prefers-color-scheme: dark)').matches
  root.dataset.theme = isDark ? 'light' : 'dark'
  try { window.localStorage.setItem('theme', root.dataset.theme) } catch { /* Not kept, then. */ }
  document.dispatchEvent(new CustomEvent('recoup:theme'))
}

// Sets the chosen theme before the page is painted. Loaded in the head, not deferred.
try {
  const theme = window.localStorage.getItem('theme')
  if (theme === 'dark' || theme === 'light') document.documentElement.dataset.theme = theme
} catch { /* Storage may be switched off: the system's choice then holds. */ }

// Starts govuk-frontend's components. The usual inline script that adds the two classes would break the
// content security policy, so they are added here.
import {
  createAll, Button, CharacterCount, Checkboxes, ErrorSummary, FileUpload, NotificationBanner,
  PasswordInput, Radios, SkipLink, Tabs
} from 'govuk-frontend'

document.body.classList.add('js-enabled', 'govuk-frontend-supported')

function start (scope) {
  for (const Component of [Button, CharacterCount, Checkboxes, ErrorSummary, FileUpload, NotificationBanner,
    PasswordInput, Radios, SkipLink, Tabs]) {
    createAll(Component, undefined, { scope, onError: () => {} })
  }
}

start(document)
document.addEventListener('htmx:after:swap', (event) => {
  const target = event.detail?.ctx?.target
  if (target instanceof Element) start(target)
})

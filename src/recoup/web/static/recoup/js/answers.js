// The bank desk: one key an answer.
export function startAnswers () {}

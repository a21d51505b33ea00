// The money flow.
export function startFlows () {}

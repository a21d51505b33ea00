// The money flow as a Sankey diagram. Its data stands in a JSON block beside it; its table twin below
// says the same in words, and a band that is clicked leads to its row.
const charts = new WeakMap()
// Pixels: beside the last accounts for their labels, and a step from account to account, as wide as
// the longest name of an account. A picture that is wider than its place is scrolled.
const EDGE = 218
const COLUMN = 165

export function startFlows () {
  for (const box of document.querySelectorAll('[data-flow]')) draw(box)
}

document.addEventListener('recoup:theme', startFlows)
window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', startFlows)

function draw (box) {
  const data = document.getElementById(box.dataset.flow)
  if (!data || !window.echarts) return
  const flow = JSON.parse(data.textContent)
  const looks = data.textContent + colour('--rc-card')
  if (box.dataset.drawn === looks) return
  box.dataset.drawn = looks
  box.hidden = !flow.links.length
  if (box.hidden) return
  box.style.height = `${Math.min(36, Math.max(11, 6 + 2.6 * flow.links.length))}rem`
  box.style.minWidth = `${EDGE + COLUMN * columns(flow)}px`
  let chart = charts.get(box)
  if (!chart) {
    chart = window.echarts.init(box, null, { renderer: 'svg' })
    charts.set(box, chart)
    new window.ResizeObserver(() => chart.resize()).observe(box)
    chart.on('click', (event) => showRow(event.data))
  }
  chart.setOption(options(flow), { notMerge: true })
}

function colour (name) {
  return window.getComputedStyle(document.documentElement).getPropertyValue(name).trim()
}

function options (flow) {
  const { nodes, links } = withoutLoops(flow)
  const colours = {}
  for (const kind of ['held', 'lying', 'gone', 'returned', 'unknown']) colours[kind] = colour(`--rc-${kind}`)
  colours.victim = colour('--govuk-link-colour')
  colours.account = colour('--rc-line-strong')
  colours.moved = colour('--rc-line-strong')
  const text = colour('--govuk-text-colour')
  const plate = colour('--rc-card')
  const calm = window.matchMedia('(prefers-reduced-motion: reduce)').matches
  return {
    animation: !calm,
    animationDuration: 500,
    aria: { enabled: true },
    tooltip: {
      renderMode: 'richText',
      confine: true,
      backgroundColor: plate,
      borderColor: colour('--rc-line-strong'),
      textStyle: { color: text, fontSize: 13 },
      formatter: (item) => item.data.tip ?? item.name
    },
    series: [{
      type: 'sankey',
      left: 8, right: EDGE - 8, top: 22, bottom: 10,
      nodeWidth: 14, nodeGap: 26, nodeAlign: 'left', draggable: false, layoutIterations: 48,
      emphasis: { focus: 'adjacency' },
      data: nodes.map((node) => ({
        name: node.id, tip: node.tip ?? node.label, depth: node.depth,
        itemStyle: { color: colours[node.kind] ?? colours.account, borderColor: plate },
        label: {
          formatter: node.isLast ? wrapped(node.label) : label(node.label),
          position: node.isFirst ? [0, -17] : node.isLast ? 'right' : [0, -17]
        }
      })),
      links: links.map((link) => ({
        source: link.source, target: link.target, value: link.value, key: link.key, tip: link.tip,
        lineStyle: { color: colours[link.fate] ?? colours.moved, opacity: link.fate === 'moved' ? 0.4 : 0.55, curveness: 0.5 }
      })),
      label: { color: text, fontSize: 12, lineHeight: 15, fontFamily: 'inherit', backgroundColor: plate, padding: [1, 3], borderRadius: 2 }
    }]
  }
}

const label = (words) => (words.length > 30 ? words.slice(0, 29) + '…' : words).replace(/[{}]/g, '')

// The last labels stand at the edge: two lines of at most 28 letters.
function wrapped (words) {
  const clean = words.replace(/[{}]/g, '')
  if (clean.length <= 28) return clean
  const cut = clean.lastIndexOf(' ', 28) > 8 ? clean.lastIndexOf(' ', 28) : 28
  const rest = clean.slice(cut).trim()
  return clean.slice(0, cut) + '\n' + (rest.length > 28 ? rest.slice(0, 27) + '…' : rest)
}

// A Sankey has no loops. Money that returns to an account seen before is drawn as arriving at a second
// node of that account.
function withoutLoops (flow) {
  const nodes = flow.nodes.map((node) => ({ ...node }))
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const out = new Map()
  const links = []
  const reaches = (from, to, seen = new Set()) => {
    if (from === to) return true
    if (seen.has(from)) return false
    seen.add(from)
    return (out.get(from) ?? []).some((next) => reaches(next, to, seen))
  }
  for (const link of flow.links) {
    let target = link.target
    if (reaches(target, link.source)) {
      target = `${link.target} ↩`
      if (!byId.has(target)) {
        const again = { ...byId.get(link.target), id: target, label: `↩ ${byId.get(link.target).label}` }
        byId.set(target, again)
        nodes.push(again)
      }
    }
    out.set(link.source, [...(out.get(link.source) ?? []), target])
    links.push({ ...link, target })
  }
  const targets = new Set(links.map((link) => link.target))
  for (const node of nodes) {
    node.isFirst = !targets.has(node.id)
    node.isLast = !out.has(node.id)
    delete node.depth
  }
  return { nodes: nodes.filter((node) => !node.isFirst || !node.isLast), links }
}

// Steps from the first account to the last.
function columns (flow) {
  const { links } = withoutLoops(flow)
  const depth = new Map()
  for (let round = 0, changed = true; changed && round <= links.length; round++) {
    changed = false
    for (const link of links) {
      const next = (depth.get(link.source) ?? 0) + 1
      if (next <= (depth.get(link.target) ?? 0)) continue
      depth.set(link.target, next)
      changed = true
    }
  }
  return Math.max(1, ...depth.values())
}

function showRow (data) {
  const row = data?.key && document.getElementById(`band-${data.key}`)
  if (!row) return
  for (const other of document.querySelectorAll('.rc-flow-row--on')) other.classList.remove('rc-flow-row--on')
  row.classList.add('rc-flow-row--on')
  row.closest('details')?.setAttribute('open', '')
  row.tabIndex = -1
  row.focus()
  row.scrollIntoView({ block: 'center' })
}

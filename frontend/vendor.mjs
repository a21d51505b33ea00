// Builds what the application ships: style sheet and vendored scripts, with versions and licences beside them.
// `npm run vendor` does all of it, `npm run css` the style sheet only.
import { createHash } from 'node:crypto'
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { compile } from 'sass'

const here = dirname(fileURLToPath(import.meta.url))
const modules = join(here, 'node_modules')
const staticFolder = join(here, '../src/recoup/web/static')
const vendorFolder = join(staticFolder, 'vendor')
const testFolder = join(here, '../tests/vendor')

// The manifest of hashed names cannot find source maps that are not shipped.
const withoutMap = (text) => text.replace(/\/[/*][#@] sourceMappingURL=.*$/gm, '').trimEnd() + '\n'
const version = async (name) => JSON.parse(await readFile(join(modules, name, 'package.json'), 'utf8')).version

async function styleSheet () {
  const { css } = compile(join(here, 'scss/recoup.scss'), { style: 'compressed', quietDeps: true })
  await mkdir(join(staticFolder, 'recoup'), { recursive: true })
  await writeFile(join(staticFolder, 'recoup/recoup.css'), withoutMap(css))
}

async function bundle (entry, target, globalName) {
  const result = await build({
    entryPoints: [join(here, 'entry', entry)], bundle: true, minify: true, write: false, format: 'iife',
    globalName, target: 'es2020', legalComments: 'inline', charset: 'utf8',
    define: { 'process.env.NODE_ENV': '"production"' }
  })
  await writeFile(join(vendorFolder, target), withoutMap(result.outputFiles[0].text))
}

async function copy (from, folder, to) {
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, to), withoutMap(await readFile(join(modules, from), 'utf8')))
}

const digest = async (path) => 'sha256:' + createHash('sha256').update(await readFile(path)).digest('hex')

async function versions (folder, rows) {
  const lines = []
  for (const [file, name, licence] of rows) {
    const made = file.startsWith('../') ? 'compiled from frontend/scss' : await digest(join(folder, file))
    lines.push(`${file}  ${name} ${await version(name)}  ${licence}  ${made}`)
  }
  await writeFile(join(folder, 'VERSIONS'), lines.join('\n') + '\n')
}

await styleSheet()
if (!process.argv.includes('--css')) {
  const licences = join(vendorFolder, 'licences')
  await mkdir(licences, { recursive: true })
  await copy('htmx.org/dist/htmx.min.js', vendorFolder, 'htmx.min.js')
  await bundle('govuk.mjs', 'govuk.min.js')
  await bundle('echarts.mjs', 'echarts.min.js', 'echarts')
  await copy('axe-core/axe.min.js', testFolder, 'axe.min.js')
  await cp(join(modules, 'htmx.org/LICENSE'), join(licences, 'htmx.txt'))
  await cp(join(modules, 'echarts/LICENSE'), join(licences, 'echarts.txt'))
  await cp(join(modules, 'echarts/NOTICE'), join(licences, 'echarts-notice.txt'))
  await cp(join(modules, 'zrender/LICENSE'), join(licences, 'zrender.txt'))
  await cp(join(modules, 'tslib/LICENSE.txt'), join(licences, 'tslib.txt'))
  await cp(join(here, 'licences/govuk-frontend.txt'), join(licences, 'govuk-frontend.txt'))
  await cp(join(modules, 'axe-core/LICENSE'), join(testFolder, 'axe-core-licence.txt'))
  await versions(vendorFolder, [
    ['htmx.min.js', 'htmx.org', '0BSD'],
    ['govuk.min.js', 'govuk-frontend', 'MIT'],
    ['../recoup/recoup.css', 'govuk-frontend', 'MIT'],
    ['echarts.min.js', 'echarts', 'Apache-2.0']
  ])
  await versions(testFolder, [['axe.min.js', 'axe-core', 'MPL-2.0']])
}

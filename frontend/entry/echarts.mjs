// The one chart bundle: the four chart kinds that pages use, drawn as SVG.
import { init, use } from 'echarts/core'
import { BarChart, LineChart, SankeyChart } from 'echarts/charts'
import { AriaComponent, GridComponent, LegendComponent, TitleComponent, TooltipComponent } from 'echarts/components'
import { SVGRenderer } from 'echarts/renderers'

use([BarChart, LineChart, SankeyChart, AriaComponent, GridComponent, LegendComponent, TitleComponent,
  TooltipComponent, SVGRenderer])

export { init }

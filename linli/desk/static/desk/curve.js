// Draws a curve of the day from data in the page:
//   <div class="ln-curve" data-curve="curve-data" role="img" aria-label="..."></div>
//   {{ curve|json_script:"curve-data" }}   with curve = {"labels": ["8:00", ...], "values": [412, ...], "name": "...", "now": 12}
// The table beside it (.ln-curve-table) holds the same figures for those who cannot see the picture.
(() => {
  const charts = new Map();
  const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const number = (value) => Number(value).toLocaleString('en-US');

  function options(data) {
    const muted = token('--ln-muted');
    const root = document.documentElement;
    const least = root.dataset.size === 'large' ? 18 : 0; // pixels
    const size = Math.max(least, Math.round(parseFloat(getComputedStyle(root).fontSize) * 0.75));
    return {
      animation: false,
      textStyle: { fontFamily: token('--ln-font'), fontSize: size },
      grid: { left: 8, right: 12, top: 14, bottom: 6, containLabel: true },
      tooltip: { trigger: 'axis', axisPointer: { type: 'shadow' }, confine: true, valueFormatter: number },
      xAxis: {
        type: 'category', data: data.labels, axisTick: { show: false },
        axisLine: { lineStyle: { color: token('--ln-line') } }, axisLabel: { color: muted, fontSize: size, hideOverlap: true },
      },
      yAxis: {
        type: 'value', minInterval: 1, splitNumber: 4,
        splitLine: { lineStyle: { color: token('--ln-line-soft') } }, axisLabel: { color: muted, fontSize: size, formatter: number },
      },
      series: [{ type: 'bar', name: data.name, data: data.values, barWidth: '70%', itemStyle: { color: token('--ln-done'), borderRadius: [2, 2, 0, 0] } }],
    };
  }

  function draw(element) {
    const source = document.getElementById(element.dataset.curve);
    if (!source || !window.echarts) return;
    let chart = charts.get(element);
    if (!chart) {
      chart = window.echarts.init(element, null, { renderer: 'svg' });
      charts.set(element, chart);
    }
    chart.setOption(options(JSON.parse(source.textContent)), true);
  }

  function drawAll() {
    for (const [element, chart] of charts) {
      if (!element.isConnected) {
        chart.dispose();
        charts.delete(element);
      }
    }
    document.querySelectorAll('[data-curve]').forEach(draw);
  }

  document.addEventListener('DOMContentLoaded', drawAll);
  document.addEventListener('htmx:afterSettle', drawAll);
  window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => setTimeout(drawAll));
  window.addEventListener('resize', () => charts.forEach((chart) => chart.resize()));
})();

// The page: a dashboard laid out and drawn with Grafana's components, on the answers of
// a real Prometheus. window.preview says which dashboard, and what is chosen.
import 'uplot/dist/uPlot.min.css';
import { createTheme, ThemeContext } from '@grafana/data';
import { GlobalStyles, PanelChrome } from '@grafana/ui';
import { createRoot } from 'react-dom/client';
import { prepare } from './fields.js';
import { arrange, expand, place, titleOf } from './layout.js';
import { annotations, labelValues, query } from './prometheus.js';
import { endTexts, replace, textOf } from './variables.js';
import { BarGauge } from './panels/bargauge.jsx';
import { Stat } from './panels/stat.jsx';
import { StateTimeline } from './panels/stateTimeline.jsx';
import { Table } from './panels/table.jsx';
import { Text } from './panels/text.jsx';
import { TimeSeries } from './panels/timeseries.jsx';

const kinds = { bargauge: BarGauge, stat: Stat, 'state-timeline': StateTimeline, table: Table, text: Text, timeseries: TimeSeries };

/** A panel's or a dashboard's beginning such as now-24h or 7d/d, in seconds. */
function beginning(text, now) {
  const [, amount, unit, floor] = /^(?:now-)?(\d+)([hd])(\/d)?$/.exec(text);
  const at = new Date((now - amount * { h: 3600, d: 86400 }[unit]) * 1000);
  if (floor) {
    at.setHours(0, 0, 0, 0);
  }
  return at.getTime() / 1000;
}

async function load({ dashboard, open, prometheus, now, chosen, dark, width }) {
  const theme = createTheme({ colors: { mode: dark ? 'dark' : 'light' } });
  const texts = endTexts(now);
  const all = {};
  const shown = [];
  for (const v of dashboard.templating.list) {
    if (v.type === 'datasource') {
      shown.push([v.label, 'Prometheus']);
      continue;
    }
    if (v.type !== 'query') {
      texts[v.name] = v.query;
      if (!v.hide) {
        shown.push([v.label, v.query]);
      }
      continue;
    }
    const values = await labelValues(prometheus, replace(v.query.query, texts), now);
    const picked = chosen[v.name] ?? (v.includeAll ? [] : [v.current.value]);
    all[v.name] = picked.length ? picked : values;
    texts[v.name] = textOf(v, picked);
    shown.push([v.label, picked.join(' + ') || 'All']);
  }
  const range = { from: beginning(dashboard.time.from, now), to: now };
  const marks = (await Promise.all(dashboard.annotations.list.filter((a) => a.expr).map((a) => annotations(prometheus, a, range, texts)))).flat();
  const panels = await Promise.all(
    arrange(open ? expand(dashboard.panels) : dashboard.panels, (name) => all[name]).map(async ({ panel, at, scoped }) => {
      const variables = { ...texts };
      const titles = Object.fromEntries(Object.entries(all).map(([name, values]) => [name, texts[name] === '.+' ? 'All' : values.join(' + ')]));
      for (const [name, value] of Object.entries(scoped)) {
        variables[name] = textOf(dashboard.templating.list.find((v) => v.name === name), [value]);
        titles[name] = value;
      }
      const interpolate = (text) => replace(text ?? '', titles);
      const own = panel.timeFrom ? { ...range, from: beginning(panel.timeFrom, now) } : range;
      const box = place(at, width);
      const targets = panel.targets ?? [];
      const frames = (await Promise.all(targets.map((t) => query(prometheus, t, own, panel.maxDataPoints ?? box.width, variables, targets.length > 1)))).flat();
      return {
        panel, box, range: own, interpolate,
        title: titleOf(panel, titles),
        frames: panel.fieldConfig ? await prepare(frames, panel, theme, interpolate) : [],
      };
    })
  );
  return { theme, shown, panels, marks };
}

function Page({ dashboard, width, theme, shown, panels, marks }) {
  const height = Math.max(...panels.map((p) => p.box.top + p.box.height));
  return (
    <ThemeContext.Provider value={theme}>
      <GlobalStyles />
      <div style={{ background: theme.colors.background.canvas, padding: '8px 16px 16px', width: width + 32, boxSizing: 'border-box' }}>
        <div style={{ display: 'flex', gap: 16, alignItems: 'center', height: 40, color: theme.colors.text.primary }}>
          <b style={{ marginRight: 'auto' }}>{dashboard.title}</b>
          {shown.map(([label, value]) => (
            <span key={label} style={{ border: `1px solid ${theme.colors.border.medium}`, borderRadius: 2, fontSize: 12 }}>
              <span style={{ padding: '6px 8px', display: 'inline-block', background: theme.colors.background.secondary }}>{label}</span>
              <span style={{ padding: '6px 8px', display: 'inline-block' }}>{value}</span>
            </span>
          ))}
        </div>
        <div style={{ position: 'relative', height, width, marginTop: 8 }}>
          {panels.map((p, i) => {
            if (p.panel.type === 'row') {
              return <h6 key={i} style={{ position: 'absolute', ...p.box, margin: 0, paddingTop: 6, color: theme.colors.text.primary }}>⌄ {p.title}</h6>;
            }
            const Kind = kinds[p.panel.type];
            return (
              <div key={i} style={{ position: 'absolute', ...p.box }}>
                <PanelChrome width={p.box.width} height={p.box.height} title={p.title} description={p.panel.description} padding={p.panel.type === 'table' ? 'none' : 'md'}
                  titleItems={p.panel.timeFrom ? <span style={{ fontSize: 12, color: theme.colors.text.secondary }}>Last {p.panel.timeFrom.split('/')[0]}</span> : null}>
                  {(w, h) => <Kind {...p} width={w} height={h} theme={theme} annotations={marks} />}
                </PanelChrome>
              </div>
            );
          })}
        </div>
      </div>
    </ThemeContext.Provider>
  );
}

async function main() {
  const options = window.preview;
  const loaded = await load(options);
  createRoot(document.getElementById('root')).render(<Page {...options} {...loaded} />);
  await document.fonts.ready;
  await new Promise((resolve) => setTimeout(resolve, 1500)); // Until what measures itself has been drawn.
  window.preview.done = true;
}

main().catch((error) => {
  document.body.textContent = error.stack;
  window.preview.failed = error.stack;
});

// Asks a Prometheus and hands over data frames, as Grafana's Prometheus data source
// makes them: a frame for each series, or one table for a query of the format "table".
import { createDataFrame, FieldType, rangeUtil } from '@grafana/data';
import { replace } from './variables.js';

async function ask(address, endpoint, parameters) {
  const response = await fetch(`${address}/api/v1/${endpoint}?${new URLSearchParams(parameters)}`);
  const answer = await response.json();
  if (answer.status !== 'success') {
    throw new Error(`${parameters.query}: ${answer.error}`);
  }
  return answer.data;
}

/** The values of a label_values(selector, label). */
export async function labelValues(address, query, now) {
  const [, selector, label] = /^label_values\((.*),\s*(\w+)\)$/s.exec(query);
  const data = await ask(address, `label/${label}/values`, { 'match[]': selector, start: now - 24 * 3600, end: now });
  return data;
}

/** The step of a range query in seconds, as Grafana chooses it. */
function stepOf(target, range, points) {
  const least = target.interval ? rangeUtil.intervalToSeconds(target.interval) : 15;
  const raw = (range.to - range.from) / points;
  const round = [1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200];
  return Math.max(least, round.findLast((s) => s <= Math.max(raw, 1)) ?? 1);
}

/** The frames of a target of a panel. */
export async function query(address, target, range, points, texts, several) {
  const step = stepOf(target, range, points);
  const least = target.interval ? rangeUtil.intervalToSeconds(target.interval) : 15;
  const expr = replace(target.expr, { ...texts, __rate_interval: `${Math.max(step + least, 4 * least)}s`, __range: `${Math.round(range.to - range.from)}s` });
  let data;
  if (target.instant) {
    data = await ask(address, 'query', { query: expr, time: range.to });
  } else {
    const start = Math.floor(range.from / step) * step;
    data = await ask(address, 'query_range', { query: expr, start, end: range.to, step });
  }
  const series = data.resultType === 'scalar' ? [{ metric: {}, value: data.result }] : data.result;
  if (target.format === 'table') {
    return [table(series, target.refId, several)];
  }
  return series.map((s) => frame(s, target, range, step));
}

const points = (s) => s.values ?? [s.value];

function frame(s, target, range, step) {
  const { __name__: name, ...labels } = s.metric;
  const values = new Map(points(s).map(([at, value]) => [at, Number(value)]));
  let times = [...values.keys()];
  if (!target.instant) {
    // Holes are nulls, so that no line is drawn over them.
    times = [];
    for (let at = Math.floor(range.from / step) * step; at <= range.to; at += step) {
      times.push(at);
    }
  }
  const legend = (target.legendFormat ?? '').replace(/\{\{\s*(\w+)\s*\}\}/g, (_, label) => labels[label] ?? '');
  return createDataFrame({
    refId: target.refId,
    fields: [
      { name: 'Time', type: FieldType.time, config: { interval: step * 1000 }, values: times.map((at) => at * 1000) },
      { name: 'Value', type: FieldType.number, labels, config: { displayNameFromDS: legend }, values: times.map((at) => values.get(at) ?? null) },
    ],
  });
}

function table(series, refId, several) {
  const labels = [...new Set(series.flatMap((s) => Object.keys(s.metric)))].sort();
  const rows = series.flatMap((s) => points(s).map(([at, value]) => ({ at: at * 1000, value: Number(value), metric: s.metric })));
  return createDataFrame({
    refId,
    fields: [
      { name: 'Time', type: FieldType.time, values: rows.map((r) => r.at) },
      ...labels.map((label) => ({ name: label, type: FieldType.string, values: rows.map((r) => r.metric[label] ?? '') })),
      { name: several ? `Value #${refId}` : 'Value', type: FieldType.number, values: rows.map((r) => r.value) },
    ],
  });
}

/** When the alerts of an annotation query began, in milliseconds. */
export async function annotations(address, annotation, range, texts) {
  const step = 60;
  const data = await ask(address, 'query_range', { query: replace(annotation.expr, texts), start: range.from, end: range.to, step });
  return data.result.flatMap((s) =>
    s.values.filter(([at], i) => i === 0 || at - s.values[i - 1][0] > step).map(([at]) => at * 1000)
  );
}

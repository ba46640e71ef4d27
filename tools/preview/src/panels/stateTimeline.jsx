import { dateTimeFormat, getFieldDisplayName } from '@grafana/data';

/** A state timeline: Grafana's own is no part of its libraries, so this one is drawn here. */
export function StateTimeline({ panel, frames, theme, width, height, range }) {
  const axis = 44; // With the legend.
  const size = 12;
  const names = frames.map((f) => getFieldDisplayName(f.fields[1], f, frames));
  const left = Math.max(...names.map((n) => n.length)) * 7 + 12;
  const row = (height - axis) / frames.length;
  const x = (at) => left + ((at / 1000 - range.from) / (range.to - range.from)) * (width - left);
  const legend = new Map(frames.flatMap((f) => f.fields[1].values.filter((v) => v !== null).map((v) => f.fields[1].display(v))).map((d) => [d.text, d.color]));
  const ticks = [];
  for (let at = Math.ceil(range.from / 3600) * 3600; at <= range.to; at += 3600) {
    ticks.push(at * 1000);
  }
  return (
    <svg width={width} height={height} fontSize={size} fontFamily={theme.typography.fontFamily}>
      {frames.map((f, i) => (
        <g key={i}>
          <text x={left - 8} y={(i + 0.5) * row + size / 3} textAnchor="end" fill={theme.colors.text.primary}>{names[i]}</text>
          {states(f).map((s, n) => {
            const shown = f.fields[1].display(s.value);
            const from = x(s.from), to = x(s.to);
            const gap = (1 - panel.options.rowHeight) / 2;
            return (
              <g key={n}>
                <rect x={from} y={(i + gap) * row} width={Math.max(1, to - from)} height={row * panel.options.rowHeight} fill={shown.color} fillOpacity={panel.fieldConfig.defaults.custom.fillOpacity / 100} />
                {to - from > shown.text.length * 7 && (
                  <text x={from + 4} y={(i + 0.5) * row + size / 3} fill={theme.colors.getContrastText(shown.color)}>{shown.text}</text>
                )}
              </g>
            );
          })}
        </g>
      ))}
      {ticks.map((at) => (
        <text key={at} x={x(at)} y={height - 26} textAnchor="middle" fill={theme.colors.text.secondary}>{dateTimeFormat(at, { format: 'HH:mm' })}</text>
      ))}
      {[...legend].map(([text, color], i) => (
        <g key={text}>
          <rect x={8 + i * 110} y={height - 12} width={14} height={4} fill={color} />
          <text x={28 + i * 110} y={height - 5} fill={theme.colors.text.primary}>{text}</text>
        </g>
      ))}
    </svg>
  );
}

/** The periods in which a frame's value stays the same. */
function states(frame) {
  const times = frame.fields[0].values;
  const list = [];
  frame.fields[1].values.forEach((value, i) => {
    const last = list.at(-1);
    const next = times[i + 1] ?? times[i];
    if (value === null) {
      list.push(null);
    } else if (last && last.value === value) {
      last.to = next;
    } else {
      list.push({ value, from: times[i], to: next });
    }
  });
  return list.filter(Boolean);
}

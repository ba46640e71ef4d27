import { dateTime } from '@grafana/data';
import { TimeSeries as GrafanaTimeSeries } from '@grafana/ui';

/** A time series panel, with a dashed line where an alert began to fire. */
export function TimeSeries({ panel, frames, theme, width, height, range, annotations }) {
  if (!frames.length) {
    return <div>{panel.fieldConfig.defaults.noValue}</div>;
  }
  const from = dateTime(range.from * 1000);
  const to = dateTime(range.to * 1000);
  const draw = (u) => {
    const { ctx, bbox } = u;
    ctx.save();
    ctx.strokeStyle = ctx.fillStyle = theme.visualization.getColorByName('red');
    ctx.lineWidth = 2;
    ctx.setLineDash([5, 5]);
    for (const at of annotations) {
      const x = u.valToPos(at, 'x', true);
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
      ctx.beginPath();
      ctx.moveTo(x, bbox.top + bbox.height);
      ctx.lineTo(x - 5, bbox.top + bbox.height + 7);
      ctx.lineTo(x + 5, bbox.top + bbox.height + 7);
      ctx.fill();
    }
    ctx.restore();
  };
  return (
    <GrafanaTimeSeries frames={frames} width={width} height={height} timeRange={{ from, to, raw: { from, to } }} timeZone="browser" legend={panel.options.legend} options={panel.options}>
      {(builder) => {
        if (!builder.previewDraws) {
          builder.previewDraws = true;
          builder.addHook('draw', draw);
        }
        return null;
      }}
    </GrafanaTimeSeries>
  );
}

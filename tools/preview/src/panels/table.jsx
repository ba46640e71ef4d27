import { Table as GrafanaTable } from '@grafana/ui';

/** A table panel. */
export function Table({ panel, frames, width, height }) {
  if (!frames.length) {
    return <div>No data</div>;
  }
  // As Grafana's own table does, which is newer than that of the libraries: columns
  // without a width share what is left.
  const fields = frames[0].fields;
  const edge = 16;
  const free = fields.filter((f) => !f.config.custom?.width);
  const left = width - fields.reduce((sum, f) => sum + (f.config.custom?.width ?? 0), 0);
  for (const f of free) {
    f.config.custom = { ...f.config.custom, width: Math.floor((left - edge) / free.length) };
  }
  return (
    <GrafanaTable columnMinWidth={20} data={frames[0]} width={width} height={height} cellHeight={panel.options.cellHeight} initialSortBy={panel.options.sortBy} fieldConfig={panel.fieldConfig} />
  );
}

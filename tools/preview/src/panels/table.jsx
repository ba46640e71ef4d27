import { Table as GrafanaTable } from '@grafana/ui';

/** A table panel. */
export function Table({ panel, frames, width, height }) {
  if (!frames.length) {
    return <div>No data</div>;
  }
  return (
    <GrafanaTable columnMinWidth={50} data={frames[0]} width={width} height={height} cellHeight={panel.options.cellHeight} initialSortBy={panel.options.sortBy} fieldConfig={panel.fieldConfig} />
  );
}

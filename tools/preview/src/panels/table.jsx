import { Table as GrafanaTable } from '@grafana/ui';

/** A table panel. */
export function Table({ panel, frames, width, height }) {
  if (!frames.length) {
    return <div>No data</div>;
  }
  // This table of the libraries is older than Grafana's own, and a little wider than asked.
  return (
    <GrafanaTable columnMinWidth={20} data={frames[0]} width={width - 12} height={height} cellHeight={panel.options.cellHeight} initialSortBy={panel.options.sortBy} fieldConfig={panel.fieldConfig} />
  );
}

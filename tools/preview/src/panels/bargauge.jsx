import { getDisplayValueAlignmentFactors, getFieldDisplayValues } from '@grafana/data';
import { BarGauge as GrafanaBarGauge, VizRepeater } from '@grafana/ui';

/** A bar gauge panel. */
export function BarGauge({ panel, frames, theme, width, height, interpolate }) {
  const o = panel.options;
  // Names with the values of a row: an application puts them in.
  const name = (text, scoped) => {
    const { frame, rowIndex } = scoped?.__dataContext?.value ?? {};
    const row = text.replace(/\$\{__data\.fields\.(\w+)\}/g, (found, field) => frame?.fields.find((f) => f.name === field)?.values[rowIndex] ?? found);
    return interpolate(row);
  };
  const getValues = () =>
    getFieldDisplayValues({
      fieldConfig: panel.fieldConfig, reduceOptions: o.reduceOptions, replaceVariables: name, theme, data: frames, timeZone: 'browser',
    });
  return (
    <VizRepeater
      getValues={getValues}
      getAlignmentFactors={getDisplayValueAlignmentFactors}
      renderValue={({ value, width, height, alignmentFactors }) => (
        <GrafanaBarGauge
          value={value.display} field={value.field} display={value.view?.getFieldDisplayProcessor(value.colIndex)} width={width} height={height} theme={theme}
          alignmentFactors={alignmentFactors} displayMode={o.displayMode} orientation={o.orientation} showUnfilled={o.showUnfilled} itemSpacing={2} lcdCellWidth={8}
          text={o.text} valueDisplayMode={o.valueMode} namePlacement={o.namePlacement}
        />
      )}
      width={width} height={height} source={frames} itemSpacing={10} renderCounter={0} orientation={o.orientation}
      minVizWidth={o.minVizWidth} minVizHeight={o.minVizHeight} maxVizHeight={o.maxVizHeight}
    />
  );
}

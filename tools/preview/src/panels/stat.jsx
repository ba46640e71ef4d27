import { getDisplayValueAlignmentFactors, getFieldDisplayValues } from '@grafana/data';
import { BigValue, VizRepeater } from '@grafana/ui';

/** A stat panel. */
export function Stat({ panel, frames, theme, width, height, interpolate }) {
  const o = panel.options;
  const orientation = o.orientation === 'auto' ? (width > height ? 'vertical' : 'horizontal') : o.orientation;
  const getValues = () =>
    getFieldDisplayValues({
      fieldConfig: panel.fieldConfig, reduceOptions: o.reduceOptions, replaceVariables: interpolate, theme, data: frames, timeZone: 'browser',
    });
  return (
    <VizRepeater
      getValues={getValues}
      getAlignmentFactors={getDisplayValueAlignmentFactors}
      renderValue={({ value, width, height, count, alignmentFactors }) => (
        <BigValue
          value={value.display} count={count} width={width} height={height} theme={theme} alignmentFactors={alignmentFactors}
          colorMode={o.colorMode} graphMode={o.graphMode} justifyMode={o.justifyMode} textMode={o.textMode} disableWideLayout={!o.wideLayout} text={o.text}
        />
      )}
      width={width} height={height} source={frames} itemSpacing={3} renderCounter={0} autoGrid={true} orientation={orientation}
    />
  );
}

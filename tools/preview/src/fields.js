// The options of fields that the dashboards use, so that Grafana's own code applies
// them. An application registers them from each panel's plugin.
import {
  FieldConfigOptionsRegistry, identityOverrideProcessor, standardTransformers, standardTransformersRegistry, transformDataFrame,
  applyFieldOverrides, cacheFieldDisplayNames, FieldType, getFieldSeriesColor,
} from '@grafana/data';
import { firstValueFrom } from 'rxjs';

const standard = ['unit', 'min', 'max', 'decimals', 'displayName', 'fieldMinMax', 'noValue', 'mappings', 'thresholds', 'color', 'links'];
const custom = [
  'align', 'axisBorderShow', 'axisLabel', 'axisPlacement', 'axisSoftMax', 'fillBelowTo', 'barAlignment', 'cellOptions', 'drawStyle', 'fillOpacity', 'filterable', 'gradientMode',
  'inspect', 'lineInterpolation', 'lineStyle', 'lineWidth', 'minWidth', 'pointSize', 'scaleDistribution', 'showPoints', 'spanNulls', 'stacking',
  'thresholdsStyle', 'width', 'insertNulls', 'hidden', 'hideFrom',
];
const option = (path, isCustom) => ({
  id: isCustom ? `custom.${path}` : path,
  path, isCustom,
  name: path,
  process: identityOverrideProcessor,
  shouldApply: () => true,
  settings: {},
});
const registry = new FieldConfigOptionsRegistry(() => [...standard.map((p) => option(p, false)), ...custom.map((p) => option(p, true))]);

standardTransformersRegistry.setInit(() =>
  // One of them is listed under two names.
  [...new Map(Object.values(standardTransformers).map((t) => [t.id, t])).values()].map((t) => ({
    id: t.id, name: t.name,
    // Libraries before Grafana 13 take the operator itself, those from then on load it.
    transformation: Object.assign(() => Promise.resolve(t), { operator: t.operator, defaultOptions: t.defaultOptions }),
  }))
);

/** Frames after a panel's transformations, their fields ready to be shown. */
export async function prepare(frames, panel, theme, interpolate) {
  for (const t of panel.transformations ?? []) {
    if (!standardTransformersRegistry.getIfExists(t.id)) {
      throw new Error(`${panel.title}: there is no transformation ${t.id}`);
    }
  }
  for (const o of panel.fieldConfig?.overrides ?? []) {
    for (const p of o.properties) {
      if (!registry.getIfExists(p.id)) {
        throw new Error(`${panel.title}: there is no option ${p.id}`);
      }
    }
  }
  const data = await firstValueFrom(transformDataFrame(panel.transformations ?? [], frames, { interpolate }));
  const ready = applyFieldOverrides({
    data, fieldConfig: panel.fieldConfig, fieldConfigRegistry: registry, replaceVariables: interpolate, theme, timeZone: 'browser',
  });
  cacheFieldDisplayNames(ready);
  if (panel.type === 'timeseries') {
    // Before the frames are joined to one, in which their places are others.
    for (const field of ready.flatMap((f) => f.fields).filter((f) => f.type === FieldType.number)) {
      field.config.color = { mode: 'fixed', fixedColor: getFieldSeriesColor(field, theme).color };
    }
  }
  return ready;
}

// Where panels stand, repeated ones included.
import { replace } from './variables.js';

const grid = { columns: 24, cell: 30, gap: 8 };

/** The panels with those of collapsed rows below them. */
export function expand(panels) {
  const out = [];
  let grown = 0;
  for (const { panels: inside = [], ...panel } of panels) {
    out.push({ ...panel, gridPos: { ...panel.gridPos, y: panel.gridPos.y + grown } });
    out.push(...inside.map((p) => ({ ...p, gridPos: { ...p.gridPos, y: p.gridPos.y + grown } })));
    grown += Math.max(0, ...inside.map((p) => p.gridPos.y + p.gridPos.h - panel.gridPos.y - 1));
  }
  return out;
}

/** The panels with those that repeat put in for each value, what is below moved down. */
export function arrange(panels, chosen) {
  const out = [];
  const grown = []; // From which row on, by how many.
  for (const panel of panels) {
    const moved = grown.filter(([below]) => panel.gridPos.y >= below).reduce((sum, [, rows]) => sum + rows, 0);
    const at = { ...panel.gridPos, y: panel.gridPos.y + moved };
    const values = panel.repeat ? chosen(panel.repeat) : [];
    if (values.length < 1) {
      out.push({ panel, at, scoped: {} });
      continue;
    }
    const perRow = panel.repeatDirection === 'v' ? 1 : Math.min(panel.maxPerRow ?? 4, values.length);
    const w = panel.repeatDirection === 'v' ? at.w : grid.columns / perRow;
    values.forEach((value, i) => {
      const y = at.y + Math.floor(i / perRow) * at.h;
      const x = panel.repeatDirection === 'v' ? at.x : (i % perRow) * w;
      out.push({ panel, at: { ...at, x, y, w }, scoped: { [panel.repeat]: value } });
    });
    grown.push([panel.gridPos.y + at.h, (Math.ceil(values.length / perRow) - 1) * at.h]);
  }
  return out;
}

/** A panel's place in pixels. */
export function place(at, width) {
  const column = (width - grid.gap * (grid.columns - 1)) / grid.columns;
  return {
    left: at.x * (column + grid.gap),
    top: at.y * (grid.cell + grid.gap),
    width: at.w * (column + grid.gap) - grid.gap,
    height: at.h * (grid.cell + grid.gap) - grid.gap,
  };
}

/** A panel's title with its variables. */
export const titleOf = (panel, texts) => replace(panel.title ?? '', texts);

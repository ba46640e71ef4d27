// What Grafana puts into a query for a variable: see interpolateQueryExpr of its
// Prometheus data source.

const escapeText = (value) => value.replace(/\\/g, '\\\\').replace(/"/g, '\\"');
const escapeRegex = (value) =>
  value.replace(/\\/g, '\\\\\\\\').replace(/[$^*{}[\]'+?.()|]/g, '\\\\$&').replace(/"/g, '\\"');

/** The text that stands for a variable with the chosen values; none chosen is all. */
export function textOf(variable, chosen) {
  if (!variable.multi && !variable.includeAll) {
    return variable.type === 'query' ? escapeText(chosen[0]) : chosen[0];
  }
  if (chosen.length === 0) {
    return variable.allValue;
  }
  const escaped = chosen.map(escapeRegex);
  return escaped.length === 1 ? escaped[0] : `(${escaped.join('|')})`;
}

/** Replaces $name, ${name} and ${name:format} by the texts of an object. */
export function replace(text, texts) {
  return text.replace(/\$\{(\w+)(?::([^}]+))?\}|\$(\w+)/g, (found, braced, format, bare) => texts[format ? `${braced}:${format}` : braced ?? bare] ?? found);
}

/** The texts that stand for the end of the time range, as dateTimeFormat has them. */
export function endTexts(now) {
  const at = new Date(now * 1000);
  return {
    '__to:date:H': `${at.getHours()}`, '__to:date:m': `${at.getMinutes()}`, '__to:date:s': `${at.getSeconds()}`, '__to:date:seconds': `${Math.floor(now)}`,
  };
}

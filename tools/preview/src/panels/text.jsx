import { renderTextPanelMarkdown } from '@grafana/data';

/** A text panel in Markdown. */
export function Text({ panel }) {
  return <div className="markdown-html" style={{ height: '100%', overflow: 'auto' }} dangerouslySetInnerHTML={{ __html: renderTextPanelMarkdown(panel.options.content) }} />;
}

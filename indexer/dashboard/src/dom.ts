/** Building elements without a framework. */

type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;
export type Child = Node | string | number | undefined | false;

/** An HTML element; attributes that are false or undefined are left out. Text is never read as HTML. */
export function el<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  assign(element, attributes, children);
  return element;
}

/** The same for SVG. */
export function svg<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: Child[]
): SVGElementTagNameMap[Tag] {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  assign(element, attributes, children);
  return element;
}

/** An element of the page. @throws Error when the page has none like it. */
export function byId<T extends Element>(id: string, type: abstract new () => T): T {
  const element = document.getElementById(id);
  if (!(element instanceof type)) throw new Error(`the page has no ${type.name} with the id ${id}`);
  return element;
}

/** Terms and what they are: the rows of a `dl`. */
export function facts(rows: readonly (readonly [term: string, ...values: Child[]])[]): Node[] {
  return rows.flatMap(([term, ...values]) => [el("dt", {}, term), el("dd", {}, ...values)]);
}

export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => Child;
  readonly number?: boolean;
}

/** A table with a caption for those who do not see it. */
export function table<Row>(
  caption: string,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
): HTMLElement {
  const kind = (column: Column<Row>) => (column.number ? "number" : undefined);
  return el(
    "table",
    { "aria-label": caption },
    el(
      "thead",
      {},
      el("tr", {}, ...columns.map((column) => el("th", { scope: "col", class: kind(column) }, column.title))),
    ),
    el(
      "tbody",
      {},
      ...rows.map((row) =>
        el("tr", {}, ...columns.map((column) => el("td", { class: kind(column) }, column.cell(row)))),
      ),
    ),
  );
}

function assign(element: Element, attributes: Attributes, children: readonly Child[]): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children) {
    if (child !== undefined && child !== false)
      element.append(typeof child === "number" ? String(child) : child);
  }
}

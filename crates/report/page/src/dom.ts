//! Elements made of text that is never markup.

type Child = Node | string | null | false;
interface Props {
  [name: string]: string | number | boolean | null | ((event: never) => void);
}

/** Letters that would turn the direction of what stands beside them, or show nothing. */
const TRICKY = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g;

/** A text as it may be shown: what would act instead of standing there is replaced. */
export function visible(text: string): string {
  return text.replace(TRICKY, "\ufffd");
}

/** An element. A property `on…` is a listener, `true` an attribute without value; there is no inline style, which the page forbids. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K, props: Props = {}, ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === false) continue;
    if (typeof value === "function") element.addEventListener(name.slice(2), value as EventListener);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  fill(element, ...children);
  return element;
}

/** Puts these in the place of what an element holds. */
export function fill(element: Element, ...children: Child[]): void {
  element.replaceChildren(
    ...children.flatMap((child) => (child === null || child === false ? [] : [typeof child === "string" ? visible(child) : child])),
  );
}

/** A button that says what it does. */
export function button(label: string, title: string, press: () => void, more: Props = {}): HTMLButtonElement {
  return h("button", { type: "button", title, ...(label.length < 2 ? { "aria-label": title } : {}), onclick: press, ...more }, label);
}

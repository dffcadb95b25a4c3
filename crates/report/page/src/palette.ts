//! The colours of the canvas, taken from the style sheet so that both schemes are written in one place.

export interface Palette {
  ink: string;
  soft: string;
  faint: string;
  paper: string;
  band: string;
  past: string;
  future: string;
  bad: string;
  good: string;
  font: string;
}

/** What the style sheet says now. */
export function paletteOf(element: Element): Palette {
  // A property of its own may say how a colour is chosen; the colour itself only something that has it tells.
  const probe = document.createElement("span");
  element.append(probe);
  const of = (name: string): string => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const palette = {
    ink: of("ink"), soft: of("soft"), faint: of("faint"), paper: of("paper"), band: of("band"),
    past: of("past"), future: of("future"), bad: of("bad"), good: of("good"),
    font: getComputedStyle(element).fontFamily,
  };
  probe.remove();
  return palette;
}

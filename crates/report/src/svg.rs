//! The picture of the evidence, or of a small run, as SVG: the same run is always the same bytes.
//!
//! 800 units wide, to be read at that size in a text. Colours follow the reader's scheme, and mean causality alone: blue is
//! what proves the order, grey what is concurrent, red what shows the violation; which node it is says the lane. A verdict is
//! a glyph and a word.

mod chains;
mod drawn;
pub(crate) mod words;

use std::fmt::Write as _;

use constellation_trace::{Evidence, Kind, Proof, Verdict, one_line};

use self::drawn::lanes;
use self::words::{broken, cut, wrap};
use crate::diagram::{Diagram, Mark, Role, Scope};
use crate::facts::proof_lines;
use crate::page::escape;
use crate::picture::Picture;

/// How wide a picture is.
pub const WIDTH: u32 = 800;

/// The margin at each side.
const MARGIN: u32 = 16;

/// The style of every picture: a class a meaning, once for light and once for dark. No variables, which not all that draw
/// SVG know.
pub(crate) const STYLE: &str = "\
.c-all{max-width:100%;height:auto;font:12px system-ui,'Segoe UI','DejaVu Sans',sans-serif}.c-mono{font-family:ui-monospace,'DejaVu Sans Mono',monospace}\
.c-big{font-size:16px;font-weight:600}.c-mid{font-size:13px}.c-small{font-size:11px}.c-strong{font-weight:600}\
.c-paper{fill:#fff}.c-ink{fill:#1f2328}.c-faint{fill:#59636e}.c-bad{fill:#b00045}.c-ok{fill:#00664b}\
.c-past{fill:#005a9c}.c-beside{fill:#59636e}.c-band{fill:#eaeef2}\
.c-halo{paint-order:stroke;stroke:#fff;stroke-width:4px;stroke-linejoin:round}\
.c-line{fill:none;stroke:#afb8c1;stroke-width:1.5}.c-gone{fill:none;stroke:#afb8c1;stroke-width:1.5;stroke-dasharray:2 5}\
.c-held{fill:none;stroke:#8c959f;stroke-width:7;stroke-dasharray:2 2}\
.c-bar{fill:none;stroke:#d0d7de;stroke-width:12}.c-sent{fill:none;stroke:#59636e;stroke-width:1.5}.c-lost{fill:none;stroke:#59636e;stroke-width:1.5;stroke-dasharray:5 4}\
.c-copy{fill:none;stroke:#59636e;stroke-width:.8}.c-proof{fill:none;stroke:#005a9c;stroke-width:2.5}\
.c-tie{fill:none;stroke:#59636e;stroke-width:1.5;stroke-dasharray:1 4;stroke-linecap:round}\
.c-step{fill:none;stroke:#b00045;stroke-width:1.5}.c-ring{fill:none;stroke:#b00045;stroke-width:2}\
.c-open{fill:#fff;stroke:#1f2328;stroke-width:2}.c-cross{fill:none;stroke:#1f2328;stroke-width:2.5}\
@media(prefers-color-scheme:dark){\
.c-paper{fill:#0d1117}.c-ink{fill:#e6edf3}.c-faint{fill:#9aa4af}.c-bad{fill:#ff6b9a}.c-ok{fill:#4cc9a4}\
.c-past{fill:#6cb6ff}.c-beside{fill:#9aa4af}.c-band{fill:#1c2430}.c-halo{stroke:#0d1117}\
.c-line,.c-gone{stroke:#484f58}.c-held{stroke:#6e7681}.c-bar{stroke:#30363d}.c-sent,.c-lost,.c-copy,.c-tie{stroke:#9aa4af}\
.c-proof{stroke:#6cb6ff}.c-step,.c-ring{stroke:#ff6b9a}.c-open{fill:#0d1117;stroke:#e6edf3}.c-cross{stroke:#e6edf3}}";

/// Draws the evidence where there is any, else the run, as much of it as can be read; what is left out is said.
pub fn draw(picture: &Picture<'_>) -> String {
    draw_scope(picture, Scope::Evidence)
}

/// Draws that part of a run.
pub fn draw_scope(picture: &Picture<'_>, scope: Scope) -> String {
    let diagram = Diagram::of(picture, scope, WIDTH - MARGIN - drawn::LEFT - drawn::RIGHT);
    let mut page = Page { body: String::new(), y: MARGIN };
    heading(picture, &mut page);
    let height = lanes(picture, &diagram, page.y + 8, &mut page.body);
    page.y += 8 + height;
    legend(picture, &diagram, &mut page);
    if picture.shares_lanes() {
        chains::list(picture, &diagram, &mut page);
    } else {
        list(picture, &diagram, &mut page);
    }
    ties(&diagram, &mut page);
    world(&diagram, &mut page);
    footing(picture, &diagram, &mut page);
    let (glyph, word) = picture.verdict();
    let height = page.y + MARGIN;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"c-all\" role=\"img\" aria-labelledby=\"c-title c-desc\" \
         data-verdict=\"{word}\" width=\"{WIDTH}\" height=\"{height}\" viewBox=\"0 0 {WIDTH} {height}\">\n\
         <title id=\"c-title\">{glyph} {word}: {}</title>\n<desc id=\"c-desc\">{}</desc>\n<style>{STYLE}</style>\n\
         <rect class=\"c-paper\" width=\"{WIDTH}\" height=\"{height}\"/>\n{}</svg>\n",
        told(&picture.caption().title),
        told(&picture.sentence()),
        page.body
    )
}

/// What is told of a part of the picture when it is pointed at, as it stands in SVG: some hundred letters at most.
fn told(text: &str) -> String {
    escape(&cut(text, 4_000, 12))
}

/// What is drawn so far, and how far down it goes.
struct Page {
    body: String,
    y: u32,
}

impl Page {
    /// A line of text below what is there, at so much from the left.
    fn text(&mut self, x: u32, height: u32, class: &str, text: &str) {
        self.y += height;
        self.beside(x, class, text);
    }

    /// A text in the line that is there.
    fn beside(&mut self, x: u32, class: &str, text: &str) {
        let y = self.y;
        let _ = writeln!(self.body, "<text x=\"{x}\" y=\"{y}\" class=\"{class}\">{}</text>", escape(text));
    }
}

fn heading(picture: &Picture<'_>, page: &mut Page) {
    let (glyph, word) = picture.verdict();
    let class = match word {
        "holds" => "c-ok",
        "violated" => "c-bad",
        _ => "c-faint",
    };
    let title = one_line(&picture.caption().title);
    if !title.is_empty() {
        for (nth, line) in wrap(&title, WIDTH - 2 * MARGIN, 13).iter().enumerate() {
            page.text(MARGIN, if nth == 0 { 12 } else { 18 }, "c-mid c-faint", line);
        }
    }
    page.text(MARGIN, 24, &format!("c-big {class}"), &format!("{glyph} {word}"));
    if let Some(worst) = picture.worst().filter(|worst| worst.verdict != Verdict::Holds) {
        let x = MARGIN + 110;
        page.beside(x, "c-mid c-ink c-strong", &cut(&worst.promise, WIDTH - MARGIN - x, 14));
    }
    for (nth, line) in wrap(&picture.sentence(), WIDTH - 2 * MARGIN, 13).iter().enumerate() {
        page.text(MARGIN, if nth == 0 { 24 } else { 18 }, "c-mid c-ink", line);
    }
}

fn legend(picture: &Picture<'_>, diagram: &Diagram, page: &mut Page) {
    let trace = picture.trace();
    let is_history = trace.messages().is_empty() && !trace.invocations().is_empty();
    let words = if is_history || picture.shares_lanes() && trace.messages().is_empty() {
        "▏begins or ends · ▬ lasts · ◯ shows what was found · time → (gaps are not to scale)"
    } else {
        "● sends · ○ delivers · ▏local · ✕ crashes · ↻ restarts · ╌× lost · ◯ shows what was found · time → (gaps are not to scale)"
    };
    page.text(MARGIN, 14, "c-small c-faint", words);
    if !diagram.joins.is_empty() {
        let mut whys: Vec<&str> = diagram.joins.iter().map(|join| join.why.as_str()).collect();
        whys.sort_unstable();
        whys.dedup();
        let words = format!("┈▶ before, by no message: {}", whys.join(", "));
        page.text(MARGIN, 16, "c-small c-faint", &cut(&words, WIDTH - 2 * MARGIN, 11));
    }
    page.y += 6;
}

/// More events are not listed below the lanes.
const LISTED_MAX: usize = 14;

/// The events that are drawn, in words: those that show it with what clocks said.
fn list(picture: &Picture<'_>, diagram: &Diagram, page: &mut Page) {
    const PROCESS: u32 = 64;
    const TIME: u32 = 190;
    const WHAT: u32 = 284;
    let room = WIDTH - MARGIN - WHAT;
    let mut listed: Vec<&Mark> = diagram.marks.iter().collect();
    if listed.len() > LISTED_MAX {
        listed.sort_by_key(|mark| {
            (std::cmp::Reverse(mark.role), weight(picture.trace().event(mark.event).kind))
        });
        listed.truncate(LISTED_MAX);
        listed.sort_by_key(|mark| (picture.trace().event(mark.event).at, mark.event));
    }
    for mark in &listed {
        let witness = picture.trace().witness(mark.event);
        let class = if mark.role == Role::Beside { "c-faint" } else { "c-ink" };
        page.text(MARGIN, 18, &format!("{class} c-strong"), &mark.event.to_string());
        page.beside(PROCESS, class, &cut(&witness.process, TIME - PROCESS - 8, 12));
        page.beside(TIME, class, &picture.moment(witness.at));
        for (nth, line) in wrap(&witness.what, room, 12).iter().enumerate() {
            if nth > 0 {
                page.y += 15;
            }
            page.beside(WHAT, class, line);
        }
        if mark.role != Role::Beside && !witness.stamps.is_empty() {
            for line in wrap(&witness.stamps.join(" · "), room, 11) {
                page.text(WHAT, 15, "c-small c-faint", &line);
            }
        }
    }
    if listed.len() < diagram.marks.len() {
        let more = diagram.marks.len() - listed.len();
        page.text(MARGIN, 18, "c-faint", &format!("and {more} more of the events above"));
    }
}

/// What a reader follows first: what was written and asked, then who crashed, then what was shown.
const fn weight(kind: Kind) -> u8 {
    match kind {
        Kind::Write(_) | Kind::Invoke(_) => 0,
        Kind::Crash | Kind::Restart { .. } => 1,
        Kind::Read(_) | Kind::Complete(_) => 2,
        _ => 3,
    }
}

/// What is said between events, in words.
fn ties(diagram: &Diagram, page: &mut Page) {
    for (nth, tie) in diagram.ties.iter().filter(|tie| tie.is_step).enumerate() {
        let (from, to) = (diagram.marks[tie.from].event, diagram.marks[tie.to].event);
        let line = format!("{}. {from} is before {to}: {}", nth + 1, tie.text);
        page.text(MARGIN, 18, "c-ink", &cut(&line, WIDTH - 2 * MARGIN, 12));
    }
}

/// What the world did meanwhile, in full: in the diagram there is not room for all of it.
fn world(diagram: &Diagram, page: &mut Page) {
    for doing in &diagram.doings {
        let until = doing.until.map_or(String::new(), |until| format!(" to {until}"));
        let line = format!("{}{until}: {}", doing.at, one_line(&doing.text));
        for line in wrap(&line, WIDTH - 2 * MARGIN, 12) {
            page.text(MARGIN, 18, "c-ink", &line);
        }
    }
}

/// More steps are counted, not shown.
const STEPS_MAX: usize = 8;

/// Why it is so, where no message says it, and the little that suffices for it.
fn reasons(evidence: &Evidence, page: &mut Page) {
    let room = WIDTH - 2 * MARGIN;
    if let Proof::NoChain { .. } | Proof::Rule(_) = &evidence.proof {
        for line in proof_lines(&evidence.proof).iter().flat_map(|line| wrap(line, room, 12)) {
            page.text(MARGIN, 18, "c-ink", &line);
        }
    }
    if evidence.steps.is_empty() {
        return;
    }
    page.text(MARGIN, 22, "c-ink c-strong", "The smallest schedule found that still fails");
    for (nth, step) in evidence.steps.iter().take(STEPS_MAX).enumerate() {
        page.text(MARGIN, 18, "c-ink", &cut(&format!("{}. {step}", nth + 1), room, 12));
    }
    if evidence.steps.len() > STEPS_MAX {
        let more = evidence.steps.len() - STEPS_MAX;
        page.text(MARGIN, 18, "c-ink", &format!("and {more} more"));
    }
    page.y += 4;
}

/// What else is to be known, what is not drawn, and how to see it again.
fn footing(picture: &Picture<'_>, diagram: &Diagram, page: &mut Page) {
    page.y += 6;
    let room = WIDTH - 2 * MARGIN;
    if let Some(Verdict::Violated(evidence)) = picture.worst().map(|worst| &worst.verdict) {
        reasons(evidence, page);
    }
    if picture.worst().is_some_and(|worst| worst.verdict == Verdict::Holds) {
        for judgement in picture.judgements() {
            page.text(MARGIN, 18, "c-ink", &cut(&format!("✓ holds: {}", judgement.promise), room, 12));
        }
    }
    for line in picture.caption().remarks.iter().flat_map(|remark| wrap(remark, room, 12)) {
        page.text(MARGIN, 18, "c-ink", &line);
    }
    for line in
        picture.caption().unknown.iter().flat_map(|line| wrap(&format!("not known: {line}"), room, 12))
    {
        page.text(MARGIN, 18, "c-ink", &line);
    }
    let trace = picture.trace();
    let part = match diagram.scope {
        Scope::Evidence => "the evidence alone",
        Scope::Run => "the run from its beginning",
    };
    if diagram.left_out_events > 0 {
        let (events, messages) = (trace.events().len(), trace.messages().len());
        let line = format!(
            "{part}: {} of {events} events and {} of {messages} messages are drawn",
            events - diagram.left_out_events,
            messages - diagram.left_out_messages
        );
        page.text(MARGIN, 18, "c-small c-faint", &line);
    }
    let replay = &picture.caption().replay;
    if !replay.is_empty() {
        for line in broken(replay) {
            page.text(MARGIN, 18, "c-small c-faint c-mono", &line);
        }
    }
}

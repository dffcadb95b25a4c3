//! What is said beside the lanes: of the chosen event, of two that are compared, of the evidence.

use constellation_lab::promises::compare;
use constellation_report::text::{self, Ink, Letters};
use constellation_report::{Caption, Picture};
use constellation_trace::{ClaimKind, EventId, Kind, Relation, Relations, Verdict, one_line};

use super::paint::Role;
use super::view::View;

/// A line, in parts.
pub(super) type Line = Vec<(Role, String)>;

fn line(role: Role, text: impl Into<String>) -> Line {
    vec![(role, text.into())]
}

/// The lines of the panel, in so many columns as far as drawings are concerned; what is longer is cut by whoever prints it.
pub(super) fn lines(view: &View<'_>, columns: usize) -> Vec<Line> {
    let Some(event) = view.selected() else { return vec![line(Role::Faint, "nothing happened in this run")] };
    if let Some(judgement) = view.state.explained {
        return explained(view, judgement, columns);
    }
    let mut lines = told(view, event);
    if let Some(pinned) = view.state.pinned.filter(|pinned| *pinned != event) {
        lines.push(Vec::new());
        lines.extend(compared(view, pinned, event));
    }
    lines
}

/// An event: what it is, what clocks said, what it received and sent, how much is before and after it.
fn told(view: &View<'_>, event: EventId) -> Vec<Line> {
    let trace = view.trace;
    let witness = trace.witness(event);
    let mut lines = vec![
        vec![
            (Role::Strong, format!("{event}  {}", witness.process)),
            (Role::Faint, format!("  {}", witness.at)),
        ],
        line(Role::Plain, witness.what),
    ];
    lines.extend(witness.stamps.iter().map(|stamp| line(Role::Plain, format!("  {}", one_line(stamp)))));
    let name = |event: EventId| &*view.lanes[trace.node_of(event).index()].name;
    if let Kind::Receive(message) = trace.event(event).kind {
        let send = trace.message(message).send;
        lines.push(line(Role::Past, format!("delivers {message}, which {send} at {} sent", name(send))));
    }
    /// More messages of one event are counted.
    const SENT_MAX: usize = 6;
    let sends = trace.event(event).sends;
    for message in sends.iter().take(SENT_MAX) {
        let to = &view.lanes[trace.message(message).to.index()].name;
        let end = match (view.arrival(message), view.lost(message)) {
            (Some(arrival), None) => format!("arrives as {arrival}"),
            (Some(arrival), Some(_)) => format!("arrives as {arrival}, and a copy is lost"),
            (None, Some("")) => "is lost".to_owned(),
            (None, Some(why)) => format!("is lost: {}", one_line(why)),
            (None, None) => "is on its way when the run ends".to_owned(),
        };
        lines.push(line(Role::Future, format!("sends {message} to {to}, {end}")));
    }
    if sends.len() > SENT_MAX {
        lines.push(line(Role::Faint, format!("and {} messages more", sends.len() - SENT_MAX)));
    }
    let sign = |unicode: char, ascii: char| if view.letters == Letters::Ascii { ascii } else { unicode };
    match view.counts() {
        Some([past, future, concurrent]) => lines.push(vec![
            (Role::Past, format!("{} {past} before   ", sign('━', '<'))),
            (Role::Future, format!("{} {future} after   ", sign('═', '>'))),
            (Role::Beside, format!("{} {concurrent} concurrent", sign('┈', '.'))),
        ]),
        None => lines.push(line(Role::Faint, "the run is too large to say what is before and after")),
    }
    if let Some(judgement) = view.shows(event).and_then(|nth| view.judgements.get(nth)) {
        lines.push(line(Role::Found, format!("! shows a violation: {}", one_line(&judgement.promise))));
    }
    lines
}

/// Two events: how they stand, what proves it, and what each clock says of it.
fn compared(view: &View<'_>, one: EventId, other: EventId) -> Vec<Line> {
    let trace = view.trace;
    let Some(order) = &view.order else {
        return vec![line(Role::Faint, "the run is too large to say how the two stand")];
    };
    let relation = order.relation(one, other);
    let (role, told) = match relation {
        Relation::Before => (Role::Past, format!("{one} happened before {other}")),
        Relation::After => (Role::Past, format!("{other} happened before {one}")),
        Relation::Equal => (Role::Plain, format!("{one} is {other}")),
        Relation::Concurrent => {
            (Role::Beside, format!("neither {one} nor {other} came first: they are concurrent"))
        }
    };
    let mut lines = vec![line(role, told)];
    match &view.chain {
        Some(chain) => {
            /// A longer chain loses its middle.
            const STEPS_MAX: usize = 8;
            let mut steps: Vec<String> = chain.iter().map(ToString::to_string).collect();
            if steps.len() > STEPS_MAX {
                let more = steps.len() - STEPS_MAX;
                steps.splice(STEPS_MAX / 2..STEPS_MAX / 2 + more, [format!("{more} more")]);
            }
            lines.push(line(role, format!("  by {}", steps.join(" → "))));
        }
        None => lines.push(line(role, "  no chain of messages leads from one to the other, nor back")),
    }
    lines.push(line(Role::Strong, format!("is {one} before {other}? clock against oracle")));
    lines.push(line(Role::Plain, format!("  oracle   {relation}")));
    for kind in ClaimKind::ALL {
        let (Some(mine), Some(theirs)) = (trace.claim(one, kind), trace.claim(other, kind)) else { continue };
        let Saying { says, is_right, why } = saying(kind, compare(trace, mine, theirs), relation);
        let (role, glyph) = if is_right { (Role::Holds, '✓') } else { (Role::Found, '✗') };
        let kind = kind.to_string();
        lines.push(vec![(Role::Plain, format!("  {kind:<8} {says:<22} ")), (role, format!("{glyph} {why}"))]);
    }
    lines
}

/// What a clock says of two events, and whether what happened contradicts it.
struct Saying {
    says: String,
    is_right: bool,
    why: &'static str,
}

fn saying(kind: ClaimKind, says: Relations, truth: Relation) -> Saying {
    if says == Relations::ANY {
        return Saying { says: "nothing".to_owned(), is_right: true, why: "cannot tell" };
    }
    // Whoever goes by wall clocks takes the earlier for what was first.
    let order = [Relation::Before, Relation::After].into_iter().find(|order| says.contains(*order));
    if let (ClaimKind::Wall, Some(order)) = (kind, order) {
        let why = match truth {
            _ if order == truth => "as it was",
            Relation::Concurrent => "an order where there is none",
            _ => "backwards",
        };
        return Saying { says: order.to_string(), is_right: order == truth, why };
    }
    let why = match (says.contains(truth), says.single()) {
        (false, _) => "contradicts what happened",
        (true, Some(_)) => "as it was",
        (true, None) => "not contradicted, but cannot tell which",
    };
    Saying { says: says.to_string(), is_right: says.contains(truth), why }
}

/// The evidence of a judgement, drawn.
fn explained(view: &View<'_>, nth: usize, columns: usize) -> Vec<Line> {
    let Some(judgement) = view.judgements.get(nth) else { return Vec::new() };
    let Verdict::Violated(evidence) = &judgement.verdict else { return Vec::new() };
    let mut lines = vec![
        line(Role::Found, format!("✗ violated {}", one_line(&judgement.promise))),
        line(Role::Plain, format!("expected  {}", one_line(&evidence.expected))),
        line(Role::Plain, format!("found     {}", one_line(&evidence.found))),
    ];
    let picture = Picture::new(view.trace, std::slice::from_ref(judgement), Caption::default());
    let drawn = text::draw_evidence(&picture, columns, view.letters);
    let role = |ink: Ink| match ink {
        Ink::Faint => Role::Faint,
        Ink::Proof => Role::Past,
        Ink::Found => Role::Found,
        _ => Role::Plain,
    };
    lines.extend(
        drawn.into_iter().map(|line| line.parts.into_iter().map(|(ink, text)| (role(ink), text)).collect()),
    );
    lines
}

/// A text in the letters of the screen.
pub(super) fn lettered(text: &str, letters: Letters) -> std::borrow::Cow<'_, str> {
    match letters {
        Letters::Ascii => crate::ascii::plain(text),
        Letters::Unicode => std::borrow::Cow::Borrowed(text),
    }
}

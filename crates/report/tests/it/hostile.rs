//! Whatever somebody calls a node, a label or a key, it is never markup, and never too much.

use constellation_report::{Caption, Picture, svg};
use constellation_trace::{Action, Claim, Entry, Judgement, Kind, Nemesis, Proof, Trace, TrueTime, Verdict};

use crate::decoded::{decode, expected};
use crate::pages::{facts, html, unpacked, violated};

pub(crate) const NAMES: [&str; 7] = [
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "__proto__",
    "\u{202e}kcatta\u{2028}\u{0}\u{1b}[31m",
    "\"'&lt;]]>",
    "",
    "\u{fffe}",
];

/// A run in which everything that can be named is named so.
pub(crate) fn run(name: &str) -> Trace {
    let other = "other";
    let mut trace = Trace::new([name, other]).expect("two names");
    let [one, two] = [name, other].map(|name| trace.node(name).expect("just named"));
    let at = TrueTime::from_ms;
    let claims = [Claim::Vector(vec![(name.to_owned(), 1)])];
    let write = Action::Write { key: name, update: name, saw: &[] };
    let write = Entry { sends: &[two], label: name, claims: &claims, ..Entry::new(one, at(1), write) };
    trace.record(write).expect("it lives");
    let message = constellation_trace::MessageId::new(0);
    trace.record(Entry::new(two, at(2), Action::Receive(message))).expect("it was sent");
    let read = Action::Read { key: name, shows: &[name] };
    trace.record(Entry::new(two, at(3), read)).expect("it lives");
    let call = constellation_trace::Call::Write { key: name.to_owned(), value: name.to_owned() };
    trace.record(Entry::new(one, at(4), Action::Invoke { number: 0, call: &call })).expect("it lives");
    let partition = Nemesis::Partition { group_a: vec![one], group_b: vec![two] };
    trace.record_nemesis(at(5), partition).expect("two nodes");
    trace.record(Entry::new(one, at(6), Action::Crash)).expect("it lives");
    trace.record(Entry::new(one, at(7), Action::Restart(None))).expect("it crashed");
    trace
}

pub(crate) fn judged(trace: &Trace, name: &str) -> Judgement {
    let mut judgement = violated(trace, &[], Proof::Rule(name.to_owned()));
    judgement.promise = name.to_owned();
    if let Verdict::Violated(evidence) = &mut judgement.verdict {
        evidence.events = trace.event_ids().map(|event| trace.witness(event)).collect();
        evidence.found = name.to_owned();
        evidence.replay = name.to_owned();
    }
    judgement
}

pub(crate) fn captioned(name: &str) -> Caption {
    let mut caption = Caption::default();
    caption.title = name.to_owned();
    caption.replay = name.to_owned();
    caption.remarks = vec![name.to_owned()];
    caption.source = name.to_owned();
    caption.environment = vec![(name.to_owned(), name.to_owned())];
    caption
}

/// How often a tag begins, whatever its case.
fn tags(html: &str, tag: &str) -> usize {
    html.to_ascii_lowercase().matches(tag).count()
}

#[test]
fn a_name_is_never_markup() {
    let plain = run("pacific");
    let usual = html(&Picture::new(&plain, &[judged(&plain, "pacific")], captioned("pacific")));
    for name in NAMES {
        let trace = run(name);
        let judgements = [judged(&trace, name)];
        let picture = Picture::new(&trace, &judgements, captioned(name));
        let html = html(&picture);
        for tag in ["<script", "</script", "<!--", "</noscript", "</style", "<meta", "<svg"] {
            assert_eq!(tags(&html, tag), tags(&usual, tag), "{name:?} opens or ends {tag}");
        }
        assert!(!html.contains('\u{202e}') && !html.contains('\u{2028}') && !html.contains('\0'), "{name:?}");
        assert_eq!(facts(&html)["source"], name, "what is data stays what it was");
        let mut decoded = decode(&unpacked(&html));
        decoded.fates.clear();
        assert_eq!(decoded, expected(&picture), "{name:?}");
        check_xml(&svg::draw(&picture));
    }
}

#[test]
fn a_name_of_64_kib_leaves_a_picture_small() {
    let name = "x".repeat(1 << 16);
    let trace = run(&name);
    let judgements = [judged(&trace, &name)];
    let picture = Picture::new(&trace, &judgements, captioned(&name));
    let svg = svg::draw(&picture);
    check_xml(&svg);
    assert!(svg.len() < 60_000, "{} bytes", svg.len());
    let mut decoded = decode(&unpacked(&html(&picture)));
    decoded.fates.clear();
    assert_eq!(decoded, expected(&picture));
}

#[test]
fn evidence_of_another_trace_draws_nothing_that_is_not_there() {
    let long = run("pacific");
    let short = Trace::new(["pacific"]).expect("one name");
    let judgements = [judged(&long, "pacific")];
    let picture = Picture::new(&short, &judgements, Caption::default());
    check_xml(&svg::draw(&picture));
    assert_eq!(facts(&html(&picture))["judgements"][0]["events"], serde_json::json!([]));
}

#[test]
fn every_event_of_the_run_is_in_its_picture() {
    let trace = run("pacific");
    let svg = svg::draw(&Picture::new(&trace, &[], Caption::default()));
    for event in trace.event_ids() {
        assert!(
            svg.contains(&format!("data-event=\"{}\"", event.number())),
            "{event}: {:?}",
            trace.event(event).kind
        );
    }
    assert!(trace.events().iter().any(|event| matches!(event.kind, Kind::Crash)));
}

/// That tags nest and end, attributes are quoted, and no letter is there that XML cannot hold.
pub(crate) fn check_xml(svg: &str) {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = svg;
    while let Some((text, tagged)) = rest.split_once('<') {
        assert!(!text.contains('>'), "`>` in a text: {text}");
        let (tag, after) = tagged.split_once('>').expect("a tag ends");
        assert_eq!(tag.matches('"').count() % 2, 0, "quotes in <{tag}>");
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "</{name}> ends what was not begun");
        } else if !tag.ends_with('/') {
            open.push(tag.split(' ').next().expect("a tag has a name"));
        }
        rest = after;
    }
    assert!(open.is_empty(), "{open:?} never end");
    let is_held =
        |letter: char| letter == '\n' || !(letter.is_control() || ['\u{fffe}', '\u{ffff}'].contains(&letter));
    assert!(svg.chars().all(is_held), "a letter that XML cannot hold");
}

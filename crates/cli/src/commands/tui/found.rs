//! What a hunt found in a trace that it kept, from the text beside it: of what it hunts, only it knows what is promised.

use std::fs;
use std::path::Path;

use constellation_trace::{EventId, Evidence, Judgement, Proof, Trace, Verdict};

/// The finding that is told beside a trace, if there is such a text and it is of this trace.
pub(super) fn beside(trace: &Trace, path: &Path) -> Option<Judgement> {
    read(trace, &fs::read_to_string(path.with_extension("steps")).ok()?)
}

fn read(trace: &Trace, text: &str) -> Option<Judgement> {
    /// How wide the titles of evidence are.
    const TITLE: usize = 10;
    let mut lines = text.lines();
    let promise = lines.next()?.strip_prefix("violated ")?.to_owned();
    let mut evidence = Evidence {
        expected: String::new(),
        found: String::new(),
        events: Vec::new(),
        proof: Proof::Rule("as the hunt found it".to_owned()),
        steps: Vec::new(),
        meanings: Vec::new(),
        notes: Vec::new(),
        replay: String::new(),
    };
    let (mut title, mut chain) = ("", Vec::new());
    for line in lines {
        let Some((own, rest)) = line.split_at_checked(TITLE) else { continue };
        title = if own.trim().is_empty() { title } else { own.trim() };
        let number = rest.split(' ').next().and_then(|word| word.strip_prefix('e')?.parse::<u32>().ok());
        let event = number.map(EventId::new).filter(|event| event.index() < trace.events().len());
        match (title, event) {
            ("expected", _) => evidence.expected = rest.to_owned(),
            ("found", _) => evidence.found = rest.to_owned(),
            ("events", Some(event)) => evidence.events.push(trace.witness(event)),
            ("proof", Some(event)) => chain.push(trace.witness(event)),
            ("steps", _) => evidence.steps.push(rest.to_owned()),
            _ => {}
        }
    }
    if chain.len() > 1 {
        evidence.proof = Proof::Chain(chain);
    }
    let is_whole = !evidence.events.is_empty() && !evidence.found.is_empty();
    is_whole.then(|| Judgement {
        promise,
        verdict: Verdict::Violated(Box::new(evidence)),
        scope: String::new(),
    })
}

#[cfg(test)]
mod tests {
    use constellation_trace::sketch;

    use super::*;

    #[test]
    fn what_a_hunt_wrote_of_a_finding_is_read_again() {
        let trace = sketch::parse("pacific a m!\nindian m? b").expect("a sketch");
        let events: Vec<_> = trace.event_ids().collect();
        let mut known =
            Judgement { promise: "b comes first".to_owned(), verdict: Verdict::Holds, scope: String::new() };
        let evidence = Evidence {
            expected: "b before a".to_owned(),
            found: "a before b".to_owned(),
            events: vec![trace.witness(events[0]), trace.witness(events[3])],
            proof: Proof::Chain(events.iter().map(|event| trace.witness(*event)).collect()),
            steps: vec!["1. nothing".to_owned()],
            meanings: Vec::new(),
            notes: vec!["e9 is no event of it".to_owned()],
            replay: "constellation replay it".to_owned(),
        };
        let text = format!("violated {}\n{evidence}\n", known.promise);
        let found = read(&trace, &text).expect("it is a finding");
        let Verdict::Violated(read_again) = &found.verdict else { panic!("{found:?}") };
        assert_eq!((&read_again.events, &read_again.proof), (&evidence.events, &evidence.proof));
        assert_eq!((&read_again.expected, &read_again.found), (&evidence.expected, &evidence.found));
        known.verdict = found.verdict;
        assert_eq!(known.promise, found.promise);
        for other in ["", "holds it", "violated it", "violated it\nfound     x\nevents    e99  pacific"] {
            assert_eq!(read(&trace, other), None, "{other}");
        }
    }
}

//! How events and evidence are told to a person.

use constellation_trace::{
    Action, Claim, Entry, EventId, Evidence, Judgement, Limit, Link, MessageId, NodeId, Proof, Trace,
    TrueTime, Verdict, WallTime, Witness, sketch,
};
use expect_test::expect;

#[test]
fn an_event_without_a_label_is_told_by_what_it_does() {
    let mut trace = Trace::new(["pacific", "indian"]).expect("two names");
    let [pacific, indian] = [NodeId::new(0), NodeId::new(1)];
    let at = TrueTime::from_ns(1_234_567_891);
    let mut record = |node, action, sends: &[NodeId]| {
        trace.record(Entry { sends, ..Entry::new(node, at, action) }).expect("it can happen")
    };
    record(pacific, Action::Local, &[]);
    record(pacific, Action::Local, &[indian, indian]);
    record(indian, Action::Receive(MessageId::new(0)), &[]);
    record(indian, Action::Receive(MessageId::new(1)), &[pacific]);
    let state = record(indian, Action::Persist, &[]);
    record(indian, Action::Crash, &[]);
    record(indian, Action::Restart(Some(state)), &[]);
    record(indian, Action::Write { key: "MSS-17", update: "i", saw: &[] }, &[pacific]);
    record(indian, Action::Read { key: "MSS-17", shows: &[] }, &[]);
    record(pacific, Action::Read { key: "MSS-17", shows: &["i", "p"] }, &[]);
    record(pacific, Action::Crash, &[]);
    record(pacific, Action::Restart(None), &[]);
    let told: Vec<_> = trace.event_ids().map(|event| format!("{event} {}", trace.describe(event))).collect();
    expect![[r#"
        e0 does something of its own
        e1 sends m0 to indian, m1 to indian
        e2 receives m0 from pacific
        e3 receives m1 from pacific, sends m2 to pacific
        e4 persists its state
        e5 crashes
        e6 restarts as indian#1 from the state of e4
        e7 writes i to MSS-17, sends m3 to pacific
        e8 shows nothing under MSS-17
        e9 shows i and p under MSS-17
        e10 crashes
        e11 restarts as pacific#1 and remembers nothing"#]]
    .assert_eq(&told.join("\n"));
}

#[test]
fn nothing_that_a_terminal_obeys_is_told() {
    let mut trace = Trace::new(["red\u{1b}[31m"]).expect("a name may be anything");
    let node = NodeId::new(0);
    let claims = [Claim::Vector(vec![("a\nb".to_owned(), 1)])];
    let entry = |action| Entry { claims: &claims, ..Entry::new(node, TrueTime::from_ns(1), action) };
    let write = entry(Action::Write { key: "k\r", update: "u\u{7}", saw: &[] });
    let labelled = Entry { label: "two\nlines", ..entry(Action::Local) };
    let read = entry(Action::Read { key: "k\r", shows: &["u\u{7}"] });
    let told = [write, labelled, read].map(|entry| {
        let event = trace.record(entry).expect("it can happen");
        let witness = trace.witness(event);
        format!("{} {} {}", witness.process, witness.what, witness.stamps.join(" "))
    });
    expect![[r#"
        red\u{1b}[31m writes u\u{7} to k\r vector {a\nb:1}
        red\u{1b}[31m two\nlines vector {a\nb:1}
        red\u{1b}[31m shows u\u{7} under k\r vector {a\nb:1}"#]]
    .assert_eq(&told.join("\n"));
}

#[test]
fn evidence_is_told_fault_first_and_replay_last() {
    let trace = sketch::parse("pacific a m! b\nindian_ocean c m?=4 d=3,9").expect("it can be read");
    let witness = |word: &str| trace.witness(sketch::find(&trace, word).expect("it is in the sketch"));
    let chain = vec![witness("m!"), witness("m?")];
    let evidence = Evidence {
        expected: "m! before d".into(),
        found: "concurrent".into(),
        events: vec![witness("m!"), witness("d")],
        proof: Proof::Chain(chain),
        steps: vec!["pacific sends m".into(), "it arrives".into()],
        meanings: vec![String::new(), "4 ms later".into()],
        notes: vec!["not needed: the partition".into(), "the search ended early".into()],
        replay: "constellation replay --seed 7".into(),
    };
    expect![[r#"
        expected  m! before d
        found     concurrent
        events    e1  pacific       +0.002000s  m!
                  e5  indian_ocean  +0.006000s  d   vector {indian_ocean:9 pacific:3}
        proof     e1  pacific       +0.002000s  m!
                  e4  indian_ocean  +0.005000s  m?  lamport 4
        steps     1. pacific sends m
                  2. it arrives
                     4 ms later
        notes     not needed: the partition
                  the search ended early
        replay    constellation replay --seed 7"#]]
    .assert_eq(&evidence.to_string());

    let (one, other) = (witness("a").event, witness("c").event);
    let without = Evidence {
        proof: Proof::NoChain { one, other },
        events: vec![],
        steps: vec![],
        meanings: vec![],
        notes: vec![],
        replay: String::new(),
        ..evidence
    };
    expect![[r#"
        expected  m! before d
        found     concurrent
        proof     no chain of messages leads from e0 to e3, nor back"#]]
    .assert_eq(&without.to_string());
}

#[test]
fn a_cycle_is_told_with_a_reason_for_each_step() {
    let witness = |event, what: &str| Witness {
        event: EventId::new(event),
        process: "pacific".into(),
        at: TrueTime::from_ns(0),
        what: what.into(),
        stamps: Vec::new(),
    };
    let [write, read] = [witness(0, "w(x,1)"), witness(12, "r(x,nil)")];
    let link = |from: &Witness, to: &Witness, why: &str| Link {
        from: from.clone(),
        to: to.clone(),
        why: why.into(),
    };
    let evidence = Evidence {
        expected: "nothing is forgotten".into(),
        found: "a write is".into(),
        events: vec![],
        proof: Proof::Cycle(vec![
            link(&write, &read, "the same session"),
            link(&read, &write, "it reads an older x"),
        ]),
        steps: vec![],
        meanings: vec![],
        notes: vec![],
        replay: String::new(),
    };
    expect![[r#"
        expected  nothing is forgotten
        found     a write is
        proof     e0 w(x,1) → e12 r(x,nil)   the same session
                  e12 r(x,nil) → e0 w(x,1)   it reads an older x"#]]
    .assert_eq(&evidence.to_string());
}

#[test]
fn of_many_steps_the_first_are_told() {
    let evidence = Evidence {
        expected: "calm".into(),
        found: "storm".into(),
        events: vec![],
        proof: Proof::Rule("r".into()),
        steps: (0..400).map(|nth| format!("step {nth}")).collect(),
        meanings: vec![],
        notes: vec![],
        replay: String::new(),
    };
    let told = evidence.to_string();
    let last: Vec<_> = told.lines().rev().take(2).collect();
    assert_eq!(last, ["          and 380 more", "          20. step 19"]);
}

#[test]
fn each_kind_of_stamp_is_told() {
    let mut trace = Trace::new(["a"]).expect("one name");
    let claims = [
        Claim::Lamport(4),
        Claim::Hybrid { physical_ns: 7, logical: 2 },
        Claim::Vector(vec![("b".into(), 2), ("a".into(), 1)]),
        Claim::Wall(WallTime::from_ns(15_119_428_000_000)),
    ];
    let entry = Entry { claims: &claims, ..Entry::new(NodeId::new(0), TrueTime::from_ns(0), Action::Local) };
    let event = trace.record(entry).expect("it can happen");
    assert_eq!(
        trace.witness(event).stamps,
        ["lamport 4", "hybrid 7.2", "vector {a:1 b:2}", "wall 04:11:59.428Z"]
    );
}

#[test]
fn verdicts_have_a_glyph_a_word_and_an_exit_code() {
    let evidence = Evidence {
        expected: String::new(),
        found: String::new(),
        events: vec![],
        proof: Proof::Rule("r".into()),
        steps: vec![],
        meanings: vec![],
        notes: vec![],
        replay: String::new(),
    };
    let judged = |verdict| Judgement { promise: String::new(), verdict, scope: String::new() };
    let holds = judged(Verdict::Holds);
    let violated = judged(Verdict::Violated(Box::new(evidence)));
    let unknown = judged(Verdict::Unknown(Limit::NotRecorded("reads".into())));
    let told = |judgement: &Judgement| {
        let verdict = &judgement.verdict;
        format!("{} {} {}", verdict.glyph(), verdict.word(), verdict.exit_code())
    };
    assert_eq!([&holds, &violated, &unknown].map(told), ["✓ holds 0", "✗ violated 1", "? unknown 3"]);
    assert_eq!(Judgement::exit_code(&[holds.clone(), unknown.clone()]), 3);
    assert_eq!(Judgement::exit_code(&[unknown, violated, holds]), 1);
    assert_eq!(Judgement::exit_code(&[]), 3);
}

#[test]
fn limits_say_how_far_a_judge_came() {
    let told = |limit: Limit| limit.to_string();
    assert_eq!(told(Limit::Pairs { judged: 5, total: 9 }), "none wrong among the 5 pairs judged, of 9");
    assert_eq!(
        told(Limit::Memory { needed: 9, allowed: 5 }),
        "judging needs 9 bytes of memory, 5 are allowed"
    );
    assert_eq!(told(Limit::NotRecorded("the last read".into())), "the last read not recorded");
    assert_eq!(
        told(Limit::Explored { visited: 5, bound: "at most 9 arrivals".into() }),
        "none wrong among the 5 explored, within the bound: at most 9 arrivals"
    );
    assert_eq!(told(Limit::Unfit("x is a list".into())), "x is a list");
}

/// A format pads to 65,535 letters at most, and panics when it is asked for more.
#[test]
fn names_and_values_of_any_length_are_evidence() {
    let (name, value) = ("n".repeat(70_000), "ü".repeat(70_000));
    let mut trace = Trace::new([name.as_str(), "indian"]).expect("two names");
    let write = Action::Write { key: "k", update: &value, saw: &[] };
    let wrote = trace.record(Entry::new(NodeId::new(0), TrueTime::from_ns(1), write)).expect("it can happen");
    let read = Action::Read { key: "k", shows: &[] };
    let read = trace.record(Entry::new(NodeId::new(1), TrueTime::from_ns(2), read)).expect("it can happen");
    let evidence = Evidence {
        expected: "all".to_owned(),
        found: "nothing".to_owned(),
        events: vec![trace.witness(wrote), trace.witness(read)],
        proof: Proof::Chain(vec![trace.witness(wrote)]),
        steps: vec![],
        meanings: vec![],
        notes: vec![],
        replay: String::new(),
    };
    let told = evidence.to_string();
    let wrote = format!("  writes {}…", "ü".repeat(112));
    let lines: Vec<&str> = told.lines().filter(|line| line.ends_with(&wrote)).collect();
    assert_eq!(lines.len(), 2, "it is told in 120 letters, as an event and as a proof");
    let pacific = format!("e0  {name}  +0.000000s");
    assert!(lines.iter().all(|line| line.contains(&pacific)), "a name is told whole");
    let indian = format!("e1  indian{}  +0.000000s  shows nothing under k", " ".repeat(58));
    assert!(told.lines().any(|line| line.ends_with(&indian)), "a column is no wider than 64");

    let link = Link { from: trace.witness(EventId::new(0)), to: trace.witness(read), why: "so".to_owned() };
    let told = Evidence { proof: Proof::Cycle(vec![link]), ..evidence }.to_string();
    let link = format!("proof     e0 writes {}… → e1 shows nothing under k   so", "ü".repeat(112));
    assert!(told.lines().any(|line| line == link), "{told}");
}

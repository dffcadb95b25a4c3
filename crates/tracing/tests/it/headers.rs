//! What travels with a message comes from a stranger.

use constellation_clock::{REMOTE_MAX, VectorStamp};
use constellation_tracing::{Clocks, Header, Recorder, Stamp};
use expect_test::{Expect, expect};
use proptest::prelude::*;

fn check(text: &str, expected: Expect) {
    let told = match text.parse::<Header>() {
        Ok(header) => format!("{:?} {header}", header.process()),
        Err(error) => error.to_string(),
    };
    expected.assert_eq(&told);
}

#[test]
fn what_is_no_header_is_refused_with_a_reason() {
    check("1;a;0;1;a=1", expect![[r#"Some("a") 1;a;0;1;a=1"#]]);
    check("1;a;0;1;", expect![[r#"Some("a") 1;a;0;1;"#]]);
    check("2;a;0;1;a=1", expect!["not `1;PROCESS;EVENT;LAMPORT;NAME=COUNT,…`"]);
    check("1;a;0;1", expect!["not `1;PROCESS;EVENT;LAMPORT;NAME=COUNT,…`"]);
    check(
        "1;a\u{1b}[31m;0;1;a=1",
        expect!["`a [31m` is no name of a process: 1 to 64 letters, digits and `.`, `_`, `-`, `/`"],
    );
    check(
        &format!("1;{};0;1;", "a".repeat(65)),
        expect![
            "`aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa` is no name of a process: 1 to 64 letters, digits and `.`, `_`, `-`, `/`"
        ],
    );
    check("1;a;+1;1;a=1", expect!["the event has no number where `+1` stands"]);
    check(
        "1;a;0;18446744073709551616;a=1",
        expect!["the Lamport clock has no time where `18446744073709551616` stands"],
    );
    check("1;a;0;1;a", expect!["the vector has no counter where `a` stands"]);
    check("1;a;0;1;a=1,a=2", expect!["no vector: two entries for a"]);
    check(
        "1;a;0;1;a=18446744073709551615",
        expect!["no vector: a claims counter 18446744073709551615, above the admitted 9223372036854775807"],
    );
    let many: Vec<String> = (0..257).map(|number| format!("n{number}=1")).collect();
    check(
        &format!("1;a;0;1;{}", many.join(",")),
        expect!["no vector: it names 257 processes, at most 256 are read"],
    );
    check(&"x".repeat(Header::BYTES_MAX + 1), expect!["a header of 32769 bytes, at most 32768 are read"]);
}

#[test]
fn strangers_can_neither_stop_a_clock_nor_make_it_grow() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let recorder = Recorder::create(&folder.path().join("a"), "a").expect("it is new");
    let far = "1;b;0;9223372036854775807;b=1".parse().expect("it has the form of one");
    recorder.receive(&far, "from far ahead");
    // Taken, it would make this clock go on where everybody else refuses what it says.
    let edge = format!("1;b;0;{REMOTE_MAX};b=1").parse().expect("it has the form of one");
    recorder.receive(&edge, "from as far as a clock may be");
    let own = "1;a;0;1;a=77".parse().expect("it has the form of one");
    recorder.receive(&own, "from another with our name");
    for round in 0..3 {
        let names: Vec<String> = (0..200).map(|number| format!("n{round}-{number}=1")).collect();
        let header = format!("1;b;0;1;{}", names.join(",")).parse().expect("it has the form of one");
        recorder.receive(&header, "from many");
    }
    recorder.receive(&Header::none(), "from one who records nothing");
    let counts = recorder.counts();
    assert_eq!((counts.events, counts.dropped, counts.refused, counts.causeless), (7, 0, 5, 1));
    let header = recorder.send("b", "goes on").to_string();
    assert!(header.starts_with("1;a;7;9;"), "{header}");
    let again: Header = header.parse().expect("what we send can be read");
    assert_eq!(again.to_string(), header);
}

/// Clocks of one's own that name whomever they like.
struct Naming(Vec<String>);

impl Clocks for Naming {
    fn event(&mut self) -> Result<Stamp, constellation_clock::Error> {
        let vector = VectorStamp::from_entries(self.0.iter().map(|name| (&**name, 1)))?;
        Ok(Stamp { lamport: 1, vector })
    }

    fn receive(&mut self, _: &Stamp) -> Result<Stamp, constellation_clock::Error> {
        self.event()
    }
}

#[test]
fn a_stamp_that_no_header_can_carry_is_dropped_and_counted() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let many = (0..=Header::ENTRIES_MAX).map(|number| format!("n{number}")).collect();
    let evil = ["a\r\nSet-Cookie: b", "a;b", "a=1,b", ""].map(|name| vec![name.to_owned()]);
    for (number, names) in evil.into_iter().chain([many]).enumerate() {
        let path = folder.path().join(number.to_string());
        let clocks = Box::new(Naming(names.clone()));
        let recorder = Recorder::create_with(&path, "a", Recorder::BYTES_MAX, clocks).expect("it is new");
        assert_eq!(recorder.send("b", "asks").to_string(), "", "{names:?}");
        assert_eq!((recorder.counts().events, recorder.counts().dropped), (0, 1), "{names:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_it_panic(text in "(1;)?[a-c;=,0-9]{0,40}|.{0,40}") {
        if let Ok(header) = text.parse::<Header>() {
            prop_assert_eq!(header.to_string().parse::<Header>(), Ok(header));
        }
    }
}

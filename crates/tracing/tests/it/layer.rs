//! What spans and events say by their fields is what is recorded.

use std::fs;

use constellation_tracing::{Header, Recorder, header_of, local, receive, send};
use expect_test::expect;
use tracing::{info, info_span};
use tracing_subscriber::layer::SubscriberExt as _;

/// The lines of a log without what the machine's clocks said.
fn lines(recorder: &Recorder, folder: &tempfile::TempDir) -> String {
    recorder.close();
    let text = fs::read_to_string(folder.path().join("it")).expect("it was written");
    let without_times = |line: &str| {
        let keys = ["\"began_ns\":", "\"at_ns\":", "\"wall_ns\":", "\"ended_ns\":"];
        keys.iter().fold(line.to_owned(), |line, key| match line.split_once(key) {
            None => line,
            Some((before, rest)) => {
                let rest = rest.trim_start_matches(|letter: char| letter == '"' || letter.is_ascii_digit());
                format!("{before}{key}…{rest}")
            }
        }) + "\n"
    };
    text.lines().map(without_times).collect()
}

#[test]
fn only_what_says_so_is_recorded() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let recorder = Recorder::create(&folder.path().join("it"), "a").expect("it is new");
    let subscriber = tracing_subscriber::registry().with(recorder.layer());
    tracing::subscriber::with_default(subscriber, || {
        info!("of no concern");
        let _span = info_span!("of no concern").entered();
        info!(constellation.local = true, "a mark, said \"so\"");
        info!(constellation.local = false, "no mark");
        let asking = info_span!("asks", constellation.send = "b");
        assert_eq!(header_of(&asking).to_string(), "1;a;1;2;a=2");
        info!(constellation.receive = "1;b;4;9;a=2,b=5", "is answered");
        info!(constellation.receive = %"no header", "is told");
        local("by a call");
        assert_eq!(send("", "to whom it may concern").process(), Some("a"));
        receive(&Header::none(), "from nobody");
    });
    expect![[r#"
        {"schema":"constellation/part/1","process":"a","began_ns":…}
        {"event":0,"at_ns":…,"do":"local","label":"a mark, said \"so\"","claims":{"lamport":1,"vector":{"a":1},"wall_ns":…}}
        {"event":1,"at_ns":…,"do":"send","to":"b","label":"asks","claims":{"lamport":2,"vector":{"a":2},"wall_ns":…}}
        {"event":2,"at_ns":…,"do":"receive","sender":"b","sent":4,"label":"is answered","claims":{"lamport":10,"vector":{"a":3,"b":5},"wall_ns":…}}
        {"event":3,"at_ns":…,"do":"local","label":"is told","claims":{"lamport":11,"vector":{"a":4,"b":5},"wall_ns":…}}
        {"event":4,"at_ns":…,"do":"local","label":"by a call","claims":{"lamport":12,"vector":{"a":5,"b":5},"wall_ns":…}}
        {"event":5,"at_ns":…,"do":"send","label":"to whom it may concern","claims":{"lamport":13,"vector":{"a":6,"b":5},"wall_ns":…}}
        {"event":6,"at_ns":…,"do":"local","label":"from nobody","claims":{"lamport":14,"vector":{"a":7,"b":5},"wall_ns":…}}
        {"ended_ns":…,"dropped":0}
    "#]].assert_eq(&lines(&recorder, &folder));
}

#[test]
fn of_a_text_that_is_too_long_the_beginning_is_recorded() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let recorder = Recorder::create(&folder.path().join("it"), "a").expect("it is new");
    let subscriber = tracing_subscriber::registry().with(recorder.layer());
    let long = "\u{e9}".repeat(Header::BYTES_MAX);
    tracing::subscriber::with_default(subscriber, || {
        info!(constellation.local = true, "it is {long}");
        info!(constellation.send = %long, "to one with a long name");
        // Of a header the beginning would be another header.
        info!(constellation.receive = %format_args!("1;b;4;9;a=0,b=5{long}"), "is answered");
    });
    let written = lines(&recorder, &folder);
    assert!(written.contains("\"label\":\"it is \u{e9}\u{e9}"), "{written}");
    assert!(written.contains("\"do\":\"send\",\"to\":\"\u{e9}\u{e9}"), "{written}");
    assert_eq!((recorder.counts().events, recorder.counts().causeless), (3, 1), "{written}");
}

#[test]
fn without_a_layer_nothing_is_recorded_and_nothing_fails() {
    assert!(send("b", "asks").is_none());
    receive(&Header::none(), "is asked");
    local("thinks");
    assert!(header_of(&info_span!("asks", constellation.send = "b")).is_none());
}

#[test]
fn a_log_that_is_long_enough_says_what_it_left_out() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let path = folder.path().join("it");
    let recorder = Recorder::create_with(&path, "a", 1024, Box::new(Still)).expect("it is new");
    (0..100).for_each(|_| recorder.local(&"long ".repeat(100)));
    let counts = recorder.counts();
    assert!(counts.events > 0 && counts.events + counts.dropped == 100, "{counts:?}");
    assert!(recorder.send("b", "too late").is_none(), "what is not recorded has no header");
    recorder.close();
    let text = fs::read_to_string(&path).expect("it was written");
    assert!(
        text.len() <= 1024 && text.ends_with(&format!("\"dropped\":{}}}\n", counts.dropped + 1)),
        "{text}"
    );
    let again = Recorder::create(&path, "a").err().map(|error| error.kind());
    assert_eq!(again, Some(std::io::ErrorKind::AlreadyExists), "it may be somebody's evidence");
    let unnamed = Recorder::create(&folder.path().join("other"), "a b").err().map(|error| error.to_string());
    expect!["`a b` is no name of a process: 1 to 64 letters, digits and `.`, `_`, `-`, `/`"]
        .assert_eq(&unnamed.unwrap_or_default());
}

/// Clocks that say nothing.
struct Still;

impl constellation_tracing::Clocks for Still {
    fn event(&mut self) -> Result<constellation_tracing::Stamp, constellation_clock::Error> {
        Ok(constellation_tracing::Stamp::default())
    }

    fn receive(
        &mut self,
        _: &constellation_tracing::Stamp,
    ) -> Result<constellation_tracing::Stamp, constellation_clock::Error> {
        self.event()
    }
}

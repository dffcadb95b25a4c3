//! A page is one file that asks for nothing, and says the same as the trace and the judgements that it was given.

#![allow(clippy::too_many_lines, reason = "facts are read in one piece")]

use std::io::Read as _;

use constellation_report::{Caption, Picture, columns, page, svg};
use constellation_trace::{
    EventId, Evidence, Judgement, Kind, Limit, MessageId, Proof, Trace, Verdict, sketch,
};
use expect_test::expect;
use flate2::read::GzDecoder;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// The text between two others.
pub(crate) fn between<'t>(text: &'t str, start: &str, end: &str) -> &'t str {
    let (_, rest) = text.split_once(start).unwrap_or_else(|| panic!("`{start}` is missing"));
    rest.split_once(end).unwrap_or_else(|| panic!("`{end}` is missing")).0
}

pub(crate) fn html(picture: &Picture<'_>) -> String {
    let mut html = Vec::new();
    page::write(picture, &mut html).expect("a vector takes it");
    String::from_utf8(html).expect("a page is text")
}

pub(crate) fn facts(html: &str) -> Value {
    let line = between(html, "<script type=\"application/json\" id=\"facts\">", "</script>");
    serde_json::from_str(line).expect("facts are JSON")
}

/// What the script of the page unpacks.
pub(crate) fn unpacked(html: &str) -> Vec<u8> {
    let text = between(html, "<script type=\"text/plain\" id=\"columns\">", "</script>");
    let mut bytes = Vec::new();
    GzDecoder::new(&unlettered(text)[..]).read_to_end(&mut bytes).expect("it is gzip");
    bytes
}

/// Base64 the slow way: bit by bit.
fn unlettered(text: &str) -> Vec<u8> {
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bits = text.trim_end_matches('=').chars().flat_map(|letter| {
        let number = alphabet.find(letter).expect("a letter of base64");
        (0..6).rev().map(move |bit| (number >> bit) as u8 & 1)
    });
    let bits: Vec<u8> = bits.collect();
    bits.chunks_exact(8).map(|byte| byte.iter().fold(0, |sum, bit| sum << 1 | bit)).collect()
}

pub(crate) fn violated(trace: &Trace, words: &[&str], proof: Proof) -> Judgement {
    let events = words.iter().map(|word| trace.witness(sketch::find(trace, word).expect("in the sketch")));
    let evidence = Evidence {
        expected: "b is shown".to_owned(),
        found: "it shows nothing".to_owned(),
        events: events.collect(),
        proof,
        steps: vec!["the second message is lost".to_owned(), "b".to_owned()],
        meanings: vec!["m1".to_owned(), String::new()],
        notes: vec!["not needed: any luck".to_owned()],
        replay: "constellation run it".to_owned(),
    };
    Judgement {
        promise: "nothing is lost".to_owned(),
        verdict: Verdict::Violated(Box::new(evidence)),
        scope: "2 reads".to_owned(),
    }
}

fn small() -> Trace {
    sketch::parse("pacific  a m! b\nindian   c m? d").expect("a sketch")
}

#[test]
fn facts_say_what_was_judged_and_by_which_events() {
    let trace = small();
    let message = MessageId::new(0);
    let send = trace.message(message).send;
    let arrives = |event: &EventId| trace.event(*event).kind == Kind::Receive(message);
    let arrival = trace.event_ids().find(arrives).expect("it arrives");
    let proof = Proof::Chain(vec![trace.witness(send), trace.witness(arrival)]);
    let judgements = [violated(&trace, &["a", "d"], proof)];
    let mut caption = Caption::default();
    caption.title = "two nodes".to_owned();
    caption.replay = "constellation run it --seed 1".to_owned();
    let facts = facts(&html(&Picture::new(&trace, &judgements, caption)));
    expect![[r#"
        {
          "schema": "constellation/page/1",
          "version": "0.1.0",
          "title": "two nodes",
          "scenario": null,
          "seed": null,
          "digest": "",
          "replay": "constellation run it --seed 1",
          "verdict": {
            "word": "violated",
            "glyph": "✗"
          },
          "sentence": "Expected: b is shown; but it shows nothing.",
          "counts": {
            "events": 6,
            "messages": 1,
            "lost": 0,
            "duplicated": 0,
            "nodes": 2,
            "processes": 2
          },
          "times": "recorded",
          "epoch_ns": null,
          "judgements": [
            {
              "promise": "nothing is lost",
              "word": "violated",
              "glyph": "✗",
              "scope": "2 reads",
              "expected": "b is shown",
              "found": "it shows nothing",
              "proof": [
                "e1 pacific +0.002000s m!",
                "e4 indian +0.005000s m?"
              ],
              "events": [
                0,
                5
              ],
              "chain": [
                [
                  1,
                  null
                ],
                [
                  4,
                  0
                ]
              ],
              "messages": [
                0
              ],
              "steps": [
                "the second message is lost: m1",
                "b"
              ],
              "notes": [
                "not needed: any luck"
              ],
              "replay": "constellation run it"
            }
          ],
          "remarks": [],
          "unknown": [],
          "world": [],
          "source": "",
          "environment": []
        }"#]]
    .assert_eq(&serde_json::to_string_pretty(&facts).expect("JSON"));
}

#[test]
fn the_policy_allows_the_script_and_the_styles_of_the_file_and_nothing_else() {
    let trace = small();
    let html = html(&Picture::new(&trace, &[], Caption::default()));
    let policy = between(&html, "http-equiv=\"Content-Security-Policy\" content=\"", "\"");
    let sum = |text: &str| {
        let digest = Sha256::digest(text.as_bytes());
        // Checked against the other alphabet-less way round: the hash in the policy, read back.
        let named = policy.split('\'').filter_map(|part| part.strip_prefix("sha256-"));
        assert!(named.map(unlettered).any(|bytes| bytes == digest[..]), "not in {policy}");
    };
    // The last script is the one that runs; the others are data.
    sum(html
        .rsplit_once("<script>")
        .expect("it has a script")
        .1
        .rsplit_once("</script>")
        .expect("it ends")
        .0);
    sum(between(&html, "<style>", "</style>"));
    let picture = between(&html, "<noscript>", "</noscript>");
    sum(between(picture, "<style>", "</style>"));
    assert!(policy.starts_with("default-src 'none'; script-src 'sha256-"), "{policy}");
    for asked in ["src=", "href=", "url(", "@import", " style=\"", " onload", " onclick"] {
        let shell = html.rsplit_once("<script>").expect("it has a script").0;
        assert!(
            !shell.contains(asked),
            "a page with `{asked}` asks for something, or is refused by its policy"
        );
    }
}

#[test]
fn the_columns_of_a_page_are_those_of_the_trace() {
    let trace = small();
    let mut plain = Vec::new();
    let picture = Picture::new(&trace, &[], Caption::default());
    columns::write(&picture, &mut plain).expect("a vector takes it");
    assert_eq!(unpacked(&html(&picture)), plain);
}

#[test]
fn the_same_run_is_the_same_bytes() {
    let trace = small();
    let picture = || Picture::new(&trace, &[], Caption::default());
    assert_eq!(html(&picture()), html(&picture()));
    assert_eq!(svg::draw(&picture()), svg::draw(&picture()));
}

#[test]
fn a_page_stands_without_its_script() {
    let trace = small();
    let judgements = [violated(&trace, &["a", "d"], Proof::Rule("no rule".to_owned()))];
    let html = html(&Picture::new(&trace, &judgements, Caption::default()));
    expect![[r#"
        <main id="app">
        <header class="verdict" data-verdict="violated">
        <h1>a run</h1>
        <p><span class="glyph" aria-hidden="true">✗</span> <strong>violated</strong> nothing is lost</p>
        </header>
        <p class="sentence">Expected: b is shown; but it shows nothing.</p>
        </main>
    "#]]
    .assert_eq(between(&html, "<body>\n", "<noscript>"));
    let without = between(&html, "<noscript>", "</noscript>");
    assert!(without.contains("✗ violated: nothing is lost") && without.contains("<svg "), "{without}");
    assert!(without.contains("Scripts are off: this is the evidence alone."), "{without}");
    let sound = self::html(&Picture::new(&trace, &[], Caption::default()));
    assert!(!between(&sound, "<noscript>", "</noscript>").contains("evidence"), "there is none");
}

#[test]
fn the_sentence_says_what_went_wrong() {
    let trace = small();
    let say = |judgements: &[Judgement]| Picture::new(&trace, judgements, Caption::default()).sentence();
    let judgement =
        |promise: &str, verdict| Judgement { promise: promise.to_owned(), verdict, scope: String::new() };
    let holds = judgement("replicas converge", Verdict::Holds);
    let unknown =
        judgement("replicas converge", Verdict::Unknown(Limit::NotRecorded("the end is".to_owned())));
    let broken = violated(&trace, &["a"], Proof::Rule(String::new()));
    expect!["Nothing was promised of this run, so nothing was judged."].assert_eq(&say(&[]));
    expect!["What was promised holds: replicas converge."].assert_eq(&say(std::slice::from_ref(&holds)));
    expect!["All 2 promises hold."].assert_eq(&say(&[holds.clone(), holds.clone()]));
    let mut warned = Caption::default();
    warned.warning = "wall clocks disagree by 2 s at least".to_owned();
    let warned = |judgements: &[Judgement]| Picture::new(&trace, judgements, warned.clone()).sentence();
    expect!["What was promised holds: replicas converge; but wall clocks disagree by 2 s at least."]
        .assert_eq(&warned(std::slice::from_ref(&holds)));
    expect!["It is not known whether replicas converge: the end is not recorded."]
        .assert_eq(&warned(std::slice::from_ref(&unknown)));
    expect!["It is not known whether replicas converge: the end is not recorded."]
        .assert_eq(&say(&[holds.clone(), unknown.clone()]));
    expect!["Expected: b is shown; but it shows nothing."].assert_eq(&say(&[holds, unknown, broken.clone()]));
    let Verdict::Violated(mut evidence) = broken.verdict else { panic!("it is violated") };
    let with = |found: &str| {
        let evidence = Evidence { found: found.to_owned(), ..(*evidence).clone() };
        judgement("nothing is lost", Verdict::Violated(Box::new(evidence)))
    };
    expect!["Expected: b is shown; but atlantic never receives it; 2 more messages."]
        .assert_eq(&say(&[with("atlantic never receives it; 2 more messages")]));
    expect!["pacific:1 is lost: b displaced it silently."]
        .assert_eq(&say(&[with("pacific:1 is lost: b displaced it silently")]));
    evidence.found = "é".repeat(1_000);
    let long = judgement("nothing is lost", Verdict::Violated(evidence));
    assert!(say(&[long]).ends_with("é…"), "a long one is cut at a letter");
}

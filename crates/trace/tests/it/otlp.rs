//! Spans in OTLP-JSON are read as the specification writes them, and whatever else is refused with its place.

#![allow(clippy::too_many_lines, reason = "a table of inputs and outputs is read in one piece")]

use constellation_trace::format::otlp::read;
use constellation_trace::format::{Format, detect};
use constellation_trace::spans::Spans;
use expect_test::{Expect, expect};
use proptest::prelude::*;

const TRACE: &str = "5b8efff798038103d269b633813fc60c";

/// A file with these spans at one service.
fn file(spans: &str) -> String {
    format!(
        "{{\"resourceSpans\":[{{\"resource\":{{\"attributes\":[{{\"key\":\"service.name\",\"value\":{{\"stringValue\":\"relay\"}}}}]}},\
         \"scopeSpans\":[{{\"spans\":[{spans}]}}]}}]}}\n"
    )
}

fn span(id: u64, more: &str) -> String {
    format!(
        "{{\"traceId\":\"{TRACE}\",\"spanId\":\"{id:016x}\",\"name\":\"s{id}\",\"startTimeUnixNano\":\"{}\"{more}}}",
        id * 10
    )
}

fn shown(spans: &Spans) -> String {
    let mut shown = String::new();
    for (place, span) in spans.spans.iter().enumerate() {
        let end = span.end_ns.map_or("open".to_owned(), |end| end.to_string());
        let service = spans.services.text(span.service).unwrap_or("?");
        let causes = spans.orders.iter().filter(|order| order.later as usize == place);
        let causes: Vec<String> = causes
            .map(|order| format!(" ← {} {}", order.why.word(), spans.spans[order.earlier as usize].name))
            .collect();
        let (id, name, start) = (span.id_text(), &span.name, span.start_ns);
        shown.push_str(&format!(
            "{id} {name} at {service}, {start} to {end}, {}{}\n",
            span.place,
            causes.concat()
        ));
    }
    let missing = (spans.parents_missing, spans.links_missing, spans.repeated);
    if missing != (0, 0, 0) {
        shown.push_str(&format!("missing parents, links; repeated: {missing:?}\n"));
    }
    shown
}

fn check(text: &str, expected: &Expect) {
    let told = match read(text.as_bytes()) {
        Ok(spans) => shown(&spans),
        Err(error) => error.to_string(),
    };
    expected.assert_eq(&told);
}

#[test]
fn spans_are_read_with_their_parents_and_links_in_any_order_and_case() {
    let text = format!(
        "\u{feff}{{\n  \"resourceSpans\": [\n    {{ \"scopeSpans\": [ {{ \"scope\": {{\"name\": \"x\", \"attributes\": []}}, \"spans\": [\n\
         {},\n{} ] }} ],\n      \"schemaUrl\": \"\",\n      \"resource\": {{\"attributes\": [\n\
         {{\"value\": {{\"stringValue\": \"7c\"}}, \"key\": \"service.instance.id\"}}, {{\"key\": \"n\", \"value\": {{\"intValue\": \"3\"}}}},\n\
         {{\"key\": \"service.name\", \"value\": {{\"stringValue\": \"relay\"}}}}] }} }} ]\n}}\n",
        span(
            2,
            ",\"parentSpanId\":\"0000000000000001\",\"endTimeUnixNano\":25,\"links\":[{\"traceId\":\"5B8EFFF798038103D269B633813FC60C\",\
                 \"spanId\":\"000000000000000A\"},{\"traceId\":\"5B8EFFF798038103D269B633813FC60D\",\"spanId\":\"0000000000000001\"}]"
        ),
        span(
            1,
            ",\"endTimeUnixNano\":\"18446744073709551615\",\"kind\":2,\"parentSpanId\":\"\",\"new\":[{\"a\":[[]]}],\"status\":null"
        ),
    );
    let more = file(&span(10, ",\"parentSpanId\":null,\"links\":[]"));
    assert_eq!(detect(text.as_bytes()), Format::Otlp);
    check(
        &(text + &more),
        &expect![[r#"
        0000000000000002 s2 at relay (7c), 20 to 25, line 4, column 1 ← parent s1 ← link s10
        0000000000000001 s1 at relay (7c), 10 to 18446744073709551615, line 5, column 1
        000000000000000a s10 at relay, 100 to open, line 11, column 127
        missing parents, links; repeated: (0, 1, 0)
    "#]],
    );
}

#[test]
fn a_place_is_counted_in_lines_and_letters_wherever_it_is_asked_for() {
    let between = [",", ",\n", ", ", ",\r\n\n"];
    let mut all = String::new();
    for id in 1..=20_u64 {
        let named = span(id, "").replace(&format!("\"s{id}\""), "\"an Überflug\"");
        all.push_str(&format!("{}{named}", if id == 1 { "" } else { between[id as usize % 4] }));
    }
    let text = file(&all);
    let spans = read(text.as_bytes()).expect("it is sound").spans;
    let starts = text.match_indices("{\"traceId\"").map(|(at, _)| at);
    for (span, at) in spans.iter().zip(starts) {
        let before = &text[..at];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        assert_eq!(
            (span.place.line as usize, span.place.column as usize),
            (line, column),
            "{}",
            span.id_text()
        );
    }
    // What is refused at the end is told at a place before the last that was counted.
    let twice = text.replace("\"spanId\":\"0000000000000003\"", "\"spanId\":\"0000000000000002\"");
    let error = read(twice.as_bytes()).expect_err("two differ");
    assert_eq!(error.place, spans[2].place);
}

#[test]
fn what_is_sent_twice_is_read_once_and_what_differs_is_refused() {
    let one = span(1, ",\"endTimeUnixNano\":12");
    check(
        &file(&format!("{one},{},{one}", span(2, ",\"parentSpanId\":\"00000000000000ff\""))),
        &expect![[r#"
            0000000000000001 s1 at relay, 10 to 12, line 1, column 127
            0000000000000002 s2 at relay, 20 to open, line 1, column 260
            missing parents, links; repeated: (1, 0, 1)
        "#]],
    );
    check(
        &file(&format!("{one},\n{}", span(1, ",\"endTimeUnixNano\":13"))),
        &expect![
            "line 2, column 1: another span has the id `0000000000000001`, the first begins at line 1; leave out the one that is wrong: which of them others mean nobody can tell"
        ],
    );
}

#[test]
fn what_is_wrong_is_refused_with_its_place() {
    let spans = |more: &str| file(&span(1, more));
    let texts = [
        "".to_owned(),
        "{}".to_owned(),
        "[]".to_owned(),
        "{\"resourceSpans\":{}}".to_owned(),
        "{\"resourceSpans\":[],\"resourceSpans\":[]}".to_owned(),
        file(&span(1, "")).replace("}]}]}]}", "}]}]"),
        file("{\"spanId\":\"0000000000000001\",\"startTimeUnixNano\":1}"),
        file(&format!("{{\"traceId\":\"{TRACE}\",\"spanId\":\"0000000000000000\",\"startTimeUnixNano\":1}}")),
        file(&format!("{{\"traceId\":\"{TRACE}\",\"spanId\":\"\",\"startTimeUnixNano\":1}}")),
        file(
            "{\"traceId\":\"W47/95gDgQPSabYzgT/GDA==\",\"spanId\":\"0000000000000001\",\"startTimeUnixNano\":1}",
        ),
        file(&format!(
            "{{\"traceId\":\"{TRACE}\",\"spanId\":\"0000000000000001\",\"startTimeUnixNano\":\"0\"}}"
        )),
        spans(",\"endTimeUnixNano\":1.5e18"),
        spans(",\"endTimeUnixNano\":-1"),
        spans(",\"endTimeUnixNano\":\"18446744073709551616\""),
        spans(",\"parentSpanId\":\"xyz\""),
        spans(",\"spanId\":\"0000000000000002\""),
        spans(",\"name\":5"),
        spans(",\"links\":[{\"traceId\":7}]"),
        spans(",\"unknown\":}"),
        format!("{} trailing", spans("")),
    ];
    let told: Vec<String> = texts
        .iter()
        .map(|text| match read(text.as_bytes()) {
            Ok(spans) => shown(&spans),
            Err(error) => error.to_string(),
        })
        .collect();
    expect![[r#"
        line 1, column 1: expected an object with `resourceSpans`, found the end of the text
        line 1, column 1: the key `resourceSpans` is missing
        line 1, column 1: expected an object with `resourceSpans`, found an array
        line 1, column 18: expected an array of resources, found an object
        line 1, column 21: the key `resourceSpans` stands twice
        line 2, column 1: expected `,` or `}`, found the end of the text
        line 1, column 127: the key `traceId` is missing
        line 1, column 182: expected a span id of 16 hexadecimal digits, not all of them zero, found `0000000000000000`
        line 1, column 127: the key `spanId` is missing
        line 1, column 138: expected a trace id of 32 hexadecimal digits, not all of them zero, found `W47/95gDgQPSabYzgT/GDA==`
        line 1, column 127: the key `startTimeUnixNano` is missing
        line 1, column 256: expected nanoseconds since 1970, as digits or a string of digits, found `1.5e18`
        line 1, column 256: expected nanoseconds since 1970, as digits or a string of digits, found `-1`
        line 1, column 256: expected nanoseconds since 1970, as digits or a string of digits, found `18446744073709551616`
        line 1, column 253: expected the id of the parent, 16 hexadecimal digits, found `xyz`
        line 1, column 238: the key `spanId` stands twice
        line 1, column 238: the key `name` stands twice
        line 1, column 258: expected a trace id of 32 hexadecimal digits, not all of them zero, found a number
        line 1, column 248: expected a value, found `}`
        line 2, column 2: expected an object with `resourceSpans`, found `trailing`"#]].assert_eq(&told.join("\n"));
    let error = read(b"{\"resourceSpans\":[\xff]}").expect_err("no text");
    expect!["line 1, column 19: these bytes are not UTF-8 text; convert the text to UTF-8"]
        .assert_eq(&error.to_string());
}

#[test]
fn neither_depth_nor_length_is_held_against_what_is_passed_over() {
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    let read = read(file(&span(1, &format!(",\"deep\":{deep}"))).as_bytes()).expect("it is passed over");
    assert_eq!(read.spans.len(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_the_reader_panic(at in 0_usize..900, bytes in proptest::collection::vec(any::<u8>(), 0..8), cut in any::<bool>()) {
        let mut text = file(&format!("{},{}", span(1, ",\"links\":[{\"traceId\":\"00\"}]"), span(2, ",\"parentSpanId\":\"0000000000000001\""))).into_bytes();
        let at = at.min(text.len());
        if cut { text.truncate(at) } else { text.splice(at..at, bytes); }
        let _outcome = read(&text);
        let _format = detect(&text);
    }
}

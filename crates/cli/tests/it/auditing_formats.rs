//! The forms in which other programs are told what was found: SARIF, GitHub's workflow commands, JUnit's XML.

#![allow(clippy::too_many_lines, reason = "a table of inputs and outputs is read in one piece")]

use std::path::Path;

use expect_test::{expect, expect_file};
use serde_json::Value;

use crate::command::{Bench, text};

/// Something at each level, something allowed, something in a test, and signs that each form must escape.
const RELAY: &[u8] = "use std::time::SystemTime;

fn took(begun: u8) -> u64 {
    let begun = SystemTime::now();
    begun.elapsed().expect(\"<&'%>\\\"\").as_secs()
}

/* grün */ fn join(peer: &str) -> std::io::Result<std::net::TcpStream> {
    std::net::TcpStream::connect(peer)
}

fn wake(port: u16) -> std::io::Result<std::net::TcpStream> {
    // constellation: allow(reliable::connect-no-timeout, reason = \"it is this machine, \\\"near\\\" & <here>\")
    std::net::TcpStream::connect((\"peer\", port))
}
"
.as_bytes();

const BROKEN: &[u8] = b"fn a() {}\n\nfn b( {}\n";

fn bench() -> Bench {
    Bench::new(&[("a b,c:d%.rs", RELAY), ("broken.rs", BROKEN)])
}

/// What a value of SARIF is; of the part of the standard that is written here.
#[derive(Clone, Copy)]
enum Is {
    Text,
    /// A whole number, and the least of them.
    Number(i64),
    Yes,
    One(&'static [&'static str]),
    Object(&'static str),
    List(&'static str),
    Texts,
    /// Of texts under any name.
    TextMap,
    /// Of objects under any name.
    Map(&'static str),
    /// Whatever the tool likes, but `tags` are texts.
    Bag,
}

type Field = (&'static str, Is);

/// The objects of SARIF 2.1.0 that are written, each with the fields that it must have and all that it may have of those that
/// are written. Read off the schema of the standard (OASIS, 2020, errata 01), whose licence does not let it stand here whole.
const OBJECTS: &[(&str, &[&str], &[Field])] = &[
    (
        "log",
        &["version", "runs"],
        &[("$schema", Is::Text), ("version", Is::One(&["2.1.0"])), ("runs", Is::List("run"))],
    ),
    (
        "run",
        &["tool"],
        &[
            ("tool", Is::Object("tool")),
            ("invocations", Is::List("invocation")),
            ("originalUriBaseIds", Is::Map("artifactLocation")),
            ("columnKind", Is::One(&["utf16CodeUnits", "unicodeCodePoints"])),
            ("results", Is::List("result")),
        ],
    ),
    ("tool", &["driver"], &[("driver", Is::Object("toolComponent"))]),
    (
        "toolComponent",
        &["name"],
        &[("name", Is::Text), ("semanticVersion", Is::Text), ("rules", Is::List("reportingDescriptor"))],
    ),
    (
        "reportingDescriptor",
        &["id"],
        &[
            ("id", Is::Text),
            ("name", Is::Text),
            ("shortDescription", Is::Object("multiformatMessageString")),
            ("fullDescription", Is::Object("multiformatMessageString")),
            ("help", Is::Object("multiformatMessageString")),
            ("defaultConfiguration", Is::Object("reportingConfiguration")),
            ("properties", Is::Bag),
        ],
    ),
    ("multiformatMessageString", &["text"], &[("text", Is::Text), ("markdown", Is::Text)]),
    ("reportingConfiguration", &[], &[("level", LEVEL)]),
    (
        "invocation",
        &["executionSuccessful"],
        &[
            ("executionSuccessful", Is::Yes),
            ("exitCode", Is::Number(i64::MIN)),
            ("toolExecutionNotifications", Is::List("notification")),
        ],
    ),
    (
        "notification",
        &["message"],
        &[("level", LEVEL), ("message", Is::Object("message")), ("locations", Is::List("location"))],
    ),
    ("message", &["text"], &[("text", Is::Text)]),
    (
        "result",
        &["message"],
        &[
            ("ruleId", Is::Text),
            ("ruleIndex", Is::Number(-1)),
            ("level", LEVEL),
            ("message", Is::Object("message")),
            ("locations", Is::List("location")),
            ("partialFingerprints", Is::TextMap),
            ("suppressions", Is::List("suppression")),
            ("baselineState", Is::One(&["new", "unchanged", "updated", "absent"])),
            ("properties", Is::Bag),
        ],
    ),
    (
        "location",
        &[],
        &[
            ("physicalLocation", Is::Object("physicalLocation")),
            ("logicalLocations", Is::List("logicalLocation")),
        ],
    ),
    ("logicalLocation", &[], &[("name", Is::Text), ("kind", Is::Text)]),
    (
        "physicalLocation",
        &["artifactLocation"],
        &[("artifactLocation", Is::Object("artifactLocation")), ("region", Is::Object("region"))],
    ),
    (
        "artifactLocation",
        &[],
        &[("uri", Is::Text), ("uriBaseId", Is::Text), ("description", Is::Object("message"))],
    ),
    (
        "region",
        &[],
        &[
            ("startLine", Is::Number(1)),
            ("startColumn", Is::Number(1)),
            ("endLine", Is::Number(1)),
            ("endColumn", Is::Number(1)),
            ("byteOffset", Is::Number(-1)),
            ("byteLength", Is::Number(0)),
        ],
    ),
    (
        "suppression",
        &["kind"],
        &[
            ("kind", Is::One(&["inSource", "external"])),
            ("status", Is::One(&["accepted", "underReview", "rejected"])),
            ("justification", Is::Text),
        ],
    ),
];

const LEVEL: Is = Is::One(&["none", "note", "warning", "error"]);

/// Where a value is not as the standard has it.
fn wrong(value: &Value, is: Is, place: &str) -> Vec<String> {
    let told = |is_right: bool| if is_right { Vec::new() } else { vec![format!("{place}: {value}")] };
    match is {
        Is::Text => told(value.is_string()),
        Is::Number(least) => told(value.as_i64().is_some_and(|number| number >= least)),
        Is::Yes => told(value.is_boolean()),
        Is::One(known) => told(value.as_str().is_some_and(|text| known.contains(&text))),
        Is::Texts => told(value.as_array().is_some_and(|list| list.iter().all(Value::is_string))),
        Is::TextMap => told(value.as_object().is_some_and(|map| map.values().all(Value::is_string))),
        Is::Bag => {
            let tags = value.get("tags").map_or(Vec::new(), |tags| wrong(tags, Is::Texts, place));
            if value.is_object() { tags } else { told(false) }
        }
        Is::List(of) => match value.as_array() {
            Some(list) => list
                .iter()
                .enumerate()
                .flat_map(|(number, value)| object(value, of, &format!("{place}[{number}]")))
                .collect(),
            None => told(false),
        },
        Is::Map(of) => match value.as_object() {
            Some(map) => {
                map.iter().flat_map(|(name, value)| object(value, of, &format!("{place}.{name}"))).collect()
            }
            None => told(false),
        },
        Is::Object(of) => object(value, of, place),
    }
}

fn object(value: &Value, of: &str, place: &str) -> Vec<String> {
    let (_, required, fields) = OBJECTS.iter().find(|(name, ..)| *name == of).expect("it is in the table");
    let Some(map) = value.as_object() else { return vec![format!("{place}: no {of}: {value}")] };
    let missing = required.iter().filter(|name| !map.contains_key(**name));
    let mut all: Vec<String> = missing.map(|name| format!("{place}: no {name}")).collect();
    for (name, value) in map {
        match fields.iter().find(|(known, _)| known == name) {
            Some((_, is)) => all.extend(wrong(value, *is, &format!("{place}.{name}"))),
            None => all.push(format!("{place}: {of} has no {name}")),
        }
    }
    all
}

fn sarif(bench: &Bench, args: &[&str]) -> Value {
    let output = bench.run(&[&["audit", "--format", "sarif"], args].concat(), b"");
    let log: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    assert_eq!(wrong(&log, Is::Object("log"), "log"), Vec::<String>::new());
    let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().expect("there are rules");
    for result in log["runs"][0]["results"].as_array().expect("there are results") {
        let number = result["ruleIndex"].as_u64().and_then(|number| usize::try_from(number).ok());
        assert_eq!(rules[number.expect("it has one")]["id"], result["ruleId"]);
    }
    log
}

#[test]
fn sarif_is_as_the_standard_has_it() {
    for args in [&[][..], &["--info"], &["--tests", "--info"], &["--deny-from", "deny"]] {
        sarif(&bench(), args);
    }
    let clean = sarif(&Bench::new(&[("main.rs", b"fn main() {}")]), &[]);
    let rules = &clean["runs"][0]["tool"]["driver"]["rules"];
    let known = constellation_audit::rules::every();
    assert_eq!(rules.as_array().map(Vec::len), Some(known.count()), "silent rules are declared, too");
    assert_eq!(clean["runs"][0]["results"], serde_json::json!([]));
}

/// A check that has never failed is no check.
#[test]
fn what_is_not_sarif_is_seen() {
    let mut log = sarif(&bench(), &[]);
    let run = &mut log["runs"][0];
    run["columnKind"] = "bytes".into();
    run["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"] = 0.into();
    run["results"][0]["mesage"] = "x".into();
    run["tool"]["driver"]["rules"][0].as_object_mut().expect("it is one").remove("id");
    let told = wrong(&log, Is::Object("log"), "log").join("\n");
    expect![[r#"
        log.runs[0].tool.driver.rules[0]: no id
        log.runs[0].columnKind: "bytes"
        log.runs[0].results[0].locations[0].physicalLocation.region.startLine: 0
        log.runs[0].results[0]: result has no mesage"#]]
    .assert_eq(&told);
}

#[test]
fn sarif_names_files_from_where_the_audit_was_called_and_marks_what_is_allowed() {
    let mut log = sarif(&bench(), &[]);
    let run = &mut log["runs"][0];
    // What the rules say is held by `docs/audit.md`, and their number by the test above.
    run["tool"]["driver"]["rules"] = "…".into();
    for result in run["results"].as_array_mut().expect("there are some") {
        result["ruleIndex"] = "…".into();
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/auditing_formats");
    let shown = serde_json::to_string_pretty(&log).expect("it is JSON");
    expect_file![folder.join("relay.sarif")].assert_eq(&format!("{shown}\n"));
}

#[test]
fn github_is_told_in_commands_that_nothing_in_the_code_can_end() {
    bench().check(&["audit", "--format", "github"], expect![[r#"
        exit 2
        --- out
        ::error file=a b%2Cc%3Ad%25.rs,line=5,endLine=5,col=5,endColumn=20,title=clock%3A%3Asystemtime-elapsed%3A a span of time by a clock that steps::both readings are of the wall clock, which may be set between them; if it was set back, this panics%0Ainstead: measure with `Instant`, whose readings never go back%0A`constellation audit --explain clock::systemtime-elapsed` tells more
        ::warning file=a b%2Cc%3Ad%25.rs,line=9,endLine=9,col=5,endColumn=39,title=reliable%3A%3Aconnect-no-timeout%3A a connect without a time-out::nothing in this function ends the wait before the operating system does, after about two minutes%0Ainstead: give it a time-out, and say what is done when that is over%0A`constellation audit --explain reliable::connect-no-timeout` tells more
        ::error file=broken.rs,line=3,title=not audited::it does not parse: a bracket or a quote has no other half
        2 findings in 1 file"#]]);
}

#[test]
fn junit_has_a_suite_for_each_fallacy() {
    let output = bench().run(&["audit", "--format", "junit"], b"");
    assert_eq!(output.status.code(), Some(2));
    let out = text(&output.stdout);
    assert_eq!(depths(out), Ok(0), "{out}");
    // Rules without a finding pass, each in one line.
    let told: Vec<&str> = out.lines().filter(|line| !line.ends_with("\"/>")).collect();
    expect![[r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites name="constellation audit" tests="53" failures="2" errors="1" skipped="1">
          <testsuite name="the network is reliable" tests="8" failures="1" errors="0" skipped="1">
            <testcase classname="reliable::connect-no-timeout" name="a b,c:d%.rs:9:5"><failure type="warn" message="a connect without a time-out: nothing in this function ends the wait before the operating system does, after about two minutes">    std::net::TcpStream::connect(peer)
        becomes: One relay loses power, and the task that sends heartbeats waits two minutes for its connection, longer than MSS-23 was silent. The other stations hear nothing meanwhile, and depose a leader that was well.
        instead: give it a time-out, and say what is done when that is over</failure></testcase>
            <testcase classname="reliable::connect-no-timeout" name="a b,c:d%.rs:14:5"><skipped message="allowed: it is this machine, \&quot;near\&quot; &amp; &lt;here&gt;"/></testcase>
          </testsuite>
          <testsuite name="latency is zero" tests="5" failures="0" errors="0" skipped="0">
          </testsuite>
          <testsuite name="bandwidth is infinite" tests="5" failures="0" errors="0" skipped="0">
          </testsuite>
          <testsuite name="the network is secure" tests="5" failures="0" errors="0" skipped="0">
          </testsuite>
          <testsuite name="topology does not change" tests="5" failures="0" errors="0" skipped="0">
          </testsuite>
          <testsuite name="there is one administrator" tests="4" failures="0" errors="0" skipped="0">
          </testsuite>
          <testsuite name="transport cost is zero" tests="4" failures="0" errors="0" skipped="0">
          </testsuite>
          <testsuite name="the network is homogeneous" tests="5" failures="0" errors="0" skipped="0">
          </testsuite>
          <testsuite name="one clock for all" tests="7" failures="1" errors="0" skipped="0">
            <testcase classname="clock::systemtime-elapsed" name="a b,c:d%.rs:5:5"><failure type="deny" message="a span of time by a clock that steps: both readings are of the wall clock, which may be set between them; if it was set back, this panics">    begun.elapsed().expect(&quot;&lt;&amp;&apos;%&gt;\&quot;&quot;).as_secs()
        becomes: At the leap second of 2017 a resolver measured a negative round trip, which its code held to be impossible, and stopped answering. A clock that is set back by NTP does the same on any other day.
        instead: measure with `Instant`, whose readings never go back</failure></testcase>
          </testsuite>
          <testsuite name="comments to the audit" tests="4" failures="0" errors="0" skipped="0">
          </testsuite>
          <testsuite name="not audited" tests="1" failures="0" errors="1" skipped="0">
            <testcase classname="not audited" name="broken.rs:3"><error message="it does not parse: a bracket or a quote has no other half"/></testcase>
          </testsuite>
        </testsuites>"#]].assert_eq(&told.join("\n"));
}

/// How many tags are open at the end of an XML text; or where one is closed that is not open.
fn depths(xml: &str) -> Result<usize, String> {
    let mut open: Vec<&str> = Vec::new();
    for tag in xml.split('<').skip(1) {
        let (tag, behind) = tag.split_once('>').ok_or_else(|| format!("{tag}: no end"))?;
        assert!(!behind.contains('>'), "{behind}");
        let name = tag.split([' ', '/']).find(|word| !word.is_empty()).unwrap_or_default();
        if tag.starts_with('/') {
            if open.pop() != Some(name) {
                return Err(format!("{tag}: not open"));
            }
        } else if !tag.ends_with(['/', '?']) {
            open.push(name);
        }
    }
    Ok(open.len())
}

#[test]
fn what_fails_a_build_is_a_failure_in_junit() {
    let failures = |args: &[&str]| {
        let output = bench().run(&[&["audit", "--format", "junit"], args].concat(), b"");
        let out =
            text(&output.stdout).lines().find(|line| line.starts_with("<testsuites")).map(str::to_owned);
        out.and_then(|line| Some(line.split_once("failures=\"")?.1.split_once('"')?.0.to_owned()))
    };
    assert_eq!(failures(&[]).as_deref(), Some("2"));
    assert_eq!(failures(&["--deny-from", "deny"]).as_deref(), Some("1"));
}

#[test]
fn a_form_for_findings_is_not_one_for_pages() {
    Bench::new(&[]).check(
        &["audit", "--rules", "--format", "sarif"],
        expect![[r#"
        exit 2
        --- talk
        error: `--format sarif` tells findings, and a page has none
        help: leave it out, or ask for `json`"#]],
    );
}

#[test]
fn the_page_of_rules_is_what_the_command_prints() {
    let output = Bench::new(&[]).run(&["audit", "--rules", "--table"], b"");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/audit.md");
    expect_file![&page].assert_eq(text(&output.stdout));
}

/// What stands in code on the page, outside of the rules, can be typed in the order in which it stands there.
#[test]
fn what_the_page_of_rules_tells_to_type_can_be_typed() {
    let page = include_str!("../../../../docs/audit.md");
    let bench = Bench::new(&[("src/main.rs", b"fn main() {}\n")]);
    let head = page.split("\n### ").next().unwrap_or_default();
    let lines = head
        .split('`')
        .chain(head.lines())
        .map(|line| line.trim_start_matches("- run: ").trim_start_matches("entry: "));
    let mut count = 0;
    for command in lines.map(str::trim).filter(|line| line.starts_with("constellation audit")) {
        let command = command.split(" > ").next().unwrap_or_default();
        let words: Vec<&str> = command.split_whitespace().skip(1).collect();
        let output = bench.run(&words, b"fn main() {}\n");
        assert_eq!(
            output.status.code(),
            Some(0),
            "{command}: {}{}",
            text(&output.stdout),
            text(&output.stderr)
        );
        count += 1;
    }
    assert!(count >= 9, "only {count} commands are found on the page, so this test sees nothing");
}

//! What is drawn says what is printed: the same ids and the same verdict in page, picture, terminal and JSON.

#![allow(clippy::too_many_lines, reason = "a table of inputs and outputs is read in one piece")]

use std::fs;
use std::path::Path;

use expect_test::{expect, expect_file};
use serde_json::Value;

use crate::command::{Bench, text};

/// Runs that are drawn: what is typed, and how the picture beside the documentation is called.
const PICTURES: &[(&[&str], &str)] = &[
    (&["conjunction"], "conjunction.svg"),
    (&["mss-17", "--resolver", "wall-lww"], "mss-17-wall-lww.svg"),
    (&["mss-23", "--retry", "blind", "--world", "lost-reply"], "mss-23-lost-reply.svg"),
    (&["mss-23", "--retry", "blind", "--world", "crash-after"], "mss-23-crash-after.svg"),
    (&["antarctic", "--policy", "last-write-wins"], "antarctic-last-write-wins.svg"),
];

#[test]
fn each_picture_of_an_incident_is_what_is_drawn() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/pictures");
    for (args, name) in PICTURES {
        let bench = Bench::new(&[]);
        let output = bench.run(&[&["run", "--svg", "it.svg"], *args].concat(), b"");
        assert_eq!(text(&output.stderr), "", "{args:?}");
        expect_file![folder.join(name)].assert_eq(&read(&bench, "it.svg"));
    }
}

pub(crate) fn read(bench: &Bench, name: &str) -> String {
    fs::read_to_string(bench.path().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The text between two others.
fn between<'t>(text: &'t str, start: &str, end: &str) -> &'t str {
    let (_, rest) = text.split_once(start).unwrap_or_else(|| panic!("`{start}` is missing"));
    rest.split_once(end).unwrap_or_else(|| panic!("`{end}` is missing")).0
}

pub(crate) fn facts(html: &str) -> Value {
    let line = between(html, "<script type=\"application/json\" id=\"facts\">", "</script>");
    serde_json::from_str(line).expect("facts are JSON")
}

#[test]
fn page_picture_terminal_and_json_say_the_same() {
    for (args, _) in PICTURES {
        let bench = Bench::new(&[]);
        let run = |more: &[&str]| bench.run(&[&["run", "--color", "never"], *args, more].concat(), b"");
        let printed = run(&["--html", "it.html", "--svg", "it.svg", "--trace", "it.jsonl"]);
        let terminal = text(&printed.stdout);
        let json: Value = serde_json::from_slice(&run(&["--json"]).stdout).expect("JSON");
        let (html, svg) = (read(&bench, "it.html"), read(&bench, "it.svg"));
        let facts = facts(&html);
        let word = facts["verdict"]["word"].as_str().expect("a word");
        let exit_codes = [("holds", 0), ("violated", 1), ("unknown", 3)];
        assert!(exit_codes.contains(&(word, printed.status.code().expect("it ends"))), "{args:?}: {word}");
        assert!(svg.contains(&format!("data-verdict=\"{word}\"")), "{args:?}");
        assert!(html.contains(&format!("<header class=\"verdict\" data-verdict=\"{word}\">")), "{args:?}");

        // A study has promises that are not of the one run that is drawn.
        let told = json["promises"].as_array().or(json["trials"][0]["promises"].as_array());
        let told = told.expect("what was promised");
        let judgements = facts["judgements"].as_array().expect("a list");
        assert_eq!(told.len(), judgements.len(), "{args:?}");
        for (told, drawn) in told.iter().zip(judgements) {
            assert_eq!(told["promise"], drawn["promise"]);
            assert_eq!(told["verdict"], drawn["word"]);
            let events: Vec<&Value> =
                told["events"].as_array().into_iter().flatten().map(|shown| &shown["event"]).collect();
            assert_eq!(events, drawn["events"].as_array().expect("a list").iter().collect::<Vec<_>>());
        }
        let first = judgements.iter().find(|judgement| judgement["word"] == "violated");
        for event in first.iter().flat_map(|first| first["events"].as_array().expect("a list")) {
            assert!(svg.contains(&format!("data-event=\"{event}\"")), "{args:?}: e{event} is not drawn");
            assert!(terminal.contains(&format!("e{event} ")), "{args:?}: e{event} is not printed");
        }
        let digest = facts["digest"].as_str().expect("a text");
        assert!(terminal.contains(digest), "{args:?}");
        assert!(terminal.contains(facts["replay"].as_str().expect("a text")), "{args:?}");
    }
}

#[test]
fn a_trace_is_judged_and_drawn() {
    let bench = Bench::new(&[]);
    bench.run(&["run", "mss-17", "--resolver", "wall-lww", "--trace", "it.jsonl", "--html", "run.html"], b"");
    bench.check(&["report", "it.jsonl", "-o", "it.html", "--svg", "it.svg"], expect![[r#"
        exit 1
        --- out
        ✗ violated no update is lost: a read shows all it knows that nothing supersedes
        pacific:1 is lost: indian_ocean:1 displaced it silently, though the two were written concurrently; 7 more reads are wrong.
        written: it.html
        written: it.svg"#]]);
    let (drawn, run) = (facts(&read(&bench, "it.html")), facts(&read(&bench, "run.html")));
    for same in
        ["title", "scenario", "seed", "digest", "replay", "verdict", "sentence", "counts", "world", "source"]
    {
        assert_eq!(drawn[same], run[same], "{same}");
    }
    // How links should behave a trace does not say, nor who looked for fewer steps.
    assert_eq!(
        drawn["judgements"].as_array().expect("a list").len() + 1,
        run["judgements"].as_array().expect("a list").len()
    );
    let checked = bench.run(&["check", "it.jsonl", "--html", "check.html"], b"");
    assert_eq!(checked.status.code(), Some(1));
    assert_eq!(read(&bench, "check.html"), read(&bench, "it.html"));
}

#[test]
fn a_bad_run_is_drawn_above_a_good_one_and_where_they_go_apart_is_told() {
    let bench = Bench::new(&[]);
    bench.run(&["run", "mss-17", "--resolver", "wall-lww", "--trace", "bad.jsonl"], b"");
    bench.run(&["run", "mss-17", "--trace", "good.jsonl"], b"");
    bench.check(&["report", "bad.jsonl", "--against", "good.jsonl", "-o", "both.html"], expect![[r#"
        exit 1
        --- out
        ✗ violated no update is lost: a read shows all it knows that nothing supersedes
        pacific:1 is lost: indian_ocean:1 displaced it silently, though the two were written concurrently; 7 more reads are wrong.
        the runs go apart at e20; 23 events are alike
          in `bad.jsonl`: e20 atlantic: reconcile(pacific:1) -> OVERWRITES: wall 04:11:59.428Z > 04:11:55.500Z: pacific:1 "yaw +2.0"
          in `good.jsonl`: e20 atlantic: reconcile(pacific:1) -> ADOPTED: pacific:1 "yaw +2.0"
        written: both.html"#]]);
    let page = read(&bench, "both.html");
    assert_eq!(facts(&page)["verdict"]["word"], "violated");
    let other = between(&page, "<script type=\"application/json\" id=\"facts-other\">", "</script>");
    let other: Value = serde_json::from_str(other).expect("facts are JSON");
    assert_eq!(other["verdict"]["word"], "holds");
    bench.check(
        &["report", "good.jsonl", "--against", "good.jsonl", "-o", "same.html"],
        expect![[r#"
        exit 0
        --- out
        ✓ holds    vector stamps tell before, after and concurrent exactly
        All 9 promises hold.
        both runs are the same, event by event: 41 events
        written: same.html"#]],
    );
    bench.check(
        &["report", "bad.jsonl", "--against", "none.jsonl", "-o", "both.html"],
        expect![[r#"
        exit 2
        --- talk
        error: cannot read `none.jsonl`: No such file or directory (os error 2)"#]],
    );
    bench.check(
        &["report", "bad.jsonl", "--against", "good.jsonl", "--svg", "it.svg"],
        expect![[r#"
        exit 2
        --- talk
        error: the following required arguments were not provided:
          --output <FILE>

        Usage: constellation report --output <FILE> --against <TRACE> --svg <FILE> <TRACE>

        For more information, try '--help'."#]],
    );
}

#[test]
fn only_the_command_that_makes_the_same_trace_is_named() {
    let bench = Bench::new(&[]);
    bench.run(
        &["run", "mss-17", "--step", "at=2s,do=submit,node=pacific,key=k,value=v", "--trace", "it.jsonl"],
        b"",
    );
    bench.run(&["report", "it.jsonl", "-o", "it.html"], b"");
    let facts = facts(&read(&bench, "it.html"));
    assert_eq!([&facts["replay"], &facts["source"]], ["", ""], "mss-17 alone is another run");
    assert_eq!(facts["scenario"], "mss-17");
}

#[test]
fn what_a_hunt_found_is_drawn() {
    let bench = Bench::new(&[]);
    bench.run(&["hunt", "lossy-relay", "--html", "it.html", "--svg", "it.svg"], b"");
    let facts = facts(&read(&bench, "it.html"));
    assert_eq!(facts["verdict"]["word"], "violated");
    let replay = facts["replay"].as_str().expect("a text");
    assert!(replay.starts_with("constellation replay "), "{replay}");
    assert!(facts["source"].as_str().expect("a text").contains("[link]"));
    assert!(read(&bench, "it.svg").contains("is lost"));
    // Below it the calm run, which is good.
    let page = read(&bench, "it.html");
    let calm = between(&page, "<script type=\"application/json\" id=\"facts-other\">", "</script>");
    let calm: Value = serde_json::from_str(calm).expect("facts are JSON");
    assert_eq!(calm["verdict"]["word"], "holds");
    assert!(calm["title"].as_str().expect("a text").contains("the calm run"), "{calm}");
}

#[test]
fn a_tape_and_a_specimen_are_drawn() {
    let bench = Bench::new(&[]);
    bench.run(&["run", "specimen:cache/stale-fill", "--html", "specimen.html"], b"");
    bench.run(&["hunt", "lossy-relay", "--keep", "kept"], b"");
    let kept = fs::read_dir(bench.path().join("kept")).expect("it was kept");
    let tape = kept
        .map(|entry| entry.expect("ours").path())
        .find(|path| path.extension().is_some_and(|end| end == "tape"));
    let tape = tape.expect("a tape is kept");
    bench.run(&["replay", tape.to_str().expect("UTF-8"), "lossy-relay", "--html", "tape.html"], b"");
    assert_eq!(facts(&read(&bench, "tape.html"))["verdict"]["word"], "violated");
    assert!(bench.names().contains(&"specimen.html".to_owned()), "{:?}", bench.names());
}

#[test]
fn what_cannot_be_drawn_is_refused_before_anything_is_done() {
    let bench = Bench::new(&[
        ("log.txt", b"nothing that is an event\n"),
        ("broken.jsonl", b"{\"schema\":\"constellation/trace/1\",\"nodes\":[]}\n{\n"),
    ]);
    bench.check(
        &["report", "broken.jsonl", "-o", "it.html"],
        expect![[r#"
        exit 2
        --- talk
        error: expected a key in double quotes, found the end of the line
         --> broken.jsonl:2:2
          |
        2 | {
          |  ^"#]],
    );
    bench.check(
        &["report", "log.txt", "-o", "it.html"],
        expect![[r#"
        exit 2
        --- talk
        error: no known layout of an event is found in this text
         --> log.txt:1:1
          |
        1 | nothing that is an event
          | ^^^^^^^^^^^^^^^^^^^^^^^^
        help: say how an event looks, such as
              constellation check log.txt --parser '(?<host>\S+) (?<clock>\{.*?\}) ?(?<event>.*)'
        (tried: TSViz, ShiViz, GoVector, one-line events, JSON Lines; logs/README.md shows each of them)"#]],
    );
    bench.check(
        &["report", "log.txt"],
        expect![[r#"
        exit 2
        --- talk
        error: the following required arguments were not provided:
          --output <FILE>

        Usage: constellation report --output <FILE> <TRACE>

        For more information, try '--help'."#]],
    );
    bench.check(
        &["run", "mss-17", "--html", "no/such/folder/it.html"],
        expect![[r#"
        exit 2
        --- talk
        error: cannot write `no/such/folder/it.html`: No such file or directory (os error 2)"#]],
    );
    assert_eq!(bench.names(), ["broken.jsonl", "log.txt"], "nothing is written");
}

#[test]
fn a_history_is_drawn_with_a_lane_for_each_session() {
    let stale = "{:process 0 :type :invoke :f :write :value 1}\n{:process 0 :type :ok :f :write :value 1}\n\
        {:process 1 :type :invoke :f :read :value nil}\n{:process 1 :type :ok :f :read :value nil}\n";
    let bench =
        Bench::new(&[("stale.edn", stale.as_bytes()), ("two.sketch", b"p0  w(x,1)\np1  r(x,1) r(y,nil)\n")]);
    bench.run(&["judge", "stale.edn", "--html", "it.html", "--svg", "it.svg"], b"");
    let facts = facts(&read(&bench, "it.html"));
    expect!["p0 w(x,1) is before p1 r(x,nil) (over before the other begins), which is before p0 w(x,1) (it reads an older x)."].assert_eq(facts["sentence"].as_str().expect("a text"));
    assert_eq!(facts["counts"]["nodes"], 2);
    let words: Vec<&str> = facts["judgements"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|judgement| judgement["word"].as_str().expect("a word"))
        .collect();
    assert_eq!(words[0], "violated", "what is explained comes first");
    assert!(words.contains(&"holds"), "{words:?}");
    expect_file!["drawing/stale.svg"].assert_eq(&read(&bench, "it.svg"));
    bench.check(
        &["judge", "stale.edn", "two.sketch", "--svg", "two.svg"],
        expect![[r#"
        exit 2
        --- talk
        error: --svg draws one history, but there are 2
        help: name one file, or --html for all"#]],
    );
}

#[test]
fn a_history_of_transactions_is_drawn_with_a_bar_for_each() {
    let skew = fs::read("../../histories/write-skew.edn").expect("it ships");
    let orders = fs::read("../../histories/two-orders.sketch").expect("it ships");
    let bench = Bench::new(&[("write-skew.edn", &skew), ("two-orders.sketch", &orders)]);
    for name in ["write-skew", "two-orders"] {
        let ending = if name == "write-skew" { "edn" } else { "sketch" };
        let output =
            bench.run(&["judge", &format!("{name}.{ending}"), "--html", "it.html", "--svg", "it.svg"], b"");
        assert_eq!((output.status.code(), text(&output.stderr)), (Some(1), ""));
        let svg = read(&bench, "it.svg");
        expect_file![format!("{}/tests/it/drawing/{name}.svg", env!("CARGO_MANIFEST_DIR"))].assert_eq(&svg);
        let facts = facts(&read(&bench, "it.html"));
        let sentence = facts["sentence"].as_str().expect("a text").replace('\'', "&#39;");
        assert!(svg.contains(&sentence), "page and picture say the same: {sentence}");
        assert_eq!(svg.contains("No times are recorded"), name == "two-orders");
        // What is in the circle are the transactions themselves, so that the picture says what they did.
        for link in ["e0 is before e1: ", "e1 is before e0: "] {
            assert!(svg.contains(link), "{link}");
        }
    }
}

#[test]
fn several_histories_are_drawn_on_one_page() {
    let file = |name: &str| fs::read(format!("../../histories/{name}")).expect("it ships");
    let (skew, stale, lists) = (file("write-skew.edn"), file("stale-read.edn"), file("lists.edn"));
    let files: [(&str, &[u8]); 4] = [
        ("h/a-write-skew.edn", &skew),
        ("h/b-stale-read.edn", &stale),
        ("h/c-lists.edn", &lists),
        ("h/d-broken.edn", b"{:process 0, :type :invoke, :f :read, :value"),
    ];
    let bench = Bench::new(&files);
    let output = bench.run(&["judge", "h", "--html", "it.html", "--color", "never"], b"");
    let html = read(&bench, "it.html");
    assert_eq!(output.status.code(), Some(2), "the worst is that one cannot be read");
    // Each line that is printed is a row of the page.
    for line in text(&output.stdout).lines().filter(|line| line.contains("h/")) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let row = format!("<tr><th scope=\"row\">{}</th><td>{} {}</td>", words[2], words[0], words[1]);
        assert!(html.contains(&row), "{row}");
    }
    let count = text(&output.stdout).lines().last().expect("it is told").to_owned();
    assert!(html.contains(&format!("<p>{count}.</p>")), "{count}");
    // Both that are violated are drawn, and none else; what they say stands in both as in a picture of their own.
    assert_eq!(html.matches("<svg").count(), 2);
    for name in ["h/a-write-skew.edn", "h/b-stale-read.edn"] {
        bench.run(&["judge", name, "--svg", "it.svg"], b"");
        let svg = read(&bench, "it.svg");
        let desc = between(&svg, "<desc id=\"c-desc\">", "</desc>").to_owned();
        assert!(html.contains(&desc) && html.contains(&format!("<h2>{name}</h2>")), "{name}: {desc}");
    }
    assert!(!html.contains("<script"));
}

#[test]
fn a_hunt_that_finds_nothing_says_that_nothing_is_drawn() {
    let bench = Bench::new(&[]);
    let output = bench.run(&["hunt", "conjunction", "--seeds", "3", "--html", "it.html"], b"");
    expect![[r#"
        nothing was found, so --html has nothing to draw
    "#]]
    .assert_eq(text(&output.stderr));
    assert_eq!(bench.names(), Vec::<String>::new());
}

#[test]
fn a_hunt_is_plotted_by_the_first_seed_of_each_finding() {
    let bench = Bench::new(&[]);
    let hunt = [
        "hunt",
        "conjunction",
        "--resolver",
        "wall-lww",
        "--faults",
        "loss=20%,duplicate=5%",
        "--seeds",
        "40",
        "--all",
    ];
    let json = bench.run(&[&hunt[..], &["--plot", "it.html", "--json"]].concat(), b"");
    let json: Value = serde_json::from_slice(&json.stdout).expect("JSON");
    bench.run(&[&hunt[..], &["--plot", "it.svg"]].concat(), b"");
    let (html, svg) = (read(&bench, "it.html"), read(&bench, "it.svg"));
    let findings = json["findings"].as_array().expect("a list");
    assert!(findings.len() > 2, "{findings:?}");
    for (nth, finding) in (1..).zip(findings) {
        let (seed, total) = (finding["seeds"][0].as_str().expect("a text"), &finding["seeds_total"]);
        let promise = finding["judgement"]["promise"].as_str().expect("a text");
        let seeds = if total == 1 { "seed" } else { "seeds" };
        let told = format!("<title>{promise} ({total} {seeds}): {seed}, {nth}</title>");
        assert!(svg.contains(&told), "{told}");
        assert_eq!(html.matches(&told).count(), 2, "for wide and for narrow screens: {told}");
        assert!(html.contains(&format!(
            "<tr><th scope=\"row\">{nth}</th><td>{seed}</td><td>{total}</td><td>{promise}</td>"
        )));
        assert!(html.contains(&format!("<h2>Finding {nth}</h2>")));
    }
    assert!(!html.contains("<script"));
    let output = bench.run(&["hunt", "conjunction", "--seeds", "3", "--all", "--plot", "none.svg"], b"");
    expect![["0 findings: --plot has nothing to show that is not said already\n"]]
        .assert_eq(text(&output.stderr));
    assert_eq!(bench.names(), ["it.html", "it.svg"]);
}

#[test]
fn a_storm_and_passes_are_drawn_though_no_trace_tells_of_them() {
    let bench = Bench::new(&[]);
    bench.run(
        &["run", "antarctic", "--policy", "last-write-wins", "--html", "storm.html", "--svg", "storm.svg"],
        b"",
    );
    let storm = facts(&read(&bench, "storm.html"));
    let text = "both relays are lost: pacific, atlantic, indian_ocean, arctic | tasman, drake | antarctic";
    assert_eq!(storm["world"][0]["text"], text);
    assert_eq!(
        [&storm["world"][0]["at_ns"], &storm["world"][0]["until_ns"]],
        ["60000000000", "600000000000"]
    );
    assert_eq!(
        storm["world"][0]["groups"][2].as_array().expect("a group").len(),
        2,
        "antarctic and its crew"
    );
    assert!(read(&bench, "storm.svg").contains("class=\"c-band\""));
    expect![[r#"Expected: mss-17/attitude = "yaw +2.5" (indian_ocean:1), which indian_ocean acknowledged, is shown in the end, or an update that saw it; but it is lost: antarctic:1 displaced it by wall clock, 02:08:34.001Z against 02:04:18.001Z, though antarctic:1 had not seen indian_ocean:1; and more."#]].assert_eq(storm["sentence"].as_str().expect("a text"));
    // What joins the events of the evidence, though its proof is that nothing does.
    let violated = &storm["judgements"].as_array().expect("a list")[0];
    assert!(!violated["messages"].as_array().expect("a list").is_empty(), "{violated}");
    bench.run(&["run", "narrow-pass", "--html", "pass.html"], b"");
    let world = &facts(&read(&bench, "pass.html"))["world"];
    let passes: Vec<&Value> = world.as_array().expect("a list").iter().map(|doing| &doing["text"]).collect();
    assert_eq!(passes, ["pass: pacific, atlantic – satellite"; 2], "one for both directions");
}

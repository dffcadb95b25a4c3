//! What flags add to a scenario stands in every command that is printed, and in every JSON object.

use expect_test::expect;
use serde_json::Value;

use crate::command::{Bench, text};

const CRASH: [&str; 6] =
    ["--step", "at=0.5s,do=crash,node=antarctic", "--step", "at=4s,do=restart,node=antarctic", "--end", "5s"];

/// The words of a command as a shell takes it apart; quotes are all that it has.
fn words(command: &str) -> Vec<String> {
    let (mut words, mut is_quoted) = (vec![String::new()], false);
    for letter in command.chars() {
        match letter {
            '\'' => is_quoted = !is_quoted,
            ' ' if !is_quoted => words.push(String::new()),
            letter => words.last_mut().expect("there is one at least").push(letter),
        }
    }
    words.remove(0);
    words
}

fn json(bench: &Bench, args: &[&str]) -> Value {
    let args = [args, &["--json"]].concat();
    let output = bench.run(&args, b"");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!("{args:?} prints no JSON: {error}: {}{}", text(&output.stdout), text(&output.stderr))
    })
}

fn json_of(bench: &Bench, command: &str) -> Value {
    let words = words(command);
    json(bench, &words.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn the_printed_command_does_the_same_again_with_all_that_was_given() {
    let bench = Bench::new(&[]);
    let given = ["--wall", "node=atlantic,ahead=600ms", "--faults", "latency=20ms..90ms"];
    let run = json(&bench, &[&["run", "lossy-relay"], &CRASH[..], &given].concat());
    let replay = run["replay"].as_str().expect("it is a command");
    expect!["constellation run lossy-relay --seed 1 --end 5s --wall 'node=atlantic,ahead=600ms' --step 'at=0.5s,do=crash,node=antarctic' --step 'at=4s,do=restart,node=antarctic' --faults 'latency=20ms..90ms'"]
        .assert_eq(replay);
    assert_eq!(run["promises"][7]["verdict"], "violated", "antarctic lacks what was said while it was down");
    assert_eq!(json_of(&bench, replay), run);
    expect![[r#"{"nodes":null,"end":"5s","walls":["node=atlantic,ahead=600ms"],"steps":["at=0.5s,do=crash,node=antarctic","at=4s,do=restart,node=antarctic"],"faults":"latency=20ms..90ms"}"#]]
        .assert_eq(&run["given"].to_string());
    let compared = json(&bench, &[&["run", "lossy-relay", "--resolver", "all"], &CRASH[..]].concat());
    assert_eq!(compared["given"]["steps"], run["given"]["steps"]);
}

#[test]
fn a_tape_is_of_the_steps_that_were_given() {
    let bench = Bench::new(&[]);
    let restart = "at=4s,do=restart,node=antarctic";
    let steps = ["--step", "at=3s,do=crash,node=antarctic", "--step", restart];
    let hunt = json(&bench, &[&["hunt", "lossy-relay", "--seeds", "50"], &steps[..]].concat());
    let finding = &hunt["findings"][0];
    let replay = finding["judgement"]["text"].as_str().and_then(|text| text.split_once("replay    "));
    let (_, replay) = replay.expect("the command ends the evidence");
    assert_eq!(finding["deviations"], serde_json::json!(["loss pacific -> atlantic #0 = 1 of 2"]));
    let replayed = json_of(&bench, replay);
    assert_eq!(replayed["trace_sha256"], finding["trace_sha256"]);
    assert_eq!(replayed["replay"], replay);
    for given in [&hunt["given"], &replayed["given"]] {
        assert_eq!(given["steps"][1], restart);
    }
    assert_eq!(
        json_of(&bench, hunt["again"].as_str().expect("it is a command"))["findings"],
        hunt["findings"]
    );
    let tape = finding["tape"].as_str().expect("it is a line");
    let other = bench.run(&["replay", tape, "lossy-relay"], b"");
    assert_eq!(other.status.code(), Some(2), "without the steps it is of another run");
    assert!(text(&other.stderr).contains("what happens without any bad luck is another run"));
}

#[test]
fn a_step_that_cannot_be_explored_is_shown_where_it_was_given() {
    let bench = Bench::new(&[]);
    let step = ["--step", "at=3s,do=heal", "--step", "at=2s,do=crash,node=pacific"];
    bench.check(
        &[&["explore", "lossy-relay"], &step[..]].concat(),
        expect![[r#"
        exit 2
        --- talk
        error: this step cannot be explored: only requests, and messages that are late or lost
         --> --step:2:1
          |
        2 | at=2s,do=crash,node=pacific
          | ^^^^^^^^^^^^^^^^^^^^^^^^^^^
          |
        help: leave it out, or let `hunt` try seeds"#]],
    );
    let asked = ["--step", "at=2s,do=submit,node=pacific,key=mss-23/mode,value=off", "--losses", "0"];
    let explored = json(&bench, &[&["explore", "lossy-relay"], &asked[..]].concat());
    assert_eq!(explored["given"]["steps"][0], asked[1]);
    assert_ne!(explored["runs"], json(&bench, &["explore", "lossy-relay", "--losses", "0"])["runs"]);
}

#[test]
fn what_cannot_be_added_is_underlined_in_the_flag_that_adds_it() {
    let bench = Bench::new(&[]);
    let run = ["run", "conjunction"];
    bench.check(
        &[&run[..], &["--step", "at=1s,do=heal", "--step", "at=2s,do=crash,node=pacifc"]].concat(),
        expect![[r#"
            exit 2
            --- talk
            error: there is no node `pacifc`
             --> --step:2:21
              |
            2 | at=2s,do=crash,node=pacifc
              |                     ^^^^^^
              |
            help: did you mean `pacific`?"#]],
    );
    bench.check(
        &[&run[..], &["--wall", "node=pacific,ahead=soon"]].concat(),
        expect![[r#"
        exit 2
        --- talk
        error: `soon` is not a duration such as "600ms", or "-2s" for behind
         --> --wall:1:20
          |
        1 | node=pacific,ahead=soon
          |                    ^^^^"#]],
    );
    bench.check(
        &[&run[..], &["--end", "3s"]].concat(),
        expect![[r#"
        exit 2
        --- talk
        error: this step is at +6.000000s, after the end of the run at +3.000000s
          --> conjunction.toml:40:6
           |
        40 | at = "6s"
           |      ^^^^
           |
        help: make `end` later, or the step earlier"#]],
    );
    bench.check(
        &[&run[..], &["--end", "soon"]].concat(),
        expect![[r#"
        exit 2
        --- talk
        error: invalid value 'soon' for '--end <TIME>': a number and a unit, such as 90s, 10min or 1.5h

        For more information, try '--help'."#]],
    );
}

//! `constellation hunt --real`: what is asked, before anything is started; and a store that is found out.

use expect_test::{Expect, expect};

use crate::command::Bench;

fn check(args: &[&str], expected: &Expect) {
    let output = Bench::new(&[]).run(&[&["hunt", "--real"], args].concat(), b"");
    let code = output.status.code().expect("it ends by itself");
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).expect("it is text"));
    expected.assert_eq(&format!("exit {code}\n{}", said.concat()));
}

#[test]
fn a_server_that_nobody_knows_is_not_hunted() {
    check(
        &["etc"],
        &expect![[r#"
        exit 2
        error: no server that can be placed is called `etc`
        help: did you mean `etcd`?
    "#]],
    );
}

#[test]
fn a_fault_that_nobody_knows_is_refused() {
    check(
        &["quorum", "--faults", "kil"],
        &expect![[r#"
        exit 2
        error: no kind of fault is called `kil`
        help: did you mean `kill`?
    "#]],
    );
    check(
        &["quorum", "--faults", "loss=5%"],
        &expect![[r#"
        exit 2
        error: no kind of fault is called `loss=5%`
        help: with --real, some of cut,isolate,kill,pause,slow,loss,clock
    "#]],
    );
}

#[test]
fn a_server_is_hunted_by_one_model() {
    check(
        &["quorum", "--model", "causal,pram"],
        &expect![[r#"
        exit 2
        error: a server is hunted by one model at a time
        help: name the one that it claims
    "#]],
    );
}

#[test]
fn a_file_that_is_no_schedule_is_refused_with_its_line() {
    let bench = Bench::new(&[("wrong.schedule", b"schedule 1 seed 7 until 100ms\n1ms..2ms kill mars\n")]);
    let output = bench.run(&["hunt", "--real", "quorum", "--schedule", "wrong.schedule"], b"");
    assert_eq!(output.status.code(), Some(2));
    let expected = expect![[r#"
        error: `wrong.schedule` cannot be used: line 2 of the schedule should be such as `800ms..2300ms isolate pacific`, at most a thousand lines, and is `1ms..2ms kill mars`
    "#]];
    expected.assert_eq(&String::from_utf8(output.stderr).expect("it is text"));
}

#[test]
fn what_is_meant_for_simulated_runs_is_refused() {
    for flag in [&["--seeds", "5"][..], &["--step", "at=1s,do=heal"], &["--swarm"]] {
        let output = Bench::new(&[]).run(&[&["hunt", "--real", "quorum"], flag].concat(), b"");
        let said = String::from_utf8(output.stderr).expect("it is text");
        assert!(output.status.code() == Some(2) && said.contains("cannot be used with"), "{said}");
    }
}

#[test]
fn what_is_distinct_cannot_be_collected() {
    check(
        &["quorum", "--all"],
        &expect![[r#"
            exit 2
            error: --all collects what is distinct, and whether two rounds of a real server show the same nobody can tell, as neither comes again
            help: hunt on behind what was found, with --from and the seed after it
        "#]],
    );
}

#[test]
fn a_page_that_cannot_be_written_is_refused_before_anything_starts() {
    let output = Bench::new(&[]).run(&["hunt", "--real", "quorum", "--html", "nowhere/page.html"], b"");
    let said = String::from_utf8(output.stderr).expect("it is text");
    assert!(output.status.code() == Some(2) && said.contains("nowhere"), "{said}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_violation_is_written_so_that_it_can_be_judged_and_tried_again() {
    const SCHEDULE: &str = "schedule 1 seed 7 until 1000ms\n100ms..900ms isolate pacific\n";
    let bench = Bench::new(&[("one.schedule", SCHEDULE.as_bytes())]);
    let schedule = [
        "--schedule",
        "one.schedule",
        "--tries",
        "1",
        "--for",
        "5m",
        "--keep",
        "kept",
        "--json",
        "--html",
        "page.html",
        "--svg",
        "part.svg",
    ];
    let hunt = ["hunt", "--real", "quorum:r=1,w=1", "--model", "linearizable"];
    let output = bench.run(&[&hunt[..], &schedule].concat(), b"");
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.code() == Some(2) && said.contains("namespaces") {
        eprintln!("skipped: {said}");
        return;
    }
    assert_eq!(output.status.code(), Some(1), "{said}");
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    let finding = &json["modes"][0]["finding"];
    assert_eq!((&finding["model"], &finding["tries"]), (&"linearizable".into(), &1.into()));
    let files =
        ["schedule", "history", "smallest"].map(|file| finding["files"][file].as_str().expect("it is kept"));
    assert_eq!(std::fs::read_to_string(bench.path().join(files[0])).expect("it is there"), SCHEDULE);
    for history in &files[1..] {
        let judged = bench.run(&["judge", history, "--model", "linearizable"], b"");
        assert_eq!(judged.status.code(), Some(1), "{history}");
    }
    let drawn = ["page.html", "part.svg"].map(|file| std::fs::read_to_string(bench.path().join(file)));
    let [page, part] = drawn.map(|drawn| drawn.expect("it is there"));
    assert!(page.contains("isolate pacific") && page.contains("found by a hunt, seed 7"));
    let found = finding["found"].as_str().expect("it is text");
    assert!(part.contains("linearizable") && !found.is_empty(), "{found}");
}

//! What runs at sites: it is reached, killed, paused, started again, and what it does wrong is a result.

use std::time::Duration;

use constellation_fabric::Link;
use constellation_testbed::{
    Command, Disk, Exit, LOG_BYTES_MAX, OutputEnd, Pipes, Said, Signal, TestbedError, User, Wall,
};

use crate::bench::{PATIENCE, SERVANT, line, lines, on_switch, options, servant, skipped, start};

#[test]
fn a_line_over_tcp_goes_to_another_site_and_back() {
    let Some(testbed) = on_switch(options(3, Link::INSTANT)) else { return };
    let [here, there] = [testbed.address(0, 2), testbed.address(2, 2)];
    let server = start(testbed.site(2), "server", ["tcp-echo", &there.to_string()]);
    assert_eq!(line(&server), "ready");
    let client = start(testbed.site(0), "client", ["talk", &here.to_string()]);
    assert_eq!(line(&client), "connected");
    client.write_line("hello").expect("the client is there");
    let answer = line(&client);
    assert!(answer.ends_with(" hello"), "{answer}");
    assert!(testbed.counts(0, 2).carried >= 3, "{:?}", testbed.counts(0, 2));
    assert_eq!(testbed.counts(0, 1).sent, 0);
}

#[test]
fn a_killed_process_keeps_its_folder_or_loses_it() {
    let Some(testbed) = on_switch(options(1, Link::INSTANT)) else { return };
    let mut store = start(testbed.site(0), "store", ["store"]);
    let write = |store: &constellation_testbed::Process| {
        store.write_line("a value").expect("the store is there");
        line(store)
    };
    assert_eq!([write(&store), write(&store)], ["1", "2"]);
    assert_eq!(store.kill().expect("it ends").exit, Exit::Signal(9));
    assert!(matches!(store.write_line("lost"), Err(TestbedError::Ended { .. })));
    store.restart(Disk::Kept).expect("it starts again");
    assert_eq!(write(&store), "3");
    store.restart(Disk::Lost).expect("it starts again");
    assert_eq!(write(&store), "1");
    store.end_input().expect("the store is there");
    let ended = store.wait(PATIENCE).expect("it ends with its input");
    assert_eq!(ended.exit, Exit::Status(0));
    assert!(ended.at <= testbed.now());
    assert_eq!(store.read_line(PATIENCE), Said::End(OutputEnd::Closed));
}

#[test]
fn a_paused_process_says_nothing_until_it_goes_on() {
    let Some(testbed) = on_switch(options(1, Link::INSTANT)) else { return };
    let echo = start(testbed.site(0), "echo", ["echo"]);
    echo.signal(Signal::Pause).expect("the site is there");
    let paused_at = testbed.now();
    echo.write_line("are you there").expect("the site is there");
    assert_eq!(echo.read_line(Duration::from_millis(200)), Said::Nothing);
    let resumed_at = testbed.now();
    echo.signal(Signal::Resume).expect("the site is there");
    let Said::Line { at, bytes } = echo.read_line(PATIENCE) else { panic!("no line") };
    assert_eq!(bytes, b"are you there");
    assert!(paused_at < resumed_at && resumed_at <= at, "{resumed_at:?} {at:?}");
}

#[test]
fn a_kill_takes_the_descendants_too_whatever_their_session() {
    let Some(testbed) = on_switch(options(1, Link::INSTANT)) else { return };
    assert_eq!(testbed.limits(), [""; 0], "the site sees its own /proc");
    let family = start(testbed.site(0), "family", ["family"]);
    let child: u32 = line(&family).trim_start_matches("child ").parse().expect("a number");
    let look = |name: &str| {
        let look = Command::new(name, "/bin/sh")
            .args(["-c", &format!("kill -0 {child} && echo there || echo gone")])
            .pipes(Pipes::Lines { bytes_per_second_max: 1_000 });
        line(&testbed.site(0).spawn(look).expect("the shell starts"))
    };
    assert_eq!(look("before"), "there");
    family.kill().expect("it ends");
    // Whoever is killed with it may take a moment to be gone.
    let gone = (0..100).any(|number| look(&format!("after-{number}")) == "gone");
    assert!(gone, "the child in a session of its own is still there");
}

#[test]
fn when_the_power_fails_everything_at_the_site_ends_and_the_site_stays() {
    let Some(testbed) = on_switch(options(2, Link::INSTANT)) else { return };
    let here = [start(testbed.site(0), "one", ["family"]), start(testbed.site(0), "two", ["echo"])];
    let there = start(testbed.site(1), "echo", ["echo"]);
    testbed.site(0).power_off().expect("the site is there");
    for process in &here {
        assert_eq!(process.wait(PATIENCE).expect("it ends").exit, Exit::Signal(9));
    }
    there.write_line("still here").expect("it is there");
    assert_eq!(line(&there), "still here");
    let after = start(testbed.site(0), "after", ["echo"]);
    after.write_line("up again").expect("it is there");
    assert_eq!(line(&after), "up again");
}

#[test]
fn a_program_that_misbehaves_is_a_result() {
    let Some(testbed) = on_switch(options(1, Link::INSTANT)) else { return };
    let site = testbed.site(0);
    let small = Pipes::Lines { bytes_per_second_max: 50_000 };
    let flood = site.spawn(servant("flood", ["flood"]).pipes(small)).expect("it starts");
    while let Said::Line { bytes, .. } = flood.read_line(PATIENCE) {
        assert_eq!(bytes, b"too much");
    }
    assert_eq!(flood.read_line(PATIENCE), Said::End(OutputEnd::Flood));

    let endless = start(site, "endless", ["endless"]);
    assert_eq!(endless.read_line(PATIENCE), Said::End(OutputEnd::LineTooLong));

    let deaf = start(site, "deaf", ["deaf"]);
    let long = "x".repeat(10_000);
    for _ in 0..400 {
        deaf.write_line(&long).expect("the site takes it");
    }
    assert_eq!(deaf.read_line(PATIENCE), Said::End(OutputEnd::InputStuck));

    let nonsense = start(site, "nonsense", ["nonsense"]);
    let said: Vec<Said> = (0..4).map(|_| nonsense.read_line(PATIENCE)).collect();
    let bytes = said.iter().map(|said| match said {
        Said::Line { bytes, .. } => bytes.clone(),
        _ => b"the end".to_vec(),
    });
    assert_eq!(bytes.collect::<Vec<_>>(), [&[0xff, 0xfe][..], &[0, 1], b"x", b"the end"]);

    let dies = start(site, "dies", ["die", "3"]);
    assert_eq!(dies.wait(PATIENCE).expect("it ends").exit, Exit::Status(3));
}

#[test]
fn of_a_process_that_logs_much_the_last_of_the_log_stays() {
    let Some(testbed) = on_switch(options(1, Link::INSTANT)) else { return };
    let script = "head -c 20000000 /dev/zero | tr '\\0' '\\n'; echo last; exec sleep 100";
    let talks = Command::new("talks", "/bin/sh").args(["-c", script]);
    let talks = testbed.site(0).spawn(talks).expect("the shell starts");
    let log = || std::fs::read(talks.log()).unwrap_or_default();
    let is_short = |log: &[u8]| log.ends_with(b"last\n") && log.len() as u64 <= LOG_BYTES_MAX;
    let is_shortened = (0..200).any(|_| talks.wait(Duration::from_millis(100)).is_none() && is_short(&log()));
    assert!(is_shortened, "the log has {} bytes", log().len());
}

#[test]
fn what_does_not_start_says_why() {
    let Some(testbed) = on_switch(options(1, Link::INSTANT)) else { return };
    let error = |command| testbed.site(0).spawn(command).map(drop).expect_err("it cannot start").to_string();
    assert_eq!(
        error(Command::new("none", "no-such-server")),
        "`no-such-server` does not start at site 0: there is no such program in PATH"
    );
    assert_eq!(
        error(Command::new("folder", "/etc/passwd")),
        "`/etc/passwd` does not start at site 0: Permission denied (os error 13)"
    );
    assert_eq!(
        error(Command::new("script", "/usr/bin/ldd").wall(Wall::Told)),
        match wall_is_there() {
            true =>
                "the wall clock of `/usr/bin/ldd` cannot be made to lie: it is a script: name what interprets it",
            false =>
                "the wall clock of `/usr/bin/ldd` cannot be made to lie: libfaketime is not installed (Debian's package \
                 `faketime`)",
        }
    );
}

#[test]
fn a_program_may_be_somebody_who_is_not_root() {
    let Some(testbed) = on_switch(options(1, Link::INSTANT)) else { return };
    let who = servant("who", ["whoami"]).user(User::NotRoot);
    let process = testbed.site(0).spawn(who).expect("it starts");
    let who = lines(&process);
    let log = std::fs::read_to_string(process.log()).unwrap_or_default();
    let uid = who.iter().find(|line| line.starts_with("Uid:")).expect(&log);
    assert_eq!(uid, "Uid:\t65534\t65534\t65534\t65534");
    let powers = who.iter().find(|line| line.starts_with("CapEff:")).expect("a status names the powers");
    assert_eq!(powers, "CapEff:\t0000000000000000");
}

#[test]
fn a_wall_clock_lies_to_one_process_and_to_no_other() {
    let Some(testbed) = on_switch(options(1, Link::INSTANT)) else { return };
    if !wall_is_there() {
        skipped("libfaketime is not installed (Debian's package `faketime`)");
        return;
    }
    let told = testbed.site(0).spawn(servant("told", ["wall"]).wall(Wall::Told)).expect("it starts");
    let truth = start(testbed.site(0), "truth", ["wall"]);
    let shown = |process: &constellation_testbed::Process| {
        process.write_line("what time is it").expect("it is there");
        let line = line(process);
        let (wall, elapsed) = line.split_once(' ').expect("two numbers");
        [wall, elapsed].map(|number| number.parse::<i64>().expect("a number"))
    };
    let ahead = |by: i64| {
        told.set_wall(by * 1_000_000_000).expect("it can be told");
        let [[told, elapsed], [truth, _]] = [shown(&told), shown(&truth)];
        assert!(elapsed < 60, "elapsed time jumped by {elapsed} s");
        // The test itself may take a while between the two.
        let error = told - truth - by;
        assert!((-20..=20).contains(&error), "{by} s ahead were asked for, and {error} s more came");
    };
    ahead(0);
    ahead(600);
    ahead(-86_400);
    assert!(matches!(truth.set_wall(1), Err(TestbedError::Wall { .. })));
}

fn wall_is_there() -> bool {
    let folders = std::fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    folders.map(|folder| folder.path().join("faketime/libfaketimeMT.so.1")).any(|path| path.is_file())
}

#[test]
fn a_program_that_is_no_site_is_named_as_the_reason() {
    let mut options = options(1, Link::INSTANT);
    options.program = Some("/bin/true".into());
    let error = constellation_testbed::Testbed::open(options).map(drop).expect_err("true is no site");
    let error = error.to_string();
    assert!(
        error.contains("a site ends before it begins: does the program call `serve_if_site`?"),
        "{error}"
    );
    assert!(std::path::Path::new(SERVANT).exists());
}

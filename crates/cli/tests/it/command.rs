//! Runs the real program, and shows exit code, standard output and standard error as one text.

#![allow(clippy::too_many_lines, reason = "a table of inputs and outputs is read in one piece")]

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use expect_test::{Expect, expect};
use tempfile::TempDir;

/// A folder of its own with these files in it, in which the program runs.
pub(crate) struct Bench {
    folder: TempDir,
}

impl Bench {
    pub(crate) fn new(files: &[(&str, &[u8])]) -> Bench {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        for (name, bytes) in files {
            let file = folder.path().join(name);
            fs::create_dir_all(file.parent().expect("it is below the folder")).expect("the folder is ours");
            fs::write(file, bytes).expect("the folder is ours");
        }
        Bench { folder }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The names in the folder, in order.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path()).expect("the folder is ours");
        let name = |entry: std::io::Result<fs::DirEntry>| entry.expect("it is ours").file_name();
        let mut names: Vec<_> = entries.map(|entry| name(entry).to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    pub(crate) fn run(&self, args: &[&str], stdin: &[u8]) -> Output {
        self.run_with(args, stdin, &[])
    }

    /// In an environment that says nothing of terminals and colours but what is given.
    pub(crate) fn run_with(&self, args: &[&str], stdin: &[u8], env: &[(&str, &str)]) -> Output {
        let mut child = Command::new(env!("CARGO_BIN_EXE_constellation"))
            .args(args)
            .current_dir(self.path())
            .env_remove("NO_COLOR")
            .env_remove("CLICOLOR_FORCE")
            .env_remove("FORCE_COLOR")
            .env("TERM", "dumb")
            .envs(env.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it was built for this test");
        // It may end without having read everything, which is its right.
        let _ = child.stdin.take().expect("it is piped").write_all(stdin);
        child.wait_with_output().expect("it ends")
    }

    pub(crate) fn check(&self, args: &[&str], expected: Expect) {
        expected.assert_eq(&shown(&self.run(args, b"")));
    }
}

/// Runs the program in an empty folder.
pub(crate) fn check(args: &[&str], expected: Expect) {
    Bench::new(&[]).check(args, expected);
}

/// The exit code, what was found, and what was said about it.
pub(crate) fn shown(output: &Output) -> String {
    let code = output.status.code().expect("it was not killed");
    let (out, talk) = (text(&output.stdout), text(&output.stderr));
    let section = |title, text: &str| {
        if text.is_empty() { String::new() } else { format!("\n--- {title}\n{}", text.trim_end()) }
    };
    format!("exit {code}{}{}", section("out", out), section("talk", talk))
}

pub(crate) fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("all that is printed is UTF-8")
}

#[test]
fn without_a_command_the_help_is_shown() {
    let output = Bench::new(&[]).run(&[], b"");
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("Exit codes:"), "{}", text(&output.stderr));
}

#[test]
fn help_and_version_are_no_failure() {
    for args in [&["--help"][..], &["--version"], &["run", "--help"], &["check", "--help"], &["help", "run"]]
    {
        assert_eq!(Bench::new(&[]).run(args, b"").status.code(), Some(0), "{args:?}");
    }
}

#[test]
fn what_cannot_be_parsed_is_told_with_what_to_do() {
    check(
        &["rnu", "conjunction"],
        expect![[r#"
        exit 2
        --- talk
        error: unrecognized subcommand 'rnu'

        Usage: constellation [OPTIONS] <COMMAND>

        For more information, try '--help'."#]],
    );
    check(
        &["run"],
        expect![[r#"
        exit 2
        --- talk
        error: the following required arguments were not provided:
          <SCENARIO>

        Usage: constellation run <SCENARIO>

        For more information, try '--help'."#]],
    );
    check(
        &["run", "conjunction", "--sed", "1"],
        expect![[r#"
        exit 2
        --- talk
        error: unexpected argument '--sed' found

          tip: a similar argument exists: '--seed'

        Usage: constellation run --seed <N> <SCENARIO>

        For more information, try '--help'."#]],
    );
    check(
        &["run", "conjunction", "--seed", "-1"],
        expect![[r#"
        exit 2
        --- talk
        error: unexpected argument '-1' found

          tip: to pass '-1' as a value, use '-- -1'

        Usage: constellation run [OPTIONS] <SCENARIO>

        For more information, try '--help'."#]],
    );
    check(
        &["run", "conjunction", "--seed", "0xg"],
        expect![[r#"
        exit 2
        --- talk
        error: invalid value '0xg' for '--seed <N>': a whole number from 0 to 2^64 - 1, decimal or after 0x

        For more information, try '--help'."#]],
    );
    check(
        &["run", "conjunction", "--seed", "18446744073709551616"],
        expect![[r#"
        exit 2
        --- talk
        error: invalid value '18446744073709551616' for '--seed <N>': a whole number from 0 to 2^64 - 1, decimal or after 0x

        For more information, try '--help'."#]],
    );
    check(
        &["--color", "red", "scenarios"],
        expect![[r#"
        exit 2
        --- talk
        error: invalid value 'red' for '--color <WHEN>'
          [possible values: auto, always, never]

        For more information, try '--help'."#]],
    );
    check(
        &["completions", "cmd"],
        expect![[r#"
        exit 2
        --- talk
        error: invalid value 'cmd' for '<SHELL>'
          [possible values: bash, elvish, fish, powershell, zsh]

        For more information, try '--help'."#]],
    );
}

#[test]
fn scenarios_lists_what_there_is() {
    check(
        &["scenarios"],
        expect![[r#"
            exit 0
            --- out
            conjunction  two stations update one satellite while the Antarctic relay is down
            mss-17       two updates within 80 ms, one wall clock 600 ms ahead
            lossy-relay  a relay loses one message in thirty, and nobody says anything twice
            narrow-pass  two short passes over a satellite, and more to tell it than fits into one
            hasty-disk   stations do not wait for their disks, and machines fail
            mss-23       48 s without an answer: six worlds that look the same to the client
            antarctic    both relays lost for nine minutes: who may write meanwhile, and who coordinates"#]],
    );
    check(
        &["scenarios", "--json"],
        expect![[r#"
            exit 0
            --- out
            {
              "schema": "constellation/scenarios/1",
              "scenarios": [
                {
                  "name": "conjunction",
                  "title": "two stations update one satellite while the Antarctic relay is down"
                },
                {
                  "name": "mss-17",
                  "title": "two updates within 80 ms, one wall clock 600 ms ahead"
                },
                {
                  "name": "lossy-relay",
                  "title": "a relay loses one message in thirty, and nobody says anything twice"
                },
                {
                  "name": "narrow-pass",
                  "title": "two short passes over a satellite, and more to tell it than fits into one"
                },
                {
                  "name": "hasty-disk",
                  "title": "stations do not wait for their disks, and machines fail"
                },
                {
                  "name": "mss-23",
                  "title": "48 s without an answer: six worlds that look the same to the client"
                },
                {
                  "name": "antarctic",
                  "title": "both relays lost for nine minutes: who may write meanwhile, and who coordinates"
                }
              ]
            }"#]],
    );
}

#[test]
fn every_shell_gets_a_script_that_knows_every_command() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let output = Bench::new(&[]).run(&["completions", shell], b"");
        assert_eq!(output.status.code(), Some(0), "{shell}");
        for word in ["run", "check", "scenarios", "completions", "resolver"] {
            assert!(text(&output.stdout).contains(word), "{shell} is not told of {word}");
        }
    }
}

#[test]
fn a_pipe_gets_no_escapes_unless_they_are_asked_for() {
    let has_escapes = |args: &[&str], env: &[(&str, &str)]| {
        let args = [&["run", "mss-17", "--resolver", "wall-lww"], args].concat();
        Bench::new(&[]).run_with(&args, b"", env).stdout.contains(&0x1b)
    };
    assert!(!has_escapes(&[], &[]), "a pipe is no terminal");
    assert!(!has_escapes(&["--color", "never"], &[]));
    assert!(has_escapes(&["--color", "always"], &[]));
    assert!(!has_escapes(&[], &[("NO_COLOR", "1")]));
    assert!(has_escapes(&["--color", "always"], &[("NO_COLOR", "1")]), "what is typed wins over what is set");
}

#[test]
fn colour_says_nothing_that_the_text_does_not() {
    for args in [&["run", "mss-17", "--resolver", "all"][..], &["run", "conjunction"], &["scenarios"]] {
        let plain = Bench::new(&[]).run(&[args, &["--color", "never"]].concat(), b"");
        let coloured = Bench::new(&[]).run(&[args, &["--color", "always"]].concat(), b"");
        let bare = anstream::adapter::strip_str(text(&coloured.stdout)).to_string();
        assert_eq!(bare, text(&plain.stdout), "{args:?}");
        for line in text(&plain.stdout).lines() {
            assert_eq!(line, line.trim_end(), "{args:?}: blanks at the end");
        }
    }
}

#[test]
fn a_reader_that_goes_away_does_not_change_the_exit_code() {
    for (args, code) in [
        (&["run", "conjunction"][..], 0),
        (&["completions", "zsh"], 0),
        (&["scenarios"], 0),
        (&["run", "mss-17", "--json"], 0),
        (&["run", "mss-17", "--resolver", "wall-lww"], 1),
        (&["run", "mss-17", "--resolver", "wall-lww", "--json"], 1),
        (&["run", "mss-17", "--resolver", "all"], 1),
        (&["check", "../../logs/forgotten-tick.log"], 1),
        (&["run", "nowhere"], 2),
    ] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_constellation"))
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it was built for this test");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(output.status.code(), Some(code), "{args:?}");
        assert_eq!(text(&output.stderr).is_empty(), code != 2, "{args:?}: {}", text(&output.stderr));
    }
}

/// That all seeds of some were fine is not that every promise holds.
#[test]
fn each_command_says_what_its_exit_codes_mean() {
    let told = |command: &str| {
        let output = Bench::new(&[]).run(&[command, "--help"], b"");
        let line = text(&output.stdout).lines().find(|line| line.trim_start().starts_with("0  "));
        format!("{command:<8}{}\n", line.unwrap_or("  nothing"))
    };
    expect![[r#"
        run       0  every promise holds
        replay    0  every promise holds
        live      0  every promise holds
        check     0  every promise holds
        judge     0  every model that was judged holds
        hunt      0  no promise was seen broken under the seeds that were tried; other seeds may break one
        explore   0  every promise holds in every order within the bounds
    "#]]
    .assert_eq(&["run", "replay", "live", "check", "judge", "hunt", "explore"].map(told).concat());
}

/// A device gives bytes without end, and a file can be longer than any memory.
#[cfg(unix)]
#[test]
fn nothing_is_read_further_than_it_may_be_long() {
    let bench = Bench::new(&[]);
    for name in ["endless.toml", "endless.tape", "endless.log"] {
        std::os::unix::fs::symlink("/dev/zero", bench.path().join(name)).expect("the folder is ours");
    }
    for name in ["sparse.toml", "sparse.tape", "sparse.log"] {
        let file = fs::File::create(bench.path().join(name)).expect("the folder is ours");
        file.set_len(20 << 30).expect("it takes no room");
    }
    let told = |args: &&[&str]| {
        let output = bench.run(args, b"");
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        format!("{}\n    {}", args.join(" "), text(&output.stderr))
    };
    let commands: [&[&str]; 5] = [
        &["run", "endless.toml"],
        &["run", "sparse.toml"],
        &["replay", "endless.tape", "conjunction"],
        &["replay", "sparse.tape", "conjunction"],
        &["check", "sparse.log"],
    ];
    expect![[r#"
        run endless.toml
            error: `endless.toml` is too long: a scenario has at most 4194304 bytes
        run sparse.toml
            error: `sparse.toml` is too long: a scenario has at most 4194304 bytes
        replay endless.tape conjunction
            error: `endless.tape` is too long: a tape has at most 67108864 bytes
        replay sparse.tape conjunction
            error: `sparse.tape` is too long: a tape has at most 67108864 bytes
        check sparse.log
            error: `sparse.log` is too long: a log has at most 1073741824 bytes
    "#]]
    .assert_eq(&commands.iter().map(told).collect::<String>());
}

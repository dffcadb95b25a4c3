//! What a project has around the audit: its own functions, mends, and a list for clippy.

#![allow(clippy::too_many_lines, reason = "a table of inputs and outputs is read in one piece")]

use std::fs;

use expect_test::expect;

use crate::command::{Bench, shown, text};

const ASK: &[u8] = b"async fn greet(peer: &Peer) {\n    rpc::ask(peer).await.unwrap();\n}\n";

const OWN: &[u8] = b"[[audit.remote]]\npath = \"rpc::ask\"\n";

#[test]
fn functions_of_ones_own_are_named_in_a_file() {
    assert_eq!(
        Bench::new(&[("ask.rs", ASK)]).run(&["audit", "--info", "--deny-from", "info"], b"").status.code(),
        Some(0)
    );
    let bench = Bench::new(&[("ask.rs", ASK), ("constellation.toml", OWN), ("none.toml", b"")]);
    let output = bench.run(&["audit", "--info", "--deny-from", "info"], b"");
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains("info[reliable::remote-unwrap]"), "{}", text(&output.stdout));
    assert_eq!(
        bench.run(&["audit", "--info", "--deny-from", "info", "--config", "none.toml"], b"").status.code(),
        Some(0)
    );
    assert_eq!(
        bench
            .run(&["audit", "--info", "--deny-from", "info", "--stdin", "--filename", "a.rs"], ASK)
            .status
            .code(),
        Some(1)
    );
    assert_eq!(
        bench.run(&["audit", "--info", "--deny-from", "info", "--config", "gone.toml"], b"").status.code(),
        Some(2)
    );
}

#[test]
fn what_is_named_there_and_called_nowhere_is_told() {
    let call = b"async fn greet(peer: &Peer) -> R {\n    crate::rpc::ask(peer).await?;\n}\n";
    let own = b"[[audit.remote]]\npath = [\"rpc::ask\", \"rpc::tell\"]\n";
    let bench = Bench::new(&[("lib.rs", call), ("constellation.toml", own)]);
    let output = bench.run(&["audit"], b"");
    assert_eq!(output.status.code(), Some(0), "it may be called behind a feature, or in another package");
    let out = text(&output.stdout);
    let (_, told) = out.split_once("1 file, ").expect("it has an end");
    expect![[r#"
        3 lines
        named in the configuration, and called nowhere in what was audited
          `rpc::ask`: is `crate::rpc::ask` meant?
          `rpc::tell`
    "#]]
    .assert_eq(told);
    let output = bench.run(&["audit", "--json"], b"");
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    let expected = serde_json::json!([
        {"name": "rpc::ask", "alike": "crate::rpc::ask"},
        {"name": "rpc::tell", "alike": null},
    ]);
    assert_eq!(json["own_unmatched"], expected);
}

/// A misspelt folder in a pipeline would else pass for ever.
#[test]
fn a_folder_with_nothing_to_read_is_refused() {
    let files: [(&str, &[u8]); 5] = [
        ("none/notes.toml", b""),
        ("tests/it.rs", b"fn a() {}"),
        ("left/gen.rs", b"fn a() {}"),
        ("left/a.md", b"# A"),
        ("left/.ignore", b"gen.rs\na.md\n"),
    ];
    let bench = Bench::new(&files);
    bench.check(
        &["audit", "none"],
        expect![[r#"
        exit 2
        --- talk
        error: no Rust file is below `none`
        help: names that end in `.rs` are looked for; is the name misspelt?"#]],
    );
    bench.check(
        &["audit", "tests", "--json"],
        expect![[r#"
        exit 2
        --- talk
        error: nothing below `tests` is left to read: 1 Rust file of test code
        help: --tests looks at them"#]],
    );
    bench.check(&["audit", "left"], expect![[r#"
        exit 2
        --- talk
        error: nothing below `left` is left to read: every Rust file there is hidden or ignored
        help: `.gitignore`, `.ignore` and `.auditignore` say what is ignored; a file that is named itself is read"#]]);
    bench.check(&["claims", "none", "tests"], expect![[r#"
        exit 2
        --- talk
        error: no document is below `none` and `tests`
        help: names that end in `.md`, `.markdown`, `.mdx`, `.html`, `.htm`, `.txt`, `.rst`, `.adoc`, `.text` are looked for; is the name misspelt?"#]]);
    bench.check(&["claims", "left"], expect![[r#"
        exit 2
        --- talk
        error: nothing below `left` is left to read: every document there is hidden or ignored
        help: `.gitignore`, `.ignore` and `.auditignore` say what is ignored; a file that is named itself is read"#]]);
    for args in [&["audit", "tests", "--tests"][..], &["audit", "tests/it.rs"], &["audit", "left/gen.rs"]] {
        assert_eq!(bench.run(args, b"").status.code(), Some(0), "{args:?}");
    }
}

#[test]
fn what_is_wrong_in_that_file_is_drawn() {
    let wrong = b"[[audit.remote]]\npath = \"rpc::ask\"\ntimeout = \"5s\"\n";
    Bench::new(&[("constellation.toml", wrong)]).check(
        &["audit"],
        expect![[r#"
        exit 2
        --- talk
        error: `5s` is unknown
         --> constellation.toml:3:11
          |
        3 | timeout = "5s"
          |           ^^^^
          |
        help: one of `none`, `system`"#]],
    );
}

const RELAY: &str = "use std::time::SystemTime;
fn took() -> u64 {
    let begun = SystemTime::now();
    work();
    begun.elapsed().unwrap().as_secs()
}
/* \u{1b}[31m */ fn client() -> reqwest::Result<reqwest::Client> {
    reqwest::Client::builder().build()
}
";

#[test]
fn mends_are_shown_first_and_written_where_that_is_asked_for() {
    let bench = Bench::new(&[("relay.rs", RELAY.as_bytes()), ("main.rs", b"fn main() {}\n")]);
    let first = shown(&bench.run(&["audit", "--fix"], b""));
    expect![[r#"
        exit 1
        --- out
        --- a/relay.rs
        +++ b/relay.rs
        @@ -1,9 +1,9 @@
        -use std::time::SystemTime;
        +use std::time::Instant;
         fn took() -> u64 {
        -    let begun = SystemTime::now();
        +    let begun = Instant::now();
             work();
        -    begun.elapsed().unwrap().as_secs()
        +    begun.elapsed().as_secs()
         }
         /*  [31m */ fn client() -> reqwest::Result<reqwest::Client> {
        -    reqwest::Client::builder().build()
        +    reqwest::Client::builder().timeout(std::time::Duration::from_secs(30)).build()
         }
        2 mends in 1 file: --write makes them; read them first
        · 2 findings before that"#]]
    .assert_eq(&first);
    let file = bench.path().join("relay.rs");
    assert_eq!(fs::read_to_string(&file).expect("it is there"), RELAY, "nothing is written yet");
    let written = shown(&bench.run(&["audit", "--fix", "--write"], b""));
    let exit = |text: &str| text.lines().next().map(str::to_owned);
    assert_eq!((exit(&first), exit(&written)), (Some("exit 1".to_owned()), Some("exit 0".to_owned())));
    let mended = RELAY
        .replace("SystemTime", "Instant")
        .replace(".unwrap()", "")
        .replace("builder()", "builder().timeout(std::time::Duration::from_secs(30))");
    assert_eq!(fs::read_to_string(&file).expect("it is there"), mended);
    assert_eq!(bench.names(), ["main.rs", "relay.rs"]);
    bench.check(
        &["audit", "--fix"],
        expect![[r#"
        exit 0
        --- out
        nothing that a machine can mend"#]],
    );
}

#[cfg(unix)]
#[test]
fn a_mended_file_keeps_its_place_and_its_rights() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let bench = Bench::new(&[("relay.txt", RELAY.as_bytes())]);
    let (file, link) = (bench.path().join("relay.txt"), bench.path().join("relay.rs"));
    fs::set_permissions(&file, fs::Permissions::from_mode(0o750)).expect("it is ours");
    symlink("relay.txt", &link).expect("the folder is ours");
    bench.run(&["audit", "--fix", "--write", "relay.rs"], b"");
    assert!(fs::symlink_metadata(&link).expect("it is there").is_symlink());
    assert!(fs::read_to_string(&file).expect("it is there").contains("Instant"));
    assert_eq!(fs::metadata(&file).expect("it is there").permissions().mode() & 0o777, 0o750);
}

#[test]
fn what_a_machine_cannot_mend_is_told_so() {
    Bench::new(&[("broken.rs", b"fn a( {}")]).check(
        &["audit", "--fix"],
        expect![[r#"
        exit 2
        --- out
        nothing that a machine can mend
        not audited
          broken.rs:1: it does not parse: a bracket or a quote has no other half"#]],
    );
    Bench::new(&[]).check(
        &["audit", "--write"],
        expect![[r#"
        exit 2
        --- talk
        error: the following required arguments were not provided:
          --fix

        Usage: constellation audit --fix --write [PATH]...

        For more information, try '--help'."#]],
    );
}

#[test]
fn clippy_gets_a_list_of_what_is_wrong_by_name() {
    let output = Bench::new(&[]).run(&["audit", "--clippy-toml"], b"");
    assert_eq!(output.status.code(), Some(0));
    let out = text(&output.stdout);
    for line in out.lines().filter(|line| line.starts_with("    ")) {
        let (_, rule) = line.rsplit_once('(').expect("it names a rule");
        let (rule, _) = rule.split_once(')').expect("it ends");
        assert!(constellation_audit::rules::find(rule).is_ok(), "{line}");
    }
    let of_std: Vec<_> =
        out.lines().filter(|line| !line.contains("path") || line.contains("\"std::")).collect();
    expect![[r##"
        # What `constellation audit` knows to be wrong by name, for clippy's `disallowed_methods`, which knows types.
        # `constellation audit --explain RULE` tells why.
        disallowed-methods = [
            { path = "std::net::TcpStream::connect", reason = "a connect without a time-out (reliable::connect-no-timeout)", allow-invalid = true },
            { path = "std::time::SystemTime::elapsed", reason = "a span of time by a clock that steps (clock::systemtime-elapsed)", allow-invalid = true },
        ]"##]].assert_eq(&of_std.join("\n"));
}

//! Which files are found, and what is said of those that cannot be audited.

use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use constellation_audit::{Audit, Options, audit, audit_text};
use expect_test::{Expect, expect};
use tempfile::TempDir;

const CONNECT: &str = "fn a() { std::net::TcpStream::connect(x); }";

/// A folder with these files in it.
fn tree(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("there is room");
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("it is in the folder")).expect("the folder is ours");
        fs::write(path, text).expect("the folder is ours");
    }
    folder
}

fn audited(folder: &Path) -> Audit {
    audit(&[folder.to_owned()], &Options::default()).expect("the folder is there")
}

/// The files with findings, and what could not be audited, as they stand below the folder.
fn check(folder: &Path, expected: Expect) {
    let audit = audited(folder);
    let short = |path: &Path| path.strip_prefix(folder).expect("it is in there").display().to_string();
    let found = audit.findings.iter().map(|finding| format!("{}:{}\n", short(&finding.path), finding.line));
    let failed = audit.not_audited.iter().map(|failed| {
        let text = failed.to_string().replace(&folder.display().to_string(), "…");
        format!("not audited {text}\n")
    });
    let left_out = format!("{} audited, {} left out\n", audit.files.len(), audit.files_left_out);
    expected.assert_eq(&found.chain(failed).chain([left_out]).collect::<String>());
}

#[test]
fn rust_is_found_and_what_is_ignored_or_tests_is_not() {
    let folder = tree(&[
        ("src/lib.rs", CONNECT),
        ("src/net/peer.rs", CONNECT),
        ("src/notes.txt", CONNECT),
        (".gitignore", "/generated\n"),
        ("generated/a.rs", CONNECT),
        (".auditignore", "*.wrong.rs\n"),
        ("src/a.wrong.rs", CONNECT),
        (".hidden/a.rs", CONNECT),
        ("target/CACHEDIR.TAG", ""),
        ("target/debug/build/a.rs", CONNECT),
        ("tests/it.rs", CONNECT),
        ("examples/a.rs", CONNECT),
        ("src/peer_test.rs", CONNECT),
    ]);
    check(
        folder.path(),
        expect![[r#"
            src/lib.rs:1
            src/net/peer.rs:1
            2 audited, 3 left out
        "#]],
    );
}

#[test]
fn a_file_that_is_named_is_a_test_by_where_it_is_in_its_package() {
    let folder = tree(&[
        ("tests/a/Cargo.toml", ""),
        ("tests/a/src/lib.rs", CONNECT),
        ("tests/a/tests/it.rs", CONNECT),
    ]);
    let left_out = |name: &str| {
        let audit = audit(&[folder.path().join(name)], &Options::default()).expect("it is there");
        audit.files_left_out
    };
    assert_eq!((left_out("tests/a/src/lib.rs"), left_out("tests/a/tests/it.rs")), (0, 1));
}

#[test]
fn a_module_in_a_file_of_its_own_is_a_test_if_it_is_declared_so() {
    let folder = tree(&[
        ("src/lib.rs", "#[cfg(test)] mod fixtures; mod net;"),
        ("src/fixtures.rs", "mod inner;"),
        ("src/fixtures/inner.rs", CONNECT),
        ("src/net.rs", "mod deep { #[cfg(test)] mod pairs; }"),
        ("src/net/deep/pairs/mod.rs", CONNECT),
        ("src/net/deep/pairs/more.rs", CONNECT),
        ("src/net/deep/other.rs", CONNECT),
    ]);
    check(
        folder.path(),
        expect![[r#"
            src/net/deep/other.rs:1
            3 audited, 4 left out
        "#]],
    );
}

#[test]
fn what_cannot_be_audited_is_named_and_the_rest_is_audited() {
    let folder = tree(&[
        ("broken.rs", "fn a() {\n    let x = ;\n}"),
        ("conflict.rs", "fn a() {}\n<<<<<<< HEAD\nfn b() {}\n"),
        ("deep.rs", &format!("fn a() {{\n{}{} }}", "(".repeat(10_000), ")".repeat(10_000))),
        ("long.rs", &format!("{CONNECT}//{}", " ".repeat(10 << 20))),
        ("fine.rs", CONNECT),
        ("empty.rs", ""),
    ]);
    fs::write(folder.path().join("latin.rs"), b"// one\n// caf\xe9\n").expect("the folder is ours");
    check(
        folder.path(),
        expect![[r#"
        fine.rs:1
        not audited …/broken.rs:2: it does not parse: expected an expression
        not audited …/conflict.rs:2: it does not parse
        not audited …/deep.rs:2: it nests deeper than 200 brackets, or 8000 tokens in one statement
        not audited …/latin.rs:2: it is not UTF-8
        not audited …/long.rs: it is longer than 10485760 bytes
        2 audited, 0 left out
    "#]],
    );
}

#[cfg(target_os = "linux")]
#[test]
fn links_and_pipes_neither_hang_nor_count_twice() {
    use std::os::unix::fs::symlink;

    let folder = tree(&[("src/a.rs", CONNECT)]);
    let at = |name: &str| folder.path().join(name);
    symlink(at("src"), at("src/again")).expect("the folder is ours");
    symlink(at("src/a.rs"), at("b.rs")).expect("the folder is ours");
    symlink(at("nowhere"), at("gone.rs")).expect("the folder is ours");
    symlink(at("nowhere"), at("gone.txt")).expect("the folder is ours");
    symlink("/dev/zero", at("endless.rs")).expect("the folder is ours");
    // A file that can be opened, and not even root can read from its beginning.
    symlink("/proc/self/mem", at("unreadable.rs")).expect("the folder is ours");
    let made = std::process::Command::new("mkfifo").arg(at("pipe.rs")).status().expect("there is mkfifo");
    assert!(made.success());
    check(
        folder.path(),
        expect![[r#"
            src/a.rs:1
            not audited …/endless.rs: it is no file, but a device, a pipe or a socket
            not audited …/gone.rs: no such file or directory
            not audited …/pipe.rs: it is no file, but a device, a pipe or a socket
            not audited …/src/again: it is a link to the folder `…/src` that it stands in
            not audited …/unreadable.rs: input/output error
            1 audited, 0 left out
        "#]],
    );
}

#[test]
fn a_path_that_is_not_there_is_refused() {
    let error =
        audit(&[PathBuf::from("no/such/place.rs")], &Options::default()).expect_err("it is not there");
    assert_eq!(error.to_string(), "cannot read `no/such/place.rs`: no such file or directory");
}

#[test]
fn a_very_long_line_is_audited() {
    let line = "fn a() { std::net::TcpStream::connect(x); } ";
    let audit = audit_text(Path::new("a.rs"), line.repeat(2_000).as_bytes(), &Options::default());
    assert_eq!(audit.findings.len(), 2_000);
    let last = audit.findings.last().expect("there are many");
    assert_eq!((last.line, last.column, &*last.excerpt.text), (1, line.len() * 1_999 + 10, ""));
    let array = format!("const A: &[u8] = &[{}];", "1, ".repeat((10 << 20) / 40));
    let audit = audit_text(Path::new("a.rs"), array.as_bytes(), &Options::default());
    assert!(audit.not_audited.is_empty() && audit.files.len() == 1, "{:?}", audit.not_audited);
}

/// Each of these makes the parser, or the walk, or what frees the tree descend once for each.
#[test]
fn what_nests_as_deep_as_is_parsed_does_not_end_the_program() {
    let many = |piece: &str, times: usize| piece.repeat(times);
    for code in [
        format!("fn a() {{ {}b }}", many("!", 7_900)),
        format!("fn a() {{ {}b }}", many("&", 7_900)),
        format!("fn a() {{ b{} }}", many("+b", 3_900)),
        format!("fn a() {{ b{} }}", many(".b()", 2_600)),
        format!("fn a() {{ b{} }}", many("?", 7_900)),
        format!("fn a() {{ {} }}", many("if a {} else ", 1_500) + "{}"),
        format!("fn a() {{ {}b }}", many("|| ", 3_900)),
        format!("fn a() {{ {}b }}", many("return ", 7_900)),
        format!("fn a(b: {}u8{}) {{}}", many("Box<", 2_600), many(">", 2_600)),
        format!("fn a(b: {}u8) {{}}", many("&", 7_900)),
        format!("fn a() {{ {}{} }}", many("{", 190), many("}", 190)),
        format!("fn a() {{ let b = {}c{}; }}", many("(", 190), many(")", 190)),
        format!("fn a() {{ {} }}", many("b = ", 3_900) + "c"),
    ] {
        let audit = audit_text(Path::new("a.rs"), code.as_bytes(), &Options::default());
        let start: String = code.chars().take(60).collect();
        assert!(audit.files.len() + audit.not_audited.len() == 1, "{start}");
        assert!(audit.not_audited.is_empty(), "{start}: {:?}", audit.not_audited);
    }
}

#[test]
fn what_is_found_does_not_depend_on_threads() {
    let names: Vec<String> = (0..60).map(|number| format!("src/{number}.rs")).collect();
    let files: Vec<(&str, &str)> = names.iter().map(|name| (&**name, CONNECT)).collect();
    let folder = tree(&files);
    let on = |threads| {
        let threads = NonZeroUsize::new(threads).expect("it is not zero");
        let audit = audit(&[folder.path().to_owned()], &Options::default().on_threads(threads));
        format!("{:#?}", audit.expect("the folder is there"))
    };
    let one = on(1);
    assert!(one.matches("connect-no-timeout").count() == 60);
    for threads in [2, 3, 8, 100] {
        assert_eq!(on(threads), one, "{threads} threads");
    }
}

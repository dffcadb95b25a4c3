//! What the compiler says to whoever asks a clock for more than it knows.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use expect_test::expect_file;

/// Compiles one file as far as its types go; what comes of it is put in a folder of the tests.
fn compiled(arguments: &[&str], file: &str) -> Output {
    Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
        .args([
            "--edition=2024",
            "--emit=metadata",
            "--color=never",
            "--out-dir",
            env!("CARGO_TARGET_TMPDIR"),
        ])
        .args(arguments)
        .arg(file)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("the compiler that built this test is there")
}

/// The clocks alone, which need nothing but themselves.
fn clocks() -> PathBuf {
    let built = compiled(&["--crate-name=constellation_clock", "--crate-type=lib"], "src/lib.rs");
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("libconstellation_clock.rmeta")
}

/// What is said, without what is not its wording: where a line of ours is, and how wide that made the margin.
fn worded(said: &str) -> String {
    let mut text = String::new();
    let mut is_ours = false;
    for line in said.lines() {
        let digits = line.trim_start();
        let (number, rest) =
            digits.split_at(digits.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(0));
        let rest = rest.trim_start();
        let line = if let Some(place) = rest.strip_prefix("--> ").or_else(|| rest.strip_prefix("::: ")) {
            is_ours = place.starts_with("src/");
            let end = if is_ours { rest.find(".rs:").expect("a place has a line") + 3 } else { rest.len() };
            format!("   {}", &rest[..end])
        } else if rest.starts_with(['|', '=']) {
            format!("{:>3} {rest}", if is_ours { "" } else { number })
        } else {
            line.to_owned()
        };
        text.push_str(&line);
        text.push('\n');
    }
    text
}

#[test]
fn asking_a_total_order_for_concurrency_does_not_compile_and_says_why() {
    let clocks = format!("constellation_clock={}", clocks().display());
    for (file, expected) in [
        ("tests/ui/total_orders_do_not.rs", expect_file!["../ui/total_orders_do_not.stderr"]),
        ("tests/ui/impostors_do_not.rs", expect_file!["../ui/impostors_do_not.stderr"]),
    ] {
        let refused = compiled(&["--extern", &clocks], file);
        assert!(!refused.status.success(), "{file} compiles");
        expected.assert_eq(&worded(&String::from_utf8_lossy(&refused.stderr)));
    }
}

//! What a machine mends, and what it must leave to people.

use std::path::Path;

use constellation_audit::{Level, Options, mend};

fn mended(code: &str) -> Option<String> {
    mend(Path::new("src/lib.rs"), code, &Options::default(), Level::Warn).map(|mended| mended.text)
}

#[test]
fn a_span_of_time_is_measured_by_a_clock_that_does_not_step() {
    for (code, expected) in [
        (
            "use std::time::SystemTime;\nfn a() { let t = SystemTime::now(); b(); c(t.elapsed().unwrap()); }",
            "use std::time::Instant;\nfn a() { let t = Instant::now(); b(); c(t.elapsed()); }",
        ),
        (
            "use std::time::{Duration, SystemTime};\nfn a() -> R { let t = SystemTime::now(); c(t.elapsed()?, t.elapsed().unwrap_or_default()); }",
            "use std::time::{Duration, Instant};\nfn a() -> R { let t = Instant::now(); c(t.elapsed(), t.elapsed()); }",
        ),
        (
            "use std::time::{Instant, SystemTime};\nfn a() { let t = SystemTime::now(); if b { c(t.elapsed().expect(\"(\").as_secs()); } }",
            "use std::time::{Instant, SystemTime};\nfn a() { let t = std::time::Instant::now(); if b { c(t.elapsed().as_secs()); } }",
        ),
        (
            "pub use std::time::SystemTime;\nfn a() { let t = SystemTime::now(); c(t.elapsed().unwrap()); }",
            "pub use std::time::SystemTime;\nfn a() { let t = std::time::Instant::now(); c(t.elapsed()); }",
        ),
        (
            "fn a() { let t = std::time::SystemTime::now(); c(t.elapsed().unwrap()); let s = std::time::SystemTime::now(); d(s); }",
            "fn a() { let t = std::time::Instant::now(); c(t.elapsed()); let s = std::time::SystemTime::now(); d(s); }",
        ),
    ] {
        assert_eq!(mended(code).as_deref(), Some(expected), "{code}");
    }
}

#[test]
fn a_wall_time_that_somebody_else_needs_stays_one() {
    for code in [
        "fn a() { let t = std::time::SystemTime::now(); c(t.elapsed().unwrap()); d(t); }",
        "fn a() { let t = std::time::SystemTime::now(); c(t.elapsed().unwrap()); log!(\"{}\", t); }",
        "fn a() { let t = std::time::SystemTime::now(); c(t.elapsed().unwrap()); log!(\"{t:?}\"); }",
        "fn a() { let t = std::time::SystemTime::now(); match t.elapsed() { Ok(e) => c(e), Err(_) => d() } }",
        "fn a() { let mut t = std::time::SystemTime::now(); c(t.elapsed().unwrap()); t = std::time::SystemTime::now(); }",
        "fn a() { let t: std::time::SystemTime = std::time::SystemTime::now(); c(t.elapsed().unwrap()); }",
        "struct A { began: std::time::SystemTime } impl A { fn a(&self) { c(self.began.elapsed().unwrap()); } }",
    ] {
        assert_eq!(mended(code), None, "{code}");
    }
}

const SEND: &str = "fn a(s: &mut std::net::TcpStream) { s.write_all(&n.to_ne_bytes()); s.read_exact(&mut b); c(u32::from_ne_bytes(b)); }";

#[test]
fn the_order_of_bytes_is_fixed_on_both_sides_or_on_none() {
    let expected = SEND.replace("_ne_", "_le_");
    assert_eq!(mended(SEND), Some(expected));
    let other_side = format!("{SEND}\nfn decode(b: [u8; 4]) -> u32 {{ u32::from_ne_bytes(b) }}");
    assert_eq!(mended(&other_side), None, "what another function reads would be read wrongly");
}

#[test]
fn a_builder_gets_a_time_out() {
    let timeout = ".timeout(std::time::Duration::from_secs(30))";
    for (before, behind) in [
        ("fn a() { reqwest::Client::builder()", ".build() }"),
        ("use reqwest::ClientBuilder; fn a() { let b = ClientBuilder::new()", "; b.gzip(true).build() }"),
    ] {
        assert_eq!(mended(&format!("{before}{behind}")), Some(format!("{before}{timeout}{behind}")));
    }
    assert_eq!(
        mended("fn a() {\n    reqwest::Client::builder()\n        .gzip(true)\n        .build()\n}"),
        Some(format!(
            "fn a() {{\n    reqwest::Client::builder()\n        {timeout}\n        .gzip(true)\n        .build()\n}}"
        ))
    );
    // The rule asks whether the file has a time-out: each builder gets one, and none does if something else would be hidden.
    let two = "fn a() { reqwest::Client::builder().build(); b(reqwest::ClientBuilder::new()); }";
    let both =
        two.replace("builder()", &format!("builder(){timeout}")).replace("new()", &format!("new(){timeout}"));
    assert_eq!(mended(two), Some(both));
    assert_eq!(
        mended("fn a() { reqwest::Client::builder().build(); } fn b() { reqwest::Client::new() }"),
        None
    );
    let asked = mended("fn a() { reqwest::Client::builder().build(); } fn b() { reqwest::get(u) }");
    assert!(asked.is_some_and(|text| text.ends_with("reqwest::get(u) }")));
    // A client without a builder has nothing to put it on.
    assert_eq!(mended("fn a() { reqwest::Client::new() }"), None);
}

#[test]
fn what_is_allowed_or_of_a_lower_level_is_left_alone() {
    let allowed = format!("// constellation: allow(homogeneous, reason = \"a\")\n{SEND}");
    assert_eq!(mended(&allowed), None);
    let mended = |least| mend(Path::new("src/lib.rs"), SEND, &Options::default(), least);
    assert_eq!(mended(Level::Deny), None);
    assert_eq!(mended(Level::Warn).map(|mended| mended.mends), Some(2));
}

#[test]
fn what_does_not_parse_or_nests_too_deep_is_left_alone() {
    let deep = format!("fn a() {{ let t = {}1{}; }}", "(".repeat(10_000), ")".repeat(10_000));
    for code in ["fn a( {}", "\u{feff}", "", &deep] {
        assert_eq!(mended(code), None);
    }
    let marked = format!("\u{feff}{SEND}");
    assert_eq!(
        mended(&marked),
        Some(marked.replace("_ne_", "_le_")),
        "places count what stands before the code"
    );
}

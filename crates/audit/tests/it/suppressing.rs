//! How code says that a finding is meant, and what is said to it when it does so badly.

use std::fmt::Write as _;
use std::path::Path;

use constellation_audit::{Family, Options, audit_text};
use expect_test::{Expect, expect};

/// What is found, and how much was suppressed.
fn check(code: &str, expected: Expect) {
    let audit = audit_text(Path::new("src/lib.rs"), code.as_bytes(), &Options::default());
    assert!(audit.not_audited.is_empty(), "{code}: {:?}", audit.not_audited);
    let mut told = String::new();
    for finding in &audit.findings {
        writeln!(told, "{}:{} {}: {}", finding.line, finding.column, finding.rule.id, finding.here)
            .expect("a text takes it");
    }
    let suppressed: usize =
        Family::ALL.iter().filter_map(|family| audit.tallies.get(family)).map(|tally| tally.suppressed).sum();
    writeln!(told, "suppressed: {suppressed}").expect("a text takes it");
    expected.assert_eq(&told);
}

#[test]
fn what_is_allowed_with_a_reason_is_counted_and_not_told() {
    for code in [
        "fn a() {\n    std::net::TcpStream::connect(x); // constellation: allow(connect-no-timeout, reason = \"the caller waits\")\n}",
        "fn a() {\n    // constellation: allow(reliable::connect-no-timeout, reason = \"it is (near), he said\")\n    std::net::TcpStream::connect(x);\n}",
        "// constellation: allow(reliable, reason = \"a\")\nfn a() {\n    std::net::TcpStream::connect(x);\n}",
        "// constellation: allow(reliable, reason = \"a\")\n/// Documented.\n#[inline]\nfn a() {\n    std::net::TcpStream::connect(x);\n}",
        "/// Documented.\n// constellation: allow(reliable, reason = \"a\")\nfn a() {\n    std::net::TcpStream::connect(x);\n}",
        "#[inline]\n// constellation: allow(reliable, reason = \"a\")\n#[cold]\npub fn a() {\n    std::net::TcpStream::connect(x);\n}",
        "impl A {\n    /// Documented.\n    // As the caller waits,\n    // constellation: allow(reliable, reason = \"a\")\n    fn a() { std::net::TcpStream::connect(x); }\n}",
        "// Constellation: allow(reliable, reason = \"a\")\nfn a() {\n    std::net::TcpStream::connect(x);\n}",
        "/* constellation: allow(reliable, latency, reason = \"a\") */\nasync fn a() {\n    std::net::TcpStream::connect(x);\n}",
        "fn a() { match b {\n  // constellation: allow(reliable, reason = \"a\")\n  c => { std::net::TcpStream::connect(x); }\n  d => {}\n} }",
        "#[derive(Serialize)] enum A {\n  // constellation: allow(clock, reason = \"a\")\n  B(std::time::Instant),\n  C }",
        "#[derive(Serialize)] enum A { B {\n  // constellation: allow(clock, reason = \"a\")\n  b: std::time::Instant } }",
        "#[derive(Serialize)] struct A {\n  // constellation: allow(clock, reason = \"a\")\n  #[serde(with = \"b\")]\n  b: std::time::Instant }",
    ] {
        let audit = audit_text(Path::new("src/lib.rs"), code.as_bytes(), &Options::default());
        assert!(audit.findings.is_empty(), "{code}: {:#?}", audit.findings);
        let suppressed: usize = audit.tallies.values().map(|tally| tally.suppressed).sum();
        assert!(suppressed > 0, "{code}");
    }
}

#[test]
fn a_comment_reaches_no_further_than_what_it_stands_before() {
    check(
        "/// Documented.\nfn a() {\n    // constellation: allow(reliable, reason = \"near\")\n    std::net::TcpStream::connect(x);\n    std::net::TcpStream::connect(y);\n}",
        expect![[r#"
            5:5 reliable::connect-no-timeout: nothing in this function ends the wait before the operating system does, after about two minutes
            suppressed: 1
        "#]],
    );
}

#[test]
fn an_exception_without_a_reason_counts_and_is_told() {
    check(
        "// constellation: allow(reliable)\nfn a() { std::net::TcpStream::connect(x); }",
        expect![[r#"
            1:1 audit::allow-without-reason: this allows something and does not say why
            suppressed: 1
        "#]],
    );
}

#[test]
fn an_exception_that_nothing_needs_is_told() {
    check(
        "// constellation: allow(reliable, clock::systemtime-elapsed, reason = \"a\")\nfn a() { std::net::TcpStream::connect(x); }",
        expect![[r#"
            1:1 audit::unused-allow: nothing of `clock::systemtime-elapsed` is found here
            suppressed: 1
        "#]],
    );
}

#[test]
fn a_comment_that_cannot_be_read_is_told() {
    check(
        "// constellation: alow(reliable)\n// constellation: allow(conect-no-timeout, reason = \"a\")\n// constellation: allow()\n// constellation: allow(clock, reason = none)\nfn a() {}",
        expect![[r#"
            1:1 audit::malformed-allow: this speaks to the audit, which does not understand it: write `allow(RULE, reason = "…")`
            2:1 audit::unknown-rule: there is no rule `conect-no-timeout`; did you mean `reliable::connect-no-timeout`?
            3:1 audit::malformed-allow: this speaks to the audit, which does not understand it: write `allow(RULE, reason = "…")`
            4:1 audit::malformed-allow: this speaks to the audit, which does not understand it: write `allow(RULE, reason = "…")`
            suppressed: 0
        "#]],
    );
}

#[test]
fn a_family_with_a_star_is_answered_with_the_family() {
    check(
        "// constellation: allow(reliable::*, reason = \"a\")\nfn a() {}",
        expect![[r#"
            1:1 audit::unknown-rule: there is no rule `reliable::*`; did you mean `reliable`?
            suppressed: 0
        "#]],
    );
}

#[test]
fn documentation_that_speaks_of_the_audit_is_no_mistake() {
    check(
        "/*! constellation: all */\n//! Constellation: a set of stars.\n/// As `// constellation: allow(reliable)` says.\n/** */\nfn a() {}",
        expect![[r#"
            suppressed: 0
        "#]],
    );
}

#[test]
fn a_text_or_documentation_that_looks_like_a_comment_allows_nothing() {
    check(
        "/// constellation: allow(reliable, reason = \"a\")\nfn a() { b(\"// constellation: allow(reliable)\"); std::net::TcpStream::connect(x); }",
        expect![[r#"
            1:1 audit::malformed-allow: this is documentation, which allows nothing: write it with two slashes
            2:50 reliable::connect-no-timeout: nothing in this function ends the wait before the operating system does, after about two minutes
            suppressed: 0
        "#]],
    );
}

#[test]
fn in_code_that_is_left_out_nothing_is_unused() {
    check(
        "#[cfg(test)]\nmod tests {\n    // constellation: allow(reliable, reason = \"a\")\n    fn a() { std::net::TcpStream::connect(x); }\n}",
        expect![[r#"
            suppressed: 0
        "#]],
    );
}

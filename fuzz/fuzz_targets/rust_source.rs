//! Somebody's Rust: audited to the end, told of at places that are there, and mended into Rust.
#![no_main]

use std::path::Path;

use constellation_audit::{Audit, Finding, Level, Options, Tests, audit_text, mend};
use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};

fuzz_target!(|bytes: &[u8]| {
    let options = Options::default().with_tests(Tests::Include);
    let path = Path::new("src/fuzzed.rs");
    let audit = audit_text(path, bytes, &options);
    assert_eq!(audit.files.len() + audit.not_audited.len(), 1, "audited, or not: {:?}", audit.not_audited);
    let Ok(text) = std::str::from_utf8(bytes) else { return assert!(audit.files.is_empty()) };
    check(&audit, text);
    let few = 1..=8;
    if few.contains(&audit.findings.len())
        && let Some(mended) = mend(path, text, &options, Level::Info)
    {
        let after = audit_text(path, mended.text.as_bytes(), &options);
        assert!(after.not_audited.is_empty(), "mended into what does not parse: {}", mended.text);
        assert!(after.findings.len() < audit.findings.len(), "nothing is mended: {}", mended.text);
        check(&after, &mended.text);
    }
});

/// Whether everything told is at a place of the text. Built with `--cfg fuzzing`, proc-macro2 keeps no places, and all of them
/// are the beginning; that they are right is asserted in `crates/audit/tests/it/moved.rs`.
fn check(audit: &Audit, text: &str) {
    let lines = text.lines().count().max(1);
    for failed in &audit.not_audited {
        assert!(failed.line.is_none_or(|line| (1..=lines + 1).contains(&line)), "{failed}");
        assert!(!failed.reason.contains("panicked") && !failed.reason.contains('\n'), "{failed}");
    }
    let suppressed = audit.suppressed.iter().map(|suppressed| &suppressed.finding);
    for finding in audit.findings.iter().chain(suppressed) {
        let Finding { span, line, column, line_end, column_end, excerpt, .. } = finding;
        assert!(text.get(span.clone()).is_some(), "{finding:?}");
        assert!(1 <= *line && (*line, *column) <= (*line_end, *column_end), "{finding:?}");
        assert!(*line_end <= lines + 1 && *column >= 1 && *column_end >= 1, "{finding:?}");
        let shown = excerpt.text.get(excerpt.span.clone());
        assert!(excerpt.text.is_empty() || shown == text.get(span.clone()), "{finding:?}");
    }
}

// Bytes at random seldom parse: three of four mutations move what is between blanks and signs.
fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    if seed.is_multiple_of(4) {
        return fuzzer_mutate(data, size, max_size);
    }
    let moved = moved(&data[..size], seed / 4);
    let length = moved.len().min(max_size);
    data[..length].copy_from_slice(&moved[..length]);
    length
});

/// The text with some of its words or signs left out, doubled, or in place of others.
fn moved(text: &[u8], seed: u32) -> Vec<u8> {
    let is_of_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_' || !byte.is_ascii();
    let pieces: Vec<&[u8]> = text.chunk_by(|one, other| is_of_word(one) && is_of_word(other)).collect();
    if pieces.is_empty() {
        return Vec::new();
    }
    // A linear congruence (Knuth, MMIX) is random enough.
    let mut state = u64::from(seed);
    let mut draw = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    let (from, to) = (draw(pieces.len()), draw(pieces.len() + 1));
    let long = 1 + draw((pieces.len() - from).min(24));
    let (before, behind) = pieces.split_at(to);
    let behind = match draw(3) {
        0 => &behind[draw(behind.len() + 1).min(long)..],
        1 => behind.get(1..).unwrap_or_default(),
        _ => behind,
    };
    [before, &pieces[from..from + long], behind].concat().concat()
}

//! Somebody's Rust: audited to the end, told of at places that are there, and mended into Rust.
#![no_main]

#[path = "../../crates/audit/tests/it/moved/words.rs"]
mod words;

use std::path::Path;

use constellation_audit::{Audit, Finding, Level, Options, Tests, audit_text, mend};
use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};

use self::words::moved;

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

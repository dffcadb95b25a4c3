//! Real sources with their words moved about: whatever comes of it, what is told of is there.

mod words;

use std::fs;
use std::path::{Path, PathBuf};

use constellation_audit::{Level, Options, Tests, audit_text, mend};

use self::words::moved;

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("it is in this package") {
        let path = entry.expect("it is in this package").path();
        if path.is_dir() {
            sources(&path, found);
        } else {
            found.push(path);
        }
    }
    found.sort();
}

#[test]
fn whatever_is_moved_about_is_told_at_its_place_and_mended_into_rust() {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus"), &mut files);
    let options = Options::default().with_tests(Tests::Include);
    let path = Path::new("src/moved.rs");
    let mut told = 0;
    for file in &files {
        let original = fs::read(file).expect("it is in this package");
        for seed in 0..6 {
            let Ok(text) = String::from_utf8(moved(&original, seed)) else { continue };
            let audit = audit_text(path, text.as_bytes(), &options);
            assert_eq!(audit.files.len() + audit.not_audited.len(), 1, "{text}");
            for failed in &audit.not_audited {
                assert!(!failed.reason.contains("panicked"), "{failed}: {text}");
            }
            for finding in &audit.findings {
                let here = text.get(finding.span.clone());
                assert!(here.is_some_and(|here| !here.is_empty()), "{finding:?}");
                assert_eq!(finding.line, text[..finding.span.start].matches('\n').count() + 1, "{finding:?}");
                assert_eq!(finding.excerpt.text.get(finding.excerpt.span.clone()), here, "{finding:?}");
            }
            told += audit.findings.len();
            // Each mend audits the text again.
            if seed < 2
                && let Some(mended) = mend(path, &text, &options, Level::Warn)
            {
                let after = audit_text(path, mended.text.as_bytes(), &options);
                assert!(after.not_audited.is_empty(), "{}", mended.text);
                assert!(after.findings.len() < audit.findings.len(), "{}", mended.text);
            }
        }
    }
    assert!(told > 100, "most of it parses no more: {told}");
}

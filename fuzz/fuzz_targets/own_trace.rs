//! A trace of our own: what is read is written again byte for byte, if it is canonical, and every judge can take it.
#![no_main]

use constellation_lab::promises::judge_trace;
use constellation_trace::format::jsonl::{self, parts};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    // Parts of one trace, one after another with a zero between.
    if let Ok(joined) = parts::join(&bytes.split(|byte| *byte == 0).collect::<Vec<_>>()) {
        let written = jsonl::to_string(&joined.trace);
        assert_eq!(jsonl::read(written.as_bytes()).expect("what was joined can be read"), joined.trace);
    }
    let trace = match jsonl::read(bytes) {
        Ok(trace) => trace,
        Err(error) => {
            assert!(error.place.line >= 1 && error.place.column >= error.text_column, "{error:?}");
            return;
        }
    };
    let written = jsonl::to_string(&trace);
    let again = jsonl::read(written.as_bytes()).expect("what we write we can read");
    assert_eq!(again, trace, "writing and reading changes a trace");
    assert_eq!(jsonl::to_string(&again), written, "what we write is canonical");
    assert_eq!(judge_trace(&trace), judge_trace(&again), "equal traces, equal judgements");
});

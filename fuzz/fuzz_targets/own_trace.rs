//! A trace of our own: what is read is written again byte for byte, if it is canonical, and every judge can take it.
#![no_main]

use constellation_lab::promises::judge_trace;
use constellation_trace::format::jsonl;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
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

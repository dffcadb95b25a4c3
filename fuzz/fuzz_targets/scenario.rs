//! A scenario file: refused with a place in it, or run to an end that is the same each time.
#![no_main]

use constellation_lab::{Scenario, simulate};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let mut scenario = match Scenario::parse("fuzzed", text) {
        Ok(scenario) => scenario,
        Err(error) => {
            assert!(text.get(error.span.clone()).is_some(), "a span outside of the text: {error:?}");
            assert!(!error.to_string().contains(char::is_control), "{error:?}");
            let _ = error.line_and_column(text);
            return;
        }
    };
    // A run without an end is bounded by a million events, which is too long for a fuzzer.
    let is_short = scenario.nodes.len() <= 8 && scenario.steps.len() <= 64;
    if !is_short {
        return;
    }
    scenario.anti_entropy = None;
    let (once, twice) = (simulate(&scenario, scenario.seed), simulate(&scenario, scenario.seed));
    assert!(once == twice, "equal scenario, equal seed, other trace");
});

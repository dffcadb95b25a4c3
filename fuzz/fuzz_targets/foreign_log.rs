//! Somebody else's log: read and judged in work that follows its size; a judgement has a fault exactly when it is broken.
#![no_main]

use constellation_trace::Verdict;
use constellation_trace::format::{FormatError, shiviz};
use constellation_verify::stamps;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let log = match shiviz::read(bytes, &shiviz::Options::default()) {
        Ok(log) => log,
        Err(error) => return check_error(&error),
    };
    let mut events = 0;
    for execution in &log.executions {
        events += execution.events().len();
        let judged = stamps::judge(execution);
        match &judged.judgement.verdict {
            Verdict::Holds => assert_eq!(judged.faults_total, 0),
            Verdict::Violated(_) => assert!(judged.faults_total > 0),
            Verdict::Unknown(_) => {}
        }
        assert!(judged.faults.len() as u64 <= judged.faults_total);
        assert_eq!(stamps::judge(execution).faults, judged.faults, "judged twice, told twice");
    }
    assert!(events <= bytes.len(), "more events than bytes");
});

fn check_error(error: &FormatError) {
    assert!(error.place.line >= 1 && error.place.column >= error.text_column, "{error:?}");
    assert!(!error.text.contains('\n'), "a line is a line: {error:?}");
}

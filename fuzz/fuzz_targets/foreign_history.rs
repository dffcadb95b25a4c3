//! What clients of other systems saw, in every format: read or refused with a place, and judged without a panic.
#![no_main]

use constellation_trace::format::FormatError;
use constellation_trace::format::histories::{HistoryFormat, read, read_any};
use constellation_verify::Budget;
use constellation_verify::models::{self, Patience, Recorded};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for (_, format) in HistoryFormat::NAMES {
        if let Err(error) = read(bytes, format) {
            check_error(&error);
        }
    }
    let imported = match read_any(bytes) {
        Ok(imported) => imported,
        Err(error) => return check_error(&error),
    };
    let Ok(sessions) = imported.reads_and_writes() else { return };
    for id in sessions.ids() {
        if let Some(line) = imported.line_of(&sessions, id) {
            assert!(line as usize <= bytes.len() + 1, "a line that is not there: {line}");
        }
    }
    let mut recorded = Recorded::from(&*sessions);
    if let Some(history) = imported.history() {
        recorded = recorded.with_history(history);
    }
    // Of what is judged here nothing but the end matters: a thousandth of a second each.
    let budget = Budget { steps_max: 100_000, bytes_max: 1 << 24, ..Budget::default() };
    for model in models::all() {
        let _ = model.judge(&recorded, &mut Patience::new(budget)).word();
    }
});

fn check_error(error: &FormatError) {
    assert!(error.place.line >= 1 && error.place.column >= error.text_column, "{error:?}");
    assert!(!error.text.contains('\n'), "a line is a line: {error:?}");
}

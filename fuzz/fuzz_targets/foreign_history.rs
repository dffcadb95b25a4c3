//! What clients of other systems saw, in every format: read or refused with a place, and judged without a panic.
#![no_main]

use std::io::BufReader;

use constellation_trace::format::FormatError;
use constellation_trace::format::histories::{HistoryFormat, read, read_any, read_from};
use constellation_trace::Sessions;
use constellation_verify::Budget;
use constellation_verify::models::{self, Patience, Recorded};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    // Where the pieces end in which it comes is up to the first byte, and makes no difference.
    let piece = bytes.first().map_or(1, |byte| usize::from(*byte) % 64 + 1);
    for (_, format) in HistoryFormat::NAMES {
        let whole = read(bytes, format);
        if let Err(error) = &whole {
            check_error(error);
        }
        let pieces = read_from(BufReader::with_capacity(piece, bytes), format, &mut |_| false);
        assert_eq!(format!("{pieces:?}"), format!("{whole:?}"), "pieces of {piece}");
    }
    let imported = match read_any(bytes) {
        Ok(imported) => imported,
        Err(error) => return check_error(&error),
    };
    assert!(imported.readings.is_empty() || imported.unclear.is_some(), "readings of what is clear");
    for reading in &imported.readings {
        assert!(reading.unclear.is_none(), "a reading settles what is unclear");
        drop(reading.reads_and_writes());
    }
    let Ok(sessions) = imported.reads_and_writes() else { return };
    if let Ok(again) = Sessions::sketch(&sessions.to_string()) {
        assert_eq!(again.to_string(), sessions.to_string(), "a sketch is read as it was written");
    } else {
        panic!("a sketch is not read again: {sessions}");
    }
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

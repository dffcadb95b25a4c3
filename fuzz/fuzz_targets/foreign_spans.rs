//! Somebody else's spans: read and judged in work that follows their size; offsets that are found put every cause first, and
//! whatever is judged can be drawn.
#![no_main]

use constellation_report::Caption;
use constellation_report::import::spans::import;
use constellation_trace::Verdict;
use constellation_trace::format::otlp;
use constellation_verify::spans::judge;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let spans = match otlp::read(bytes) {
        Ok(spans) => spans,
        Err(error) => {
            assert!(error.place.line >= 1 && error.place.column >= error.text_column, "{error:?}");
            assert!(!error.text.contains('\n'), "a line is a line: {error:?}");
            return;
        }
    };
    assert!(spans.spans.len() <= bytes.len(), "more spans than bytes");
    let judged = judge(&spans);
    let is_found = judged.offsets_ns.is_some();
    assert_eq!(
        is_found,
        matches!(judged.judgements[1].verdict, Verdict::Holds),
        "found exactly when it holds"
    );
    for order in &spans.orders {
        let (Some(offsets), Some(known)) = (&judged.offsets_ns, spans.known_ns(order)) else { continue };
        let moved = |span: u32, ns: u64| {
            u128::from(ns) + u128::from(offsets[spans.spans[span as usize].service as usize])
        };
        let began = moved(order.earlier, spans.spans[order.earlier as usize].start_ns);
        assert!(began <= moved(order.later, known), "{order:?} is not put right");
    }
    let imported = import(&spans, judged.offsets_ns.as_deref()).expect("there are fewer than 2^32");
    imported.picture(&judged.judgements, Caption::default()).expect("its edges lead on");
});

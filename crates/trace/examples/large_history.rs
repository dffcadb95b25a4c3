//! Reads a history that is made on the spot, and tells how long that took and how much memory: `FORMAT LINES [WIDTH]`.
//!
//! `cargo run --release -p constellation-trace --features formats --example large_history -- plume 10000000`; a width of
//! 200 bytes a line makes 1 GB of five million lines.

use std::fmt::Write as _;
use std::time::Instant;

use constellation_trace::format::histories::{HistoryFormat, read};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_else(|| "plume".to_owned());
    let format = HistoryFormat::find(&name).expect("the name of a format");
    let mut number = |or: usize| arguments.next().map_or(or, |text| text.parse().expect("a number"));
    let (lines, width) = (number(1_000_000), number(0));
    let text = made(format, lines, width);
    let (bytes, before) = (text.len(), peak_kib());
    let begun = Instant::now();
    let imported = read(text.as_bytes(), format).expect("it is well written");
    let elapsed = begun.elapsed();
    drop(text);
    let operations = imported.history().map_or(0, |history| history.operations().len());
    let sessions = imported.reads_and_writes().expect("reads and writes only");
    println!(
        "{name}: {lines} lines, {} MB read in {elapsed:.1?}: {operations} operations or {} transactions; peak {} MiB, the text alone {} MiB",
        bytes / 1_000_000,
        sessions.len(),
        peak_kib() / 1024,
        before / 1024
    );
}

/// A history of ten clients and a hundred keys in which every read shows the write before it.
fn made(format: HistoryFormat, lines: usize, width: usize) -> String {
    let mut text = String::new();
    for line in 0..lines {
        let start = text.len();
        // Beginning and end of an operation are two lines.
        let (place, is_end) =
            if format == HistoryFormat::Edn { (line / 2, line % 2 == 1) } else { (line, false) };
        let (key, process, value) = (place / 2 % 100, place % 10, place / 2 + 1);
        let (is_write, kind) = (place % 2 == 0, if is_end { "ok" } else { "invoke" });
        let written = match format {
            HistoryFormat::Edn => {
                let verb = if is_write { "write" } else { "read" };
                let shown = if is_write || is_end { value.to_string() } else { "nil".to_owned() };
                writeln!(text, "{{:process {process}, :type :{kind}, :f :{verb}, :value [{key} {shown}]}}")
            }
            HistoryFormat::Blocks => {
                writeln!(text, "{} {key} {value}", if is_write { 'w' } else { 'r' })
            }
            _ => writeln!(text, "{}({key},{value},{process},{})", if is_write { 'w' } else { 'r' }, place),
        };
        written.expect("a text takes all");
        while text.len() - start < width {
            text.insert(text.len() - 1, ' ');
        }
    }
    text
}

/// The most memory that this process had at once, where the system tells.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}

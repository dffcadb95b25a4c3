//! Reads a history that is made while it is read, and tells how long that took and how much memory: `FORMAT LINES [WIDTH]`.
//!
//! `cargo run --release -p constellation-trace --features formats --example large_history -- plume 10000000`; a width of
//! 200 bytes a line makes 1 GB of five million lines. `edn-txn` is EDN of transactions, a read and a write each.

use std::fmt::Write as _;
use std::io::{self, BufReader, Read};
use std::time::Instant;

use constellation_trace::format::histories::{Content, HistoryFormat, read_from};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_else(|| "plume".to_owned());
    let kind = if name == "edn-txn" { Kind::Transactions } else { Kind::Operations };
    let format = if kind == Kind::Transactions { "edn" } else { &*name };
    let format = HistoryFormat::find(format).expect("the name of a format");
    let mut number = |or: usize| arguments.next().map_or(or, |text| text.parse().expect("a number"));
    let (lines, width) = (number(1_000_000), number(0));
    let making = Instant::now();
    let bytes = io::copy(&mut Made::new(format, kind, lines, width), &mut io::sink()).expect("it is made");
    let (making, before, worked) = (making.elapsed(), status_kib("VmHWM:"), worked_ms());
    let begun = Instant::now();
    let input = BufReader::with_capacity(1 << 16, Made::new(format, kind, lines, width));
    let imported = read_from(input, format, &mut |_| false).expect("it is well written");
    let elapsed = begun.elapsed().saturating_sub(making);
    // It was made twice.
    let read_ms = worked_ms().saturating_sub(2 * worked);
    let (peak, after) = (status_kib("VmHWM:"), status_kib("VmRSS:"));
    let what = match &imported.content {
        Content::Operations(history) => format!("{} operations", history.operations().len()),
        Content::Transactions(sessions) => format!("{} transactions", sessions.len()),
        _ => "something else".to_owned(),
    };
    println!(
        "{name}: {lines} lines, {} MB read in {elapsed:.1?}, {read_ms} ms of work (made in {making:.1?}, {worked} ms): {what}; peak {} MiB, held in the end {} MiB, before {} MiB",
        bytes / 1_000_000,
        peak / 1024,
        after / 1024,
        before / 1024
    );
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Kind {
    Operations,
    Transactions,
}

/// A history of ten clients and a hundred keys in which every read shows the write before it.
struct Made {
    format: HistoryFormat,
    kind: Kind,
    lines: usize,
    width: usize,
    line: usize,
    text: String,
    at: usize,
}

impl Made {
    fn new(format: HistoryFormat, kind: Kind, lines: usize, width: usize) -> Made {
        Made { format, kind, lines, width, line: 0, text: String::new(), at: 0 }
    }

    fn next_line(&mut self) {
        let (line, text) = (self.line, &mut self.text);
        text.clear();
        // Beginning and end of an operation are two lines.
        let (place, is_end) =
            if self.format == HistoryFormat::Edn { (line / 2, line % 2 == 1) } else { (line, false) };
        let (key, process, value) = (place / 2 % 100, place % 10, place / 2 + 1);
        let (is_write, kind) = (place % 2 == 0, if is_end { "ok" } else { "invoke" });
        let letter = if is_write { 'w' } else { 'r' };
        let written = match self.format {
            HistoryFormat::Edn if self.kind == Kind::Transactions => {
                let shown = if is_end { place.to_string() } else { "nil".to_owned() };
                writeln!(
                    text,
                    "{{:process {process}, :type :{kind}, :f :txn, :value [[:r {key} {shown}] [:w {key} {}]]}}",
                    place + 1
                )
            }
            HistoryFormat::Edn => {
                let verb = if is_write { "write" } else { "read" };
                let shown = if is_write || is_end { value.to_string() } else { "nil".to_owned() };
                writeln!(text, "{{:process {process}, :type :{kind}, :f :{verb}, :value [{key} {shown}]}}")
            }
            HistoryFormat::Blocks => writeln!(text, "{letter} {key} {value}"),
            _ => writeln!(text, "{letter}({key},{value},{process},{place})"),
        };
        written.expect("a text takes all");
        let blanks = self.width.saturating_sub(text.len());
        text.pop();
        text.extend(std::iter::repeat_n(' ', blanks));
        text.push('\n');
        (self.line, self.at) = (line + 1, 0);
    }
}

impl Read for Made {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut count = 0;
        while count < into.len() {
            if self.at == self.text.len() {
                if self.line == self.lines {
                    break;
                }
                self.next_line();
            }
            let taken = (self.text.len() - self.at).min(into.len() - count);
            into[count..count + taken].copy_from_slice(&self.text.as_bytes()[self.at..self.at + taken]);
            self.at += taken;
            count += taken;
        }
        Ok(count)
    }
}

/// How long this process has worked for itself, in steps of 10 ms, where the system tells.
fn worked_ms() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    after_name.split_whitespace().nth(11).and_then(|ticks| ticks.parse::<u64>().ok()).unwrap_or_default() * 10
}

/// What the system tells of the memory of this process, where it does: in all at once, or now.
fn status_kib(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}

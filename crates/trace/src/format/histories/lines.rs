//! Jepsen's log lines: `INFO  jepsen.util - 3<TAB>:invoke<TAB>:cas<TAB>[4 1]`, and its `history.txt`, which is the same without a head.

use super::super::FormatError;
use super::super::edn::{Edn, Flaw, Reader};
use super::gather::Kind;
use super::jepsen::{Record, Records};
use super::{HistoryFormat, Imported, Stop};

/// What stands before an operation in the logs of several versions.
const HEADS: [&str; 2] = ["jepsen.util - ", "jepsen.util: "];

/// Where in the line the operation begins; `None` for a line of something else.
fn operation(line: &str) -> Option<usize> {
    let head = HEADS.iter().find_map(|head| line.find(head).map(|at| at + head.len()));
    let at = head.unwrap_or(line.len() - line.trim_start().len());
    let mut words = line[at..].split_whitespace();
    let process = words.next()?;
    let is_process = process.starts_with(':') || process.bytes().all(|byte| byte.is_ascii_digit());
    let kind = words.next().and_then(|word| word.strip_prefix(':')).and_then(Kind::named);
    (is_process && kind.is_some()).then_some(at)
}

/// Whether a line tells of an operation.
pub(super) fn is_operation(line: &str) -> bool {
    operation(line).is_some()
}

/// Reads log lines; others are passed over and counted.
pub(super) fn read(text: &str, stop: Stop<'_>) -> Result<Imported, FormatError> {
    let mut records = Records::new(text, HistoryFormat::Log);
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        stop().map_err(FormatError::whole)?;
        let content = line.trim_end();
        match operation(content) {
            None => {
                if !content.is_empty() {
                    records.skip();
                }
            }
            Some(at) => read_line(text, start + at, start + content.len(), &mut records)
                .map_err(|flaw| FormatError::of_text(text, flaw.span, flaw.problem))?,
        }
        start += line.len();
    }
    records.finish()
}

fn read_line<'a>(text: &'a str, start: usize, end: usize, records: &mut Records<'a>) -> Result<(), Flaw> {
    let mut reader = Reader::within(text, start, end);
    let mut forms = Vec::new();
    while let Some(form) = reader.next()? {
        forms.push(form);
    }
    let [process, kind, name, rest @ ..] = &forms[..] else {
        return Err(Flaw::new(start..end, "a process, a type, an operation and its value", "less"));
    };
    if !matches!(process.value, Edn::Number(_)) {
        records.skip();
        return Ok(());
    }
    let record = Record {
        process,
        kind: records.kind(kind)?,
        name: name
            .keyword()
            .ok_or_else(|| Flaw::new(name.span(), "a keyword such as `:read`", records.shown(name)))?,
        key: None,
        value: rest.first(),
        error: rest.get(1),
        is_final: false,
        span: start..end,
    };
    records.record(&record)
}

//! Jepsen's log lines: `INFO  jepsen.util - 3<TAB>:invoke<TAB>:cas<TAB>[4 1]`, and its `history.txt`, which is the same without a head.

use std::io::BufRead;
use std::ops::Range;

use super::super::FormatError;
use super::super::edn::{Edn, Flaw, Reader};
use super::gather::Kind;
use super::jepsen::Records;
use super::record::{Record, kind_of, shown};
use super::watch::{Progress, Watch};
use super::window::{Page, Unit, Window};
use super::{HistoryFormat, Imported};

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
pub(super) fn read(input: &mut dyn BufRead, watch: &mut Watch<'_>) -> Result<Imported, FormatError> {
    let mut window = Window::new(input, Unit::Line);
    let mut records = Records::new(HistoryFormat::Log);
    while let Some((end, next)) = window.line_end()? {
        watch.step(|| Progress { bytes: window.bytes(), held: records.held() })?;
        watch.reach(window.bytes(), || records.held())?;
        let page = window.page();
        let content = page.text[page.at..end].trim_end();
        match operation(content) {
            None => {
                if !content.is_empty() {
                    records.skip();
                }
            }
            Some(at) => read_line(page, page.at + at..page.at + content.len(), &mut records)?,
        }
        window.advance_line(next);
    }
    let read = Progress { bytes: window.bytes(), held: records.held() };
    watch.tell(&read)?;
    records.finish(&read, watch)
}

fn read_line(page: Page<'_>, span: Range<usize>, records: &mut Records) -> Result<(), FormatError> {
    let located = |flaw: Flaw| page.error(flaw.span, flaw.problem);
    let mut reader = Reader::within(page.text, span.start, span.end);
    let mut forms = Vec::new();
    while let Some(form) = reader.next().map_err(located)? {
        forms.push(form);
    }
    let [process, kind, name, rest @ ..] = &forms[..] else {
        return Err(located(Flaw::new(span, "a process, a type, an operation and its value", "less")));
    };
    if !matches!(process.value, Edn::Number(_)) {
        records.skip();
        return Ok(());
    }
    let wrong = || Flaw::new(name.span(), "a keyword such as `:read`", shown(page, name));
    let record = Record {
        page,
        process,
        kind: kind_of(page, kind).map_err(located)?,
        name: name.keyword().ok_or_else(wrong).map_err(located)?,
        key: None,
        value: rest.first(),
        error: rest.get(1),
        is_final: false,
        span,
    };
    records.record(&record)
}

//! Transactions of reads and writes, a line an access: `w(0,5,1,3)` with session and transaction, or `w 0 5` between lines that part them.

use std::collections::{BTreeMap, BTreeSet};
use std::io::BufRead;
use std::ops::Range;

use super::super::edn::Flaw;
use super::super::{FormatError, Problem};
use super::fault::Fault;
use super::watch::{Progress, Watch};
use super::window::{Unit, Window};
use super::{Content, HistoryFormat, Imported, zeros};
use crate::ids::Names;
use crate::sessions::{Access, Outcome, Sessions, Timing, Transaction};

/// The transaction whose every access is aborted.
const ABORTED: &str = "-1";

/// Which of the two formats the first line is in, if either.
pub(super) fn detect(text: &str) -> Option<HistoryFormat> {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty())?;
    if plume(line).is_some() {
        Some(HistoryFormat::Plume)
    } else if is_parting(line) || block(line).is_some() {
        Some(HistoryFormat::Blocks)
    } else {
        None
    }
}

/// One access as it is written.
struct Written<'a> {
    is_write: bool,
    key: &'a str,
    value: &'a str,
}

fn is_number(word: &str) -> bool {
    let digits = word.strip_prefix('-').unwrap_or(word);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn written<'a>(letter: &str, key: &'a str, value: &'a str) -> Option<Written<'a>> {
    let is_write = match letter {
        "w" => true,
        "r" => false,
        _ => return None,
    };
    (is_number(key) && is_number(value)).then_some(Written { is_write, key, value })
}

/// `w(0,5,1,3)`: with session and transaction.
fn plume(line: &str) -> Option<(Written<'_>, &str, &str)> {
    let (letter, inside) = line.strip_suffix(')')?.split_once('(')?;
    let mut words = inside.split(',').map(str::trim);
    let [key, value, session, transaction] = [words.next()?, words.next()?, words.next()?, words.next()?];
    let is_whole = words.next().is_none() && is_number(session) && is_number(transaction);
    written(letter.trim_end(), key, value).filter(|_| is_whole).map(|access| (access, session, transaction))
}

/// `w 0 5`.
fn block(line: &str) -> Option<Written<'_>> {
    let mut words = line.split_whitespace();
    let access = written(words.next()?, words.next()?, words.next()?)?;
    words.next().is_none().then_some(access)
}

fn is_parting(line: &str) -> bool {
    line.len() >= 3 && (line.bytes().all(|byte| byte == b'-') || line.bytes().all(|byte| byte == b'='))
}

/// Reads either of the two.
pub(super) fn read(
    input: &mut dyn BufRead,
    format: HistoryFormat,
    watch: &mut Watch<'_>,
) -> Result<Imported, FormatError> {
    let mut window = Window::new(input, Unit::Line);
    let mut columns = Columns::new(format);
    let mut blocks = Blocks { session: 0, is_over: false };
    let mut number: u32 = 0;
    while let Some((end, next)) = window.line_end()? {
        watch.step(|| Progress { bytes: window.bytes(), held: columns.held() })?;
        // Saturating: it is only shown.
        number = number.saturating_add(1);
        let page = window.page();
        let line = &page.text[page.at..end];
        let content = line.trim();
        let at = page.at + (line.len() - line.trim_start().len());
        let place = Place { line: number, span: at..at + content.len() };
        if !content.is_empty() {
            match format {
                HistoryFormat::Plume => columns.plume(content, &place),
                _ => columns.block(content, &place, &mut blocks),
            }
            .map_err(|flaw| page.error(flaw.span, flaw.problem))?;
        }
        window.advance_line(next);
    }
    watch.tell(&Progress { bytes: window.bytes(), held: columns.held() })?;
    let page = window.page();
    let end = Place { line: number, span: page.at..page.at };
    columns.finish(&end).map_err(|flaw| page.error(flaw.span, flaw.problem))
}

/// Where a line stands.
struct Place {
    line: u32,
    span: Range<usize>,
}

impl Place {
    fn flaw(&self, fault: Fault) -> Flaw {
        Flaw { span: self.span.clone(), problem: Problem::History(fault) }
    }
}

/// Which session the lines of a text of blocks belong to.
struct Blocks {
    session: u64,
    /// Whether the transaction is over, so that the next access begins another.
    is_over: bool,
}

struct Columns {
    format: HistoryFormat,
    sessions: Sessions,
    lines: Vec<u32>,
    /// Transactions that began.
    begun: Numbers,
    open: BTreeMap<u32, Open>,
}

/// Numbers as they are written, each once: those side by side take no more than one.
#[derive(Debug, Default)]
struct Numbers {
    /// The first and the last of those side by side.
    runs: BTreeMap<i64, i64>,
    /// Those that are too large, or written in another way.
    others: BTreeSet<String>,
}

impl Numbers {
    /// Enters a number; false if it is there already. O(log runs).
    fn insert(&mut self, text: &str) -> bool {
        let Some(number) = text.parse::<i64>().ok().filter(|number| number.to_string() == text) else {
            return self.others.insert(text.to_owned());
        };
        let before = self.runs.range(..=number).next_back().map(|(first, last)| (*first, *last));
        if before.is_some_and(|(_, last)| last >= number) {
            return false;
        }
        // Saturating: beside the largest number none stands, and none is lost by it.
        let next = number.saturating_add(1);
        let last = if next > number { self.runs.remove(&next) } else { None }.unwrap_or(number);
        match before {
            Some((first, end)) if end.checked_add(1) == Some(number) => self.runs.insert(first, last),
            _ => self.runs.insert(number, last),
        };
        true
    }
}

/// The transaction that a session is at.
struct Open {
    name: String,
    line: u32,
    accesses: Vec<Access>,
}

impl Columns {
    fn new(format: HistoryFormat) -> Columns {
        Columns {
            format,
            sessions: Sessions::new(Timing::None),
            lines: Vec::new(),
            begun: Numbers::default(),
            open: BTreeMap::new(),
        }
    }

    fn plume(&mut self, line: &str, place: &Place) -> Result<(), Flaw> {
        let (access, session, transaction) = plume(line).ok_or_else(|| {
            Flaw::new(place.span.clone(), "w(key,value,session,transaction) or r(…)", shortened(line))
        })?;
        let session = self
            .sessions
            .session(&format!("s{session}"))
            .map_err(|error| place.flaw(Fault::Refused(error)))?;
        let goes_on = self.open.get(&session).is_some_and(|open| open.name == transaction);
        if transaction == ABORTED {
            // Where one ends is not told; of what never happened it does not matter.
            self.close(session, place)?;
            let access = self.access(&access, place)?;
            return self.push((session, Outcome::Aborted), &[access], place.line, place);
        }
        if !goes_on {
            if !self.begun.insert(transaction) {
                return Err(place.flaw(Fault::GoesOn { transaction: transaction.to_owned() }));
            }
            self.begin(session, transaction, place)?;
        }
        self.add(session, &access, place)
    }

    fn block(&mut self, line: &str, place: &Place, blocks: &mut Blocks) -> Result<(), Flaw> {
        if is_parting(line) {
            blocks.is_over = true;
            // Cannot wrap: a line each.
            blocks.session += u64::from(line.starts_with('='));
            return Ok(());
        }
        let access = block(line).ok_or_else(|| {
            Flaw::new(place.span.clone(), "`w key value`, `r key value`, `---` or `===`", shortened(line))
        })?;
        let session = self.sessions.session(&format!("s{}", blocks.session));
        let session = session.map_err(|error| place.flaw(Fault::Refused(error)))?;
        if blocks.is_over || !self.open.contains_key(&session) {
            self.begin(session, "", place)?;
        }
        blocks.is_over = false;
        self.add(session, &access, place)
    }

    fn begin(&mut self, session: u32, name: &str, place: &Place) -> Result<(), Flaw> {
        self.close(session, place)?;
        let line = place.line;
        self.open.insert(session, Open { name: name.to_owned(), line, accesses: Vec::new() });
        Ok(())
    }

    fn add(&mut self, session: u32, written: &Written<'_>, place: &Place) -> Result<(), Flaw> {
        let access = self.access(written, place)?;
        let open = self.open.get_mut(&session);
        open.expect("it was begun, or goes on").accesses.push(access);
        Ok(())
    }

    fn access(&mut self, written: &Written<'_>, place: &Place) -> Result<Access, Flaw> {
        let refused = |error| place.flaw(Fault::Refused(error));
        let key = self.sessions.key(written.key).map_err(refused)?;
        let value = self.sessions.value(written.value).map_err(refused)?;
        Ok(if written.is_write { Access::write(key, value) } else { Access::read(key, value) })
    }

    /// Ends what a session is at, since something else begins at `place`.
    fn close(&mut self, session: u32, place: &Place) -> Result<(), Flaw> {
        let Some(Open { line, accesses, .. }) = self.open.remove(&session) else { return Ok(()) };
        self.push((session, Outcome::Committed), &accesses, line, place)
    }

    fn push(
        &mut self,
        (session, outcome): (u32, Outcome),
        accesses: &[Access],
        line: u32,
        place: &Place,
    ) -> Result<(), Flaw> {
        let pushed = self.sessions.push(Transaction::untimed(session, outcome), accesses);
        pushed.map_err(|error| place.flaw(Fault::Refused(error)))?;
        self.lines.push(line);
        Ok(())
    }

    /// About how many bytes are held of what was read.
    fn held(&self) -> u64 {
        // A transaction has a line, and what is open and what has begun is little beside it.
        super::bytes_of_sessions(&self.sessions) + size_of_val(&self.lines[..]) as u64
    }

    fn finish(mut self, end: &Place) -> Result<Imported, Flaw> {
        while let Some(session) = self.open.keys().next().copied() {
            self.close(session, end)?;
        }
        let imported = |sessions, lines, unclear, readings| Imported {
            format: self.format,
            content: Content::Transactions(sessions),
            sessions: Names::new(),
            skipped: 0,
            unsaid: 0,
            unclear,
            readings,
            finals: BTreeSet::new(),
            lines,
        };
        let settled = zeros::settle(self.sessions, &self.lines);
        let readings = settled.readings.into_iter();
        let readings =
            readings.map(|sessions| imported(sessions, self.lines.clone(), None, Vec::new())).collect();
        Ok(imported(settled.sessions, self.lines, settled.unclear, readings))
    }
}

/// A line as it stands in a message.
fn shortened(line: &str) -> String {
    const SHOWN_MAX: usize = 60;
    format!("`{}`", line.chars().take(SHOWN_MAX).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_told_apart_as_their_texts_are() {
        let mut seen = BTreeSet::new();
        let mut numbers = Numbers::default();
        let large = ["9223372036854775807", "9223372036854775806", "9223372036854775808", "-0", "007", "7"];
        let small = (0..400).map(|nth: i64| (nth * nth * 31 % 97 - 48).to_string());
        for text in small.chain(large.map(str::to_owned)) {
            assert_eq!(numbers.insert(&text), seen.insert(text.clone()), "{text}");
        }
    }

    #[test]
    fn transactions_in_a_row_are_one_run() {
        let mut numbers = Numbers::default();
        assert!((0..100_000).all(|number: u32| numbers.insert(&number.to_string())));
        assert_eq!((numbers.runs.len(), numbers.others.len()), (1, 0));
    }
}

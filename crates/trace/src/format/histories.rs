//! What clients of other systems saw, in the formats in which it is found: each becomes operations or transactions.
//!
//! | [`HistoryFormat`] | how it looks |
//! | --- | --- |
//! | `trace` | our own JSON Lines, see [`jsonl`](super::jsonl) |
//! | `edn` | Jepsen: `{:process 3, :type :invoke, :f :cas, :value [4 1]}`, a stream or one collection; `:f :txn` with `[[:append 3 1] [:r 3 [1]]]` or `[[:w 3 1] [:r 4 nil]]` (Elle) |
//! | `log` | Jepsen's log, or its `history.txt`: `INFO  jepsen.util - 3<TAB>:invoke<TAB>:cas<TAB>[4 1]` |
//! | `key-value` | Porcupine: `{:process 9, :type :invoke, :f :append, :key "0", :value "x 9 0 y"}`, `get` shows all in one |
//! | `plume` | Plume, AWDIT, PolySI: `w(0,5,1,3)` is key, value, session and transaction; of transaction -1 it is aborted |
//! | `blocks` | AWDIT: `w 1 5` and `r 1 5` are key and value, `-----` parts transactions, `=====` sessions |
//! | `sketch` | ours: `pacific  w(x,1)  {r(x,1) w(y,2)}`, see [`Sessions::sketch`](crate::Sessions::sketch) |
//!
//! The order of lines is the order of time: each beginning and each end has a moment of its own. What a process does after
//! an operation of which nobody knows the end belongs to a new session, `p3#1` after `p3`. Lines of a nemesis are counted
//! and passed over, and so are appends of an empty text in `key-value`. A register starts as `nil`; in `plume` and `blocks` a 0 that nobody writes is the initial value.

mod asking;
mod columns;
mod concatenated;
mod fault;
mod gather;
mod given;
mod jepsen;
mod lines;
mod record;
mod transactions;
mod unclear;
mod watch;
mod window;
mod zeros;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::io::{self, BufRead, Read};

pub use self::fault::Fault;
pub use self::unclear::{Doubt, Unclear};
pub use self::watch::Progress;
use self::watch::Watch;
pub use self::window::RECORD_BYTES_MAX;
use self::window::{Unit, Window};
use super::{FormatError, Problem};
use crate::history::{Completion, History, Operation};
use crate::ids::{Names, TransactionId, nearest};
use crate::sessions::{Sessions, Timing, Unfit};

/// How a history is written down.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum HistoryFormat {
    /// Our own trace.
    Trace,
    /// Jepsen's EDN, Elle's transactions among it.
    Edn,
    /// Jepsen's log lines.
    Log,
    /// Porcupine's keys and values, in EDN.
    KeyValue,
    /// Transactions a line an access, with brackets.
    Plume,
    /// Transactions a line an access, parted by lines.
    Blocks,
    /// Our own notation of sessions.
    Sketch,
}

impl HistoryFormat {
    /// All of them with their names.
    pub const NAMES: [(&'static str, HistoryFormat); 7] = [
        ("trace", HistoryFormat::Trace),
        ("edn", HistoryFormat::Edn),
        ("log", HistoryFormat::Log),
        ("key-value", HistoryFormat::KeyValue),
        ("plume", HistoryFormat::Plume),
        ("blocks", HistoryFormat::Blocks),
        ("sketch", HistoryFormat::Sketch),
    ];

    /// What it is called.
    pub fn name(self) -> &'static str {
        let found = HistoryFormat::NAMES.iter().find(|(_, format)| *format == self);
        found.map_or("other", |(name, _)| name)
    }

    /// The one with this name.
    ///
    /// # Errors
    /// The name that was most likely meant, if one is near.
    pub fn find(name: &str) -> Result<HistoryFormat, Option<&'static str>> {
        let found = HistoryFormat::NAMES.iter().find(|(known, _)| *known == name);
        let names = HistoryFormat::NAMES.iter().map(|(known, _)| *known);
        found.map(|(_, format)| *format).ok_or_else(|| nearest(name, names))
    }

    /// What a failed compare-and-set says where the reader is not told: in `log` that another value was found.
    pub const fn failed_cas(self) -> FailedCas {
        match self {
            HistoryFormat::Log => FailedCas::Mismatch,
            _ => FailedCas::Nothing,
        }
    }
}

impl fmt::Display for HistoryFormat {
    /// In a few words: `EDN of Jepsen`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            HistoryFormat::Trace => "a trace of this program",
            HistoryFormat::Edn => "EDN of Jepsen",
            HistoryFormat::Log => "log lines of Jepsen",
            HistoryFormat::KeyValue => "keys and values of Porcupine",
            HistoryFormat::Plume => "text of Plume",
            HistoryFormat::Blocks => "text of blocks",
            HistoryFormat::Sketch => "a sketch",
        })
    }
}

/// What it means that a compare-and-set failed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FailedCas {
    /// It found another value than the expected one, and so has read.
    Mismatch,
    /// It did not happen, whatever was there.
    Nothing,
}

impl FailedCas {
    /// Both with their names.
    pub const NAMES: [(&'static str, FailedCas); 2] =
        [(FailedCas::Mismatch.name(), FailedCas::Mismatch), (FailedCas::Nothing.name(), FailedCas::Nothing)];

    /// What it is called on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            FailedCas::Mismatch => "mismatch",
            FailedCas::Nothing => "nothing",
        }
    }
}

/// A history as it was read.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Imported {
    /// How it was written down.
    pub format: HistoryFormat,
    /// What happened.
    pub content: Content,
    /// The names of sessions, by the numbers that operations carry; of transactions their own table has them.
    pub sessions: Names,
    /// Lines or records that are no operation of a client, such as those of a nemesis.
    pub skipped: u64,
    /// Transactions left out since nothing is known of what they did: reads without an answer.
    pub unsaid: u64,
    /// Reads that have several meanings, if there are any: they stand here as if it were not known what they show.
    pub unclear: Option<Unclear>,
    /// The same with each such read given one of its meanings, and with another: what holds of one of these holds. None
    /// where no read is unclear, or one has more meanings than were looked at.
    pub readings: Vec<Imported>,
    /// The operations that are marked as final reads, by place; of transactions their own table has them.
    finals: BTreeSet<usize>,
    /// On which line each operation or transaction begins; empty for a trace and a sketch.
    lines: Vec<u32>,
}

/// What happened: one or the other, never both.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Content {
    /// Single operations on objects.
    Operations(History),
    /// Transactions of reads and writes.
    Transactions(Sessions),
}

impl Imported {
    /// What clients of a run saw, sessions named for them.
    pub fn of_trace(trace: &crate::Trace) -> Imported {
        of_trace(trace)
    }

    /// The line on which an operation or a transaction begins, by its place or number.
    pub fn line(&self, place: usize) -> Option<u32> {
        self.lines.get(place).copied()
    }

    /// The line on which begins what became this transaction of [`Imported::reads_and_writes`].
    pub fn line_of(&self, sessions: &Sessions, id: TransactionId) -> Option<u32> {
        self.line(sessions.operation(id).unwrap_or(id.index()))
    }

    /// The operations, if there are single ones.
    pub const fn history(&self) -> Option<&History> {
        match &self.content {
            Content::Operations(history) => Some(history),
            Content::Transactions(_) => None,
        }
    }

    /// The same, but these reads show this.
    fn showing(&self, shown: Vec<(usize, Vec<String>)>) -> Imported {
        let mut operations = self.history().map(|history| history.operations().to_vec()).unwrap_or_default();
        for (place, shown) in shown {
            if let Some((_, completion)) = &mut operations[place].completed {
                *completion = Completion::Shows(shown);
            }
        }
        let content = Content::Operations(History::new(operations));
        Imported {
            content,
            sessions: self.sessions.clone(),
            finals: self.finals.clone(),
            lines: self.lines.clone(),
            unclear: None,
            readings: Vec::new(),
            ..*self
        }
    }

    /// All as reads and writes, with the names of sessions. O(operations × log texts).
    ///
    /// # Errors
    /// [`Unfit`] names the operation that is neither.
    pub fn reads_and_writes(&self) -> Result<Cow<'_, Sessions>, Unfit> {
        self.reads_and_writes_until(&mut || false)
    }

    /// As [`Imported::reads_and_writes`], unless `stop`, which is asked every 1,024 operations, says that it is enough.
    ///
    /// # Errors
    /// [`Unfit`], and [`Unfit::Stopped`] then.
    pub fn reads_and_writes_until(&self, stop: &mut dyn FnMut() -> bool) -> Result<Cow<'_, Sessions>, Unfit> {
        match &self.content {
            Content::Transactions(sessions) => Ok(Cow::Borrowed(sessions)),
            Content::Operations(history) => {
                let name = |operation: &Operation| self.sessions.text(operation.session).unwrap_or_default();
                let mut sessions = Sessions::of_until(history, name, stop)?;
                for id in sessions.ids() {
                    if sessions.operation(id).is_some_and(|place| self.finals.contains(&place)) {
                        sessions.mark_final(id);
                    }
                }
                Ok(Cow::Owned(sessions))
            }
        }
    }
}

/// How much of a text [`detect`] looks at: enough for the first record, and for what a log says before its first operation.
pub const DETECTED_BYTES: usize = 1 << 16;

/// Tells by its beginning which format a text is in; `None` when it looks like none. What stands behind the first
/// [`DETECTED_BYTES`] makes no difference.
///
/// ```
/// use constellation_trace::format::histories::{HistoryFormat, detect};
/// assert_eq!(detect(b"{:process 3, :type :invoke, :f :read}"), Some(HistoryFormat::Edn));
/// assert_eq!(detect(b"w(0,5,1,3)\n"), Some(HistoryFormat::Plume));
/// assert_eq!(detect(b"pacific  w(x,1)\n"), Some(HistoryFormat::Sketch));
/// assert_eq!(detect(b"hello\n"), None);
/// ```
pub fn detect(bytes: &[u8]) -> Option<HistoryFormat> {
    let bytes = &bytes[..bytes.len().min(DETECTED_BYTES)];
    if super::detect(bytes) == super::Format::Jsonl {
        return Some(HistoryFormat::Trace);
    }
    let seen = String::from_utf8_lossy(bytes);
    let seen = seen.trim_start_matches('\u{feff}');
    let mut rest = seen.trim_start();
    while rest.starts_with(';') {
        rest = rest.split_once('\n').map_or("", |(_, rest)| rest.trim_start());
    }
    let is_edn = [":process", ":type"].iter().any(|key| rest.contains(key));
    if rest.starts_with(['{', '[', '(', '#']) && is_edn {
        return Some(if jepsen::is_keyed(rest) { HistoryFormat::KeyValue } else { HistoryFormat::Edn });
    }
    if seen.lines().any(lines::is_operation) {
        return Some(HistoryFormat::Log);
    }
    if let Some(format) = columns::detect(rest) {
        return Some(format);
    }
    let is_access = |word: &str| ["r(", "w(", "a("].iter().any(|access| word.starts_with(access));
    let mut words = rest.split_whitespace().skip(1).map(|word| word.trim_start_matches('{'));
    words.next().is_some_and(is_access).then_some(HistoryFormat::Sketch)
}

/// Reads a history in this format; any bytes at all give a history or an error.
///
/// # Errors
/// Those of [`read_from`].
///
/// ```
/// use constellation_trace::format::histories::{HistoryFormat, read};
///
/// let history = read(b"{:process 0, :type :invoke, :f :read, :value nil}", HistoryFormat::Edn)?;
/// assert_eq!(history.history().map(|history| history.operations().len()), Some(1));
/// let wrong = read(b"{:process 0, :type :ok, :f :read, :value 1}", HistoryFormat::Edn).unwrap_err();
/// assert_eq!(wrong.problem.to_string(), "process 0 ends what it never began");
/// # Ok::<(), constellation_trace::format::FormatError>(())
/// ```
pub fn read(bytes: &[u8], format: HistoryFormat) -> Result<Imported, FormatError> {
    read_from(bytes, format, &mut |_| false)
}

/// As [`read`], unless `stop`, which is asked as often as [`read_from`] tells how far it is, says that it is enough.
///
/// # Errors
/// Those of [`read_from`].
pub fn read_until(
    bytes: &[u8],
    format: HistoryFormat,
    stop: &mut dyn FnMut() -> bool,
) -> Result<Imported, FormatError> {
    read_from(bytes, format, &mut |_| stop())
}

/// Reads a history in this format from anything that is read piece by piece, of whatever length. `is_enough` is told how far
/// it is every 1,024 lines or records, or every 64 KiB of a trace, of EDN and of log lines, and at the end, and while texts are taken apart that show
/// what was appended; it may end it each time.
///
/// In time linear in the length of the text, but for O(log names) a name. Of the text no more is held than the line or the
/// record that is being read, at most [`RECORD_BYTES_MAX`] (of a trace [`LINE_BYTES_MAX`](super::jsonl::LINE_BYTES_MAX)) and
/// some 100 KiB around it. Kept is: of columns and of transactions 16 bytes an access and 32 a transaction, 16 without times, and
/// some 100 for each that is not over, or began after one that is not; of single operations some 230 bytes each, with short texts; of a record that is being read at most 2^22
/// forms. A text whose 0 or whose lists have several meanings is kept thrice.
///
/// # Errors
/// [`FormatError`] for bytes that are no text of the format, and for what cannot be: an end without a beginning, two
/// operations of one process at a time, times that go backwards. Of several that of the first place is told, but for what
/// only the whole shows. [`Problem::Io`] and [`Problem::Stopped`] as well.
///
/// ```
/// use constellation_trace::format::histories::{HistoryFormat, read_from};
/// use std::io::{BufReader, repeat};
///
/// let mut seen = 0;
/// let endless = BufReader::new(repeat(b'\n'));
/// let stopped = read_from(endless, HistoryFormat::Plume, &mut |progress| {
///     seen = progress.bytes;
///     seen > 1_000_000
/// });
/// assert_eq!(stopped.unwrap_err().problem.to_string(), "reading was stopped");
/// assert!(seen < 2_000_000);
/// ```
pub fn read_from(
    mut input: impl BufRead,
    format: HistoryFormat,
    is_enough: &mut dyn FnMut(&Progress) -> bool,
) -> Result<Imported, FormatError> {
    let (input, watch) = (&mut input, &mut Watch::new(is_enough));
    some(match format {
        HistoryFormat::Trace => of_trace(&asking::read(input, watch)?),
        HistoryFormat::Plume | HistoryFormat::Blocks => columns::read(input, format, watch)?,
        HistoryFormat::Sketch => read_sketch(input, watch)?,
        HistoryFormat::Log => lines::read(input, watch)?,
        HistoryFormat::Edn | HistoryFormat::KeyValue => jepsen::read(input, format, watch)?,
    })
}

/// Reads a trace as [`read_from`] does, for who wants to know more of it than [`Imported::of_trace`] says.
///
/// # Errors
/// Those of [`read_from`].
pub fn read_trace(
    mut input: impl BufRead,
    is_enough: &mut dyn FnMut(&Progress) -> bool,
) -> Result<crate::Trace, FormatError> {
    asking::read(&mut input, &mut Watch::new(is_enough))
}

/// A history, unless there is nothing in it.
fn some(imported: Imported) -> Result<Imported, FormatError> {
    let is_empty = match &imported.content {
        Content::Operations(history) => history.operations().is_empty(),
        Content::Transactions(sessions) => sessions.is_empty(),
    };
    if is_empty && imported.unsaid == 0 {
        return Err(FormatError::whole(Problem::History(Fault::Nothing)));
    }
    Ok(imported)
}

/// As [`read`], in the format that [`detect`] tells.
///
/// # Errors
/// Those of [`read`], and [`Fault::Unrecognised`].
pub fn read_any(bytes: &[u8]) -> Result<Imported, FormatError> {
    detect(bytes).map_or_else(|| Err(unrecognised(bytes)), |format| read(bytes, format))
}

/// The beginning of a text, as much as [`detect`] looks at; what comes next is read from `input`.
///
/// # Errors
/// Those of `input`.
pub fn beginning(input: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    input.take(DETECTED_BYTES as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// That a text with this beginning is in no format that is known, or why it is no text.
pub fn unrecognised(mut beginning: &[u8]) -> FormatError {
    let mut window = Window::new(&mut beginning, Unit::Line);
    match window.line_end() {
        Err(error) => error,
        Ok(ends) => {
            let page = window.page();
            let end = ends.map_or(page.at, |(end, _)| end);
            page.error(page.at..end, Problem::History(Fault::Unrecognised))
        }
    }
}

/// About how many bytes these sessions hold, the tables of names apart but for long ones.
fn bytes_of_sessions(sessions: &Sessions) -> u64 {
    let transaction = if sessions.timing() == Timing::Recorded { 28 } else { 12 };
    (sessions.accesses_total() * 16 + sessions.len() * transaction + sessions.long_bytes()) as u64
}

fn of_trace(trace: &crate::Trace) -> Imported {
    let history = History::of(trace);
    let mut sessions = Names::new();
    let mut lives = vec![0_u32; trace.nodes().len()];
    // Sessions are numbered in the order in which they begin.
    for operation in history.operations().iter() {
        if operation.session as usize == sessions.len() {
            let life = &mut lives[operation.client.index()];
            let name = trace.nodes().text(operation.client.number()).unwrap_or_default();
            intern_life(&mut sessions, name, *life);
            *life += 1;
        }
    }
    Imported {
        format: HistoryFormat::Trace,
        content: Content::Operations(history),
        sessions,
        skipped: 0,
        unsaid: 0,
        unclear: None,
        readings: Vec::new(),
        finals: BTreeSet::new(),
        lines: Vec::new(),
    }
}

/// Enters a session under the name of its process: `p3`, then `p3#1`, and tells its number.
fn intern_life(sessions: &mut Names, process: &str, life: u32) -> u32 {
    let mut name = if life == 0 { process.to_owned() } else { format!("{process}#{life}") };
    // A process may itself be called so.
    while sessions.find(&name).is_some() {
        name.push('\'');
    }
    sessions.intern(&name).unwrap_or(u32::MAX)
}

fn read_sketch(input: &mut dyn BufRead, watch: &mut Watch<'_>) -> Result<Imported, FormatError> {
    let mut window = Window::new(input, Unit::Line);
    let mut content = Sessions::new(Timing::None);
    let mut number = 0;
    while let Some((end, next)) = window.line_end()? {
        watch.step(|| Progress { bytes: window.bytes(), held: bytes_of_sessions(&content) })?;
        number += 1;
        let page = window.page();
        let line = &page.text[page.at..end];
        content.sketch_line(number, line).map_err(|error| {
            // Of several that are alike the first is pointed at.
            let at = line.find(error.word());
            let (at, width) = at.map_or((0, line.len()), |at| (at, error.word().len()));
            let start = page.at + at;
            page.error(start..start + width, Problem::History(Fault::Notation(error)))
        })?;
        window.advance_line(next);
    }
    watch.tell(&Progress { bytes: window.bytes(), held: bytes_of_sessions(&content) })?;
    Ok(Imported {
        format: HistoryFormat::Sketch,
        content: Content::Transactions(content),
        sessions: Names::new(),
        skipped: 0,
        unsaid: 0,
        unclear: None,
        readings: Vec::new(),
        finals: BTreeSet::new(),
        lines: Vec::new(),
    })
}

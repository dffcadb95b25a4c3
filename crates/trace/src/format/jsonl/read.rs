//! Reads a trace line by line, and refuses what it does not understand.

use std::borrow::Cow;
use std::io::{self, BufRead, Read as _};
use std::ops::Range;

use super::super::json::{Flaw, Scanner};
use super::super::{FormatError, Problem};
use super::fields::{Fields, Found, Value};
use super::operations::{Part, read_part};
use super::{ACTIONS, LINE_BYTES_MAX, LOSSES, NEMESES, SCHEMA, WAITS};
use crate::event::{Action, Entry};
use crate::ids::{EventId, MessageId, NodeId, nearest};
use crate::nemesis::{Loss, Nemesis, Wait};
use crate::time::{TrueTime, WallTime};
use crate::trace::{Origin, Trace, TraceError};

/// Reads a trace from bytes; any bytes at all give a trace or an error.
///
/// # Errors
/// [`FormatError`] with the line and column of the first thing that is not understood or cannot have happened.
///
/// ```
/// use constellation_trace::format::jsonl;
///
/// let text = r#"{"schema":"constellation/trace/1","nodes":["pacific"]}
/// {"event":0,"node":"pasific","at_ns":5,"do":"local"}
/// "#;
/// let error = jsonl::read(text.as_bytes()).unwrap_err();
/// assert_eq!(error.to_string(), "line 2, column 19: unknown node `pasific`; did you mean `pacific`?");
/// ```
pub fn read(bytes: &[u8]) -> Result<Trace, FormatError> {
    read_from(bytes)
}

/// Like [`read`], from anything that is read piece by piece; holds one line beside the trace.
///
/// # Errors
/// Those of [`read`], and [`Problem::Io`].
pub fn read_from(mut input: impl BufRead) -> Result<Trace, FormatError> {
    let mut bytes = Vec::new();
    let mut number = 1;
    if !next_line(&mut input, &mut bytes, number)? {
        let missing = Flaw { span: 0..0, expected: "the header", found: "the end of the file".to_owned() };
        return Err(FormatError::new(number, "", 0..0, Fault::from(missing).problem));
    }
    let header = as_text(&bytes, number)?;
    // Some editors put a byte order mark in front, which is no part of the text.
    let header = header.strip_prefix('\u{feff}').unwrap_or(header);
    let mut reader = Reader { trace: read_header(header).map_err(|fault| fault.at(number, header))? };
    loop {
        // Saturating: beyond 2^32 lines the trace is full anyway.
        number = number.saturating_add(1);
        bytes.clear();
        if !next_line(&mut input, &mut bytes, number)? {
            return Ok(reader.trace);
        }
        let line = as_text(&bytes, number)?;
        reader.line(line).map_err(|fault| fault.at(number, line))?;
    }
}

/// What is wrong with a line, and with which bytes of it.
pub(super) struct Fault {
    pub(super) span: Range<usize>,
    pub(super) problem: Problem,
}

impl Fault {
    pub(super) fn at(self, number: u32, line: &str) -> FormatError {
        FormatError::new(number, line, self.span, self.problem)
    }
}

impl From<Flaw> for Fault {
    fn from(flaw: Flaw) -> Fault {
        Fault { span: flaw.span, problem: Problem::Unexpected { expected: flaw.expected, found: flaw.found } }
    }
}

/// Reads the next line without its end; false at the end of the input.
fn next_line(input: &mut impl BufRead, bytes: &mut Vec<u8>, number: u32) -> Result<bool, FormatError> {
    let fail = |error: io::Error| FormatError::new(number, "", 0..0, Problem::Io(error.to_string()));
    let limit = LINE_BYTES_MAX as u64;
    input.take(limit).read_until(b'\n', bytes).map_err(fail)?;
    if bytes.is_empty() {
        return Ok(false);
    }
    if bytes.pop_if(|byte| *byte == b'\n').is_some() {
        return Ok(true);
    }
    let problem = match bytes.len() < LINE_BYTES_MAX {
        true => Problem::CutShort,
        false => Problem::LineTooLong { bytes_max: limit },
    };
    let text = String::from_utf8_lossy(bytes);
    Err(FormatError::new(number, &text, text.len()..text.len(), problem))
}

pub(super) fn as_text(bytes: &[u8], number: u32) -> Result<&str, FormatError> {
    std::str::from_utf8(bytes).map_err(|error| {
        let valid = error.valid_up_to();
        let text = String::from_utf8_lossy(bytes);
        FormatError::new(number, &text, valid..valid + '\u{fffd}'.len_utf8(), Problem::NotUtf8)
    })
}

/// The keys of a first line, which must be one of this format.
pub(super) fn header_fields<'a>(
    line: &'a str,
    known: &'static [&'static str],
    own_schema: &str,
) -> Result<Fields<'a>, Fault> {
    let named = |fault: Fault| match schema_of(line) {
        // Another format has other keys; what is wrong is that it is another.
        Some(other) if other != own_schema => {
            Fault { span: fault.span, problem: Problem::UnknownSchema(other.to_owned()) }
        }
        _ => fault,
    };
    let mut fields = Fields::read(line, known).map_err(named)?;
    let schema = fields.text("schema")?;
    if schema.value != own_schema {
        return Err(Fault { span: schema.span, problem: Problem::UnknownSchema(schema.value.into_owned()) });
    }
    Ok(fields)
}

/// The schema of a first line that has keys of another format, if it begins with it.
fn schema_of(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("{\"schema\":\"")?;
    rest.split_once('"').map(|(schema, _)| schema)
}

fn read_header(line: &str) -> Result<Trace, Fault> {
    let known = &["schema", "nodes", "epoch_ns", "scenario", "seed", "resolver"];
    let mut fields = header_fields(line, known, SCHEMA)?;
    let nodes = fields.texts("nodes")?;
    let mut trace = Trace::new(nodes.value.iter())
        .map_err(|error| Fault { span: nodes.span.clone(), problem: error.into() })?;
    if let Some(Found { value: Value::Number(epoch), .. }) = fields.take("epoch_ns") {
        trace.set_epoch(WallTime::from_ns(epoch));
    }
    let resolver = match fields.take("resolver") {
        Some(Found { value: Value::Text(resolver), .. }) => Some(resolver.into_owned()),
        _ => None,
    };
    match (fields.take("scenario"), fields.take("seed")) {
        (
            Some(Found { value: Value::Text(scenario), .. }),
            Some(Found { value: Value::Number(seed), .. }),
        ) => {
            trace.set_origin(Origin { scenario: scenario.into_owned(), seed, resolver });
        }
        (None, None) if resolver.is_none() => {}
        (scenario, _) => {
            let missing = if scenario.is_some() { "seed" } else { "scenario" };
            return Err(fields.missing(missing));
        }
    }
    Ok(trace)
}

struct Reader {
    trace: Trace,
}

impl Reader {
    fn line(&mut self, line: &str) -> Result<(), Fault> {
        let mut fields = Fields::read(line, super::fields::BODY_KEYS)?;
        if fields.has("nemesis") { self.nemesis(&mut fields) } else { self.event(&mut fields) }
    }

    fn event(&mut self, fields: &mut Fields<'_>) -> Result<(), Fault> {
        let id = fields.number("event")?;
        let expected = self.trace.events().len() as u64;
        if id.value != expected {
            let problem = Problem::OutOfOrder { what: "event", expected, found: id.value };
            return Err(Fault { span: id.span, problem });
        }
        let node = self.node(fields.text("node")?)?;
        let at = TrueTime::from_ns(fields.number("at_ns")?.value);
        let word = fields.text("do")?;
        let (mut key, mut update, mut texts) = (Cow::Borrowed(""), Cow::Borrowed(""), Vec::new());
        let mut cause = None;
        let mut part = None;
        match &*word.value {
            "local" | "persist" | "crash" => {}
            "receive" => cause = Some(fields.small_number("message")?),
            "restart" => cause = if fields.has("from") { Some(fields.small_number("from")?) } else { None },
            "write" => {
                key = fields.text("key")?.value;
                update = fields.text("update")?.value;
                texts = fields.texts("saw")?.value;
            }
            "read" => {
                key = fields.text("key")?.value;
                texts = fields.texts("shows")?.value;
            }
            "invoke" | "complete" => {
                cause = Some(fields.small_number("operation")?);
                part = Some(read_part(fields, &word.value)?);
            }
            _ => return Err(unknown_word(word, ACTIONS)),
        }
        let texts: Vec<&str> = texts.iter().map(|text| &**text).collect();
        let number = cause.as_ref().map_or(0, |cause| cause.value);
        let action = match (&*word.value, &cause) {
            ("receive", Some(message)) => Action::Receive(MessageId::new(message.value)),
            ("restart", state) => Action::Restart(state.as_ref().map(|state| EventId::new(state.value))),
            ("persist", _) => Action::Persist,
            ("crash", _) => Action::Crash,
            ("write", _) => Action::Write { key: &key, update: &update, saw: &texts },
            ("read", _) => Action::Read { key: &key, shows: &texts },
            _ => match &part {
                Some(Part::Call(call)) => Action::Invoke { number, call },
                Some(Part::Completion(completion)) => Action::Complete { number, completion },
                None => Action::Local,
            },
        };
        let sends = self.sends(fields)?;
        let label = if fields.has("label") { fields.text("label")?.value } else { Cow::Borrowed("") };
        let claims = fields.claims();
        fields.finish(&word.value)?;
        let entry = Entry { sends: &sends, label: &label, claims: &claims, ..Entry::new(node, at, action) };
        let span = cause.map_or(word.span, |cause| cause.span);
        self.trace.record(entry).map_err(|error| self.refused(error, span))?;
        Ok(())
    }

    fn nemesis(&mut self, fields: &mut Fields<'_>) -> Result<(), Fault> {
        let word = fields.text("nemesis")?;
        let at = TrueTime::from_ns(fields.number("at_ns")?.value);
        let mut span = word.span.clone();
        let nemesis = match &*word.value {
            "partition" => Nemesis::Partition {
                group_a: self.nodes(fields.texts("group_a")?)?,
                group_b: self.nodes(fields.texts("group_b")?)?,
            },
            "cut" => Nemesis::Cut {
                sources: self.nodes(fields.texts("sources")?)?,
                targets: self.nodes(fields.texts("targets")?)?,
            },
            "heal" => Nemesis::Heal,
            "hold" | "lose" | "duplicate" | "in_flight" | "corrupt" | "wait" => {
                let message = fields.small_number("message")?;
                span = message.span;
                of_message(&word.value, MessageId::new(message.value), fields)?
            }
            of_node => match self.node_nemesis(of_node, fields)? {
                Some(nemesis) => nemesis,
                None => return Err(unknown_word(word, NEMESES)),
            },
        };
        fields.finish(&word.value)?;
        self.trace.record_nemesis(at, nemesis).map_err(|error| self.refused(error, span))
    }

    /// What the world does to a process, a clock or a disk; `None` for a word that says nothing of the kind.
    fn node_nemesis(&self, word: &str, fields: &mut Fields<'_>) -> Result<Option<Nemesis>, Fault> {
        if !NEMESES.contains(&word) {
            return Ok(None);
        }
        let node = self.node(fields.text("node")?)?;
        Ok(Some(match word {
            "step" => Nemesis::Step { node, by_ns: fields.signed("by_ns")?.value },
            "pause" => Nemesis::Pause { node, for_ns: fields.number("for_ns")?.value },
            "suspend" => Nemesis::Suspend { node, for_ns: fields.number("for_ns")?.value },
            "slow" => Nemesis::Slow { node, for_ns: fields.number("for_ns")?.value },
            "join" => Nemesis::Join { node },
            "leave" => Nemesis::Leave { node },
            "slew" => Nemesis::Slew {
                node,
                by_ns: fields.signed("by_ns")?.value,
                for_ns: fields.number("for_ns")?.value,
            },
            "leap" => Nemesis::Leap { node, for_ns: fields.number("for_ns")?.value },
            "freeze" => Nemesis::Freeze { node, for_ns: fields.number("for_ns")?.value },
            "set" => Nemesis::Set { node, wall: WallTime::from_ns(fields.number("to_ns")?.value) },
            "disk_full" => Nemesis::DiskFull { node },
            "tear" => {
                let lost = fields.small_number_or_zero("lost")?;
                Nemesis::Tear { node, lost, left: fields.eighths()? }
            }
            "rot" => Nemesis::Rot { node, bit: fields.number("bit")?.value },
            _ => return Ok(None),
        }))
    }

    fn sends(&self, fields: &mut Fields<'_>) -> Result<Vec<NodeId>, Fault> {
        let Some(Found { value: Value::Sends(sends), .. }) = fields.take("sends") else {
            return Ok(Vec::new());
        };
        let mut targets = Vec::with_capacity(sends.len());
        for (expected, (message, target)) in (self.trace.messages().len() as u64..).zip(sends) {
            if message.value != expected {
                let problem = Problem::OutOfOrder { what: "message", expected, found: message.value };
                return Err(Fault { span: message.span, problem });
            }
            targets.push(self.node(target)?);
        }
        Ok(targets)
    }

    fn nodes(&self, names: Found<Vec<Cow<'_, str>>>) -> Result<Vec<NodeId>, Fault> {
        let Found { span, value } = names;
        value.into_iter().map(|value| self.node(Found { span: span.clone(), value })).collect()
    }

    fn node(&self, name: Found<Cow<'_, str>>) -> Result<NodeId, Fault> {
        self.trace.node(&name.value).ok_or_else(|| {
            let nearest = self.trace.nodes().nearest(&name.value).map(str::to_owned);
            Fault {
                span: name.span,
                problem: Problem::UnknownNode { name: name.value.into_owned(), nearest },
            }
        })
    }

    /// A refusal of the trace, with names instead of numbers.
    fn refused(&self, error: TraceError, span: Range<usize>) -> Fault {
        let name = |node: NodeId| self.trace.nodes().text(node.number()).unwrap_or("?");
        let explained = match &error {
            TraceError::Crashed(node) => format!("`{}` has crashed and not restarted", name(*node)),
            TraceError::RestartOfLiving(node) => format!("`{}` restarts without having crashed", name(*node)),
            TraceError::WrongReceiver { message, sent_to, at } => {
                format!("message {message} was sent to `{}` but arrives at `{}`", name(*sent_to), name(*at))
            }
            TraceError::BeforeCause { node, at, cause, cause_at } => {
                // Saturating: it is before its cause, or this is no such error.
                let early_ns = cause_at.ns().saturating_sub(at.ns());
                format!("it is at `{}` {early_ns} ns before its cause {cause}", name(*node))
            }
            other => other.to_string(),
        };
        let problem = match Problem::from(error) {
            Problem::Impossible { error, .. } => Problem::Impossible { error, explained },
            other => other,
        };
        Fault { span, problem }
    }
}

/// What happens to one message, by its word in the file.
fn of_message(word: &str, message: MessageId, fields: &mut Fields<'_>) -> Result<Nemesis, Fault> {
    Ok(match word {
        "hold" => Nemesis::Hold(message),
        "lose" if fields.has("why") => {
            let why = fields.text("why")?;
            let known = Loss::NAMED.iter().find(|loss| loss.name() == why.value);
            Nemesis::Lose(message, *known.ok_or_else(|| unknown_word(why, LOSSES))?)
        }
        "lose" => Nemesis::Lose(message, Loss::Plain),
        "in_flight" => Nemesis::InFlight(message),
        "corrupt" => Nemesis::Corrupt { message, how: fields.small_number_or_zero("how")? },
        "wait" => {
            let until = TrueTime::from_ns(fields.number("until_ns")?.value);
            let why = fields.text("why")?;
            let known = Wait::ALL.iter().find(|wait| wait.name() == why.value);
            Nemesis::Wait { message, until, why: *known.ok_or_else(|| unknown_word(why, WAITS))? }
        }
        _ => Nemesis::Duplicate(message),
    })
}

pub(super) fn unknown_word(word: Found<Cow<'_, str>>, known: &'static [&'static str]) -> Fault {
    let nearest = nearest(&word.value, known.iter().copied());
    Fault { span: word.span, problem: Problem::UnknownWord { word: word.value.into_owned(), known, nearest } }
}

/// Reads a text that is the whole of something.
pub(super) fn number_in(text: &str) -> Option<u64> {
    let mut scanner = Scanner::new(text);
    let value = scanner.unsigned("a number").ok()?;
    scanner.finish().ok().map(|()| value)
}

//! Jepsen's records, from EDN: who begins or ends what, and what it becomes.

use std::collections::BTreeSet;
use std::ops::Range;

use super::super::edn::{Edn, Flaw, Form, Reader};
use super::super::{FormatError, Problem, narrow};
use super::concatenated;
use super::fault::Fault;
use super::gather::{Clients, Kind, Knows, Open};
use super::given::{self, Given, Is};
use super::transactions::Transactions;
use super::unclear::Readings;
use super::{Content, HistoryFormat, Imported, Stop};
use crate::history::{Call, Completion, History, Moment, Operation};
use crate::ids::{EventId, NodeId, ProcessId};
use crate::time::TrueTime;

/// Reads a stream of records or a collection of them.
pub(super) fn read(text: &str, format: HistoryFormat, stop: Stop<'_>) -> Result<Imported, FormatError> {
    let mut records = Records::new(text, format);
    let mut reader = Reader::new(text);
    read_records(&mut reader, &mut records, stop)
        .map_err(|flaw| FormatError::of_text(text, flaw.span, flaw.problem))?;
    records.finish()
}

fn read_records<'a>(reader: &mut Reader<'a>, records: &mut Records<'a>, stop: Stop<'_>) -> Result<(), Flaw> {
    let mut stop = || stop().map_err(|problem| Flaw { span: 0..0, problem });
    while let Some(bracket) = reader.open()? {
        while !reader.close(bracket)? {
            stop()?;
            match reader.next()? {
                Some(form) => records.map(&form)?,
                None => {
                    let end = reader.position();
                    let expected = if bracket == b']' { "`]`" } else { "`)`" };
                    return Err(Flaw::new(end..end, expected, "the end of the text"));
                }
            }
        }
    }
    while let Some(form) = reader.next()? {
        stop()?;
        records.map(&form)?;
    }
    Ok(())
}

/// One record, taken apart.
#[derive(Clone, Debug)]
pub(super) struct Record<'r, 'a> {
    pub(super) process: &'r Form<'a>,
    pub(super) kind: Kind,
    /// What is done.
    pub(super) name: &'a str,
    pub(super) key: Option<&'r Form<'a>>,
    pub(super) value: Option<&'r Form<'a>>,
    pub(super) error: Option<&'r Form<'a>>,
    /// Whether it is marked as one of the last reads, when nothing is under way any more.
    pub(super) is_final: bool,
    pub(super) span: Range<usize>,
}

impl Record<'_, '_> {
    /// What is read of a record that is a map.
    const KEYS: [&'static str; 9] =
        ["process", "type", "f", "key", "value", "error", "index", "time", "final?"];
}

/// All records, as they become operations or transactions.
pub(super) struct Records<'a> {
    text: &'a str,
    format: HistoryFormat,
    clients: Clients,
    /// The line of the last record, and where that begins.
    line: u32,
    at: usize,
    /// How many records there were: the time.
    time: u64,
    operations: Vec<Operation>,
    lines: Vec<u32>,
    /// The places of operations of other objects, where each begins, and the key and value if it is given a pair: which is
    /// meant is known at the end.
    given: Vec<(u32, Given)>,
    transactions: Transactions,
    /// The places of reads that are marked as final.
    finals: BTreeSet<usize>,
    /// Whether a read showed a collection: then what is added is added to a set.
    shows_collections: Is,
    skipped: u64,
    /// The `:index` of the last record that had one.
    index: Option<u64>,
    /// And its `:time`.
    told: Option<i64>,
    /// The first end, if it has no beginning: that is in order as long as no transaction has one.
    orphan: Option<(Range<usize>, u32)>,
}

/// What a compare-and-set is that expects nothing.
const PUT_IF_ABSENT: &str = "put-if-absent";

/// The key of an object that has no name.
pub(super) const KEY: &str = "x";

impl<'a> Records<'a> {
    pub(super) fn new(text: &'a str, format: HistoryFormat) -> Records<'a> {
        Records {
            text,
            format,
            clients: Clients::default(),
            line: 1,
            at: 0,
            time: 0,
            operations: Vec::new(),
            lines: Vec::new(),
            given: Vec::new(),
            transactions: Transactions::default(),
            finals: BTreeSet::new(),
            shows_collections: Is::Not,
            skipped: 0,
            index: None,
            told: None,
            orphan: None,
        }
    }

    pub(super) fn skip(&mut self) {
        // Saturating: a count of lines cannot reach 2^64.
        self.skipped = self.skipped.saturating_add(1);
    }

    /// A record that is a map.
    fn map(&mut self, form: &Form<'a>) -> Result<(), Flaw> {
        let Edn::Map(forms) = &form.value else {
            let found = self.shown(form);
            return Err(Flaw::new(form.span(), "a record such as {:process 0, :type :invoke, …}", found));
        };
        let (pairs, _) = forms.as_chunks::<2>();
        let named = |name: &str| pairs.iter().position(|[key, _]| key.keyword() == Some(name));
        let get = |name: &str| named(name).map(|place| &pairs[place][1]);
        for (place, [key, _]) in pairs.iter().enumerate() {
            if let Some(name) = key.keyword().filter(|name| Record::KEYS.contains(name))
                && named(name) != Some(place)
            {
                let problem = Problem::History(Fault::TwoKeys { key: name.to_owned() });
                return Err(Flaw { span: key.span(), problem });
            }
        }
        self.order(get("index"), get("time"))?;
        let missing = |key| Flaw { span: form.span(), problem: Problem::MissingKey(key) };
        let process = get("process").ok_or_else(|| missing(":process"))?;
        let kind = get("type").ok_or_else(|| missing(":type"))?;
        let name = get("f").ok_or_else(|| missing(":f"))?;
        let record = Record {
            process,
            kind: self.kind(kind)?,
            name: name
                .keyword()
                .ok_or_else(|| Flaw::new(name.span(), "a keyword such as `:read`", self.shown(name)))?,
            key: get("key"),
            value: get("value"),
            error: get("error"),
            is_final: get("final?").is_some_and(|form| form.value == Edn::Symbol("true")),
            span: form.span(),
        };
        self.record(&record)
    }

    /// That neither the number nor the time of a record goes back.
    fn order(&mut self, index: Option<&Form<'_>>, time: Option<&Form<'_>>) -> Result<(), Flaw> {
        let wrong = |form: &Form<'_>, fault| Flaw { span: form.span(), problem: Problem::History(fault) };
        if let Some(form) = index
            && let Edn::Number(index) = form.value
            && let Ok(index) = index.parse()
            && let Some(before) = self.index.replace(index).filter(|before| index <= *before)
        {
            return Err(wrong(form, Fault::IndexBack { before, index }));
        }
        if let Some(form) = time
            && let Edn::Number(time) = form.value
            && let Ok(time) = time.parse()
            && let Some(before) = self.told.replace(time).filter(|before| time < *before)
        {
            return Err(wrong(form, Fault::TimeBack { before, time }));
        }
        Ok(())
    }

    pub(super) fn kind(&self, form: &Form<'a>) -> Result<Kind, Flaw> {
        let word = form.keyword().unwrap_or_default();
        Kind::named(word).ok_or_else(|| {
            let word = self.shown(form).trim_start_matches(':').to_owned();
            let nearest = crate::ids::nearest(&word, Kind::NAMES.iter().copied());
            Flaw { span: form.span(), problem: Problem::UnknownWord { word, known: Kind::NAMES, nearest } }
        })
    }

    /// The next record.
    pub(super) fn record(&mut self, record: &Record<'_, 'a>) -> Result<(), Flaw> {
        let Edn::Number(process) = record.process.value else {
            // What a nemesis does is no operation of a client.
            self.skip();
            return Ok(());
        };
        let passed = self.text.get(self.at..record.span.start).unwrap_or_default();
        self.line = self.line.saturating_add(narrow(passed.bytes().filter(|byte| *byte == b'\n').count()));
        self.at = record.span.start;
        self.time += 1;
        let process = self.clients.number(process);
        if record.name == "txn" {
            if !self.operations.is_empty() {
                return Err(fault(record, Fault::Mixed));
            }
            return self.transaction(process, record);
        }
        if !self.transactions.is_empty() {
            return Err(fault(record, Fault::Mixed));
        }
        match record.kind {
            Kind::Invoke => self.begin(process, record),
            kind => self.end(process, kind, record),
        }
    }

    fn begin(&mut self, process: u32, record: &Record<'_, 'a>) -> Result<(), Flaw> {
        let call = self.call(record)?;
        let open = Open { place: narrow(self.operations.len()), line: self.line };
        let session = self.clients.begin(process, open).map_err(|wrong| fault(record, wrong))?;
        let invoked = self.moment();
        if is_final(record) {
            self.finals.insert(self.operations.len());
        }
        self.lines.push(self.line);
        // Of most operations the call says all.
        if matches!(call, Call::Other { .. }) {
            self.given.push((narrow(self.operations.len()), self.given(record)));
        }
        self.operations.push(Operation {
            client: NodeId::new(process),
            process: ProcessId::new(process),
            session,
            call,
            invoked,
            completed: None,
        });
        Ok(())
    }

    fn given(&self, record: &Record<'_, 'a>) -> Given {
        let is_number = |form: &Form<'_>| if matches!(form.value, Edn::Number(_)) { Is::So } else { Is::Not };
        let pair = match record.value.and_then(Form::sequence) {
            Some([key, value]) => Some((self.shown(key), self.shown(value), is_number(value))),
            _ => None,
        };
        Given { span: record.span.clone(), pair, is_number: record.value.map_or(Is::Not, is_number) }
    }

    fn moment(&self) -> Moment {
        Moment { event: EventId::new(self.line), at: TrueTime::from_ns(self.time) }
    }

    fn end(&mut self, process: u32, kind: Kind, record: &Record<'_, 'a>) -> Result<(), Flaw> {
        let open = self.clients.open(process).map_err(|wrong| fault(record, wrong))?;
        let operation = &self.operations[open.place as usize];
        let begun = verb(&operation.call);
        if begun != verb_named(record.name) {
            let process = self.clients.name(process).to_owned();
            let wrong = Fault::OtherEnd {
                process,
                begun: begun.to_owned(),
                line: open.line,
                ended: record.name.to_owned(),
            };
            return Err(fault(record, wrong));
        }
        let completion = match kind {
            Kind::Invoke | Kind::Ok => self.answer(&operation.call, record),
            Kind::Fail => Completion::Failed { reason: self.reason(record) },
            Kind::Info => Completion::Unknown { reason: self.reason(record) },
        };
        if kind == Kind::Ok {
            self.same_call(&operation.call, open.line, record)?;
            let is_collection = |form: &Form<'_>| matches!(form.value, Edn::Sequence(_) | Edn::Set(_));
            let shown = record.value.map(|form| match (&operation.call, form.sequence()) {
                (Call::Read { key }, Some([of, value])) if key != KEY && self.shown(of) == *key => value,
                _ => form,
            });
            if begun == "read" && shown.is_some_and(is_collection) {
                self.shows_collections = Is::So;
            }
        }
        if is_final(record) {
            self.finals.insert(open.place as usize);
        }
        let moment = self.moment();
        if kind == Kind::Fail {
            self.fail_for_a_reason(open.place as usize, record);
        }
        self.operations[open.place as usize].completed = Some((moment, completion));
        self.clients.end(process, if kind == Kind::Info { Knows::Nothing } else { Knows::Outcome });
        Ok(())
    }

    /// What an end says of its call must be what the call was; nil says nothing.
    fn same_call(&self, begun: &Call, line: u32, record: &Record<'_, 'a>) -> Result<(), Flaw> {
        if record.value.is_none_or(|form| form.value == Edn::Nil) {
            return Ok(());
        }
        let ended = self.call(record)?;
        let writes = ["write", "append", "cas", "enqueue"].contains(&verb(begun));
        if writes && ended != *begun {
            return Err(fault(record, Fault::OtherWritten { line }));
        }
        Ok(())
    }

    /// That a compare-and-set failed tells what it found only if its end repeats it and names no error. Any other
    /// asserts nothing, so it becomes the write that it would have been, which did not happen.
    fn fail_for_a_reason(&mut self, place: usize, record: &Record<'_, 'a>) {
        let call = &self.operations[place].call;
        if verb(call) != "cas" {
            return;
        }
        if record.error.is_none() && self.call(record).is_ok_and(|ended| ended == *call) {
            return;
        }
        let write = match call {
            Call::CompareAndSet { key, value, .. } => Call::Write { key: key.clone(), value: value.clone() },
            Call::Other { name, argument } => {
                let key = name.split_once(' ').map_or(KEY, |(_, key)| key).to_owned();
                Call::Write { key, value: argument.clone() }
            }
            _ => return,
        };
        self.operations[place].call = write;
    }

    /// What is asked.
    fn call(&self, record: &Record<'_, 'a>) -> Result<Call, Flaw> {
        let pair = record.value.and_then(Form::sequence).filter(|pair| pair.len() == 2);
        let verb = verb_named(record.name);
        // With independent keys each value stands behind its key.
        let (key, value) = match (record.key, pair, verb) {
            (Some(key), ..) => (self.shown(key), record.value),
            (None, Some([key, value]), "read" | "write" | "append") => (self.shown(key), Some(value)),
            (None, Some([key, value]), "cas") if value.sequence().is_some() => (self.shown(key), Some(value)),
            _ => (KEY.to_owned(), record.value),
        };
        let text = value.map_or_else(|| "nil".to_owned(), |value| self.shown(value));
        let is_nil = |value: Option<&Form<'_>>| value.is_none_or(|value| value.value == Edn::Nil);
        let is_given = ["write", "append", "cas", "add", "remove", "contains", "enqueue"].contains(&verb);
        if is_given && is_nil(value) {
            return Err(fault(record, Fault::NilWritten));
        }
        Ok(match verb {
            "read" => Call::Read { key },
            "write" => Call::Write { key, value: text },
            "append" => Call::Append { key, value: text },
            "cas" => {
                let Some([expected, new]) = value.and_then(Form::sequence) else {
                    let span = value.map_or(record.span.clone(), Form::span);
                    return Err(Flaw::new(span, "[expected new]", text));
                };
                if new.value == Edn::Nil {
                    return Err(fault(record, Fault::NilWritten));
                }
                let value = self.shown(new);
                if expected.value == Edn::Nil {
                    Call::Other { name: format!("{PUT_IF_ABSENT} {key}"), argument: value }
                } else {
                    Call::CompareAndSet { key, expected: self.shown(expected), value }
                }
            }
            "dequeue"
                if let Some([key, value]) = pair
                    && value.value == Edn::Nil =>
            {
                Call::Other { name: format!("dequeue {}", self.shown(key)), argument: String::new() }
            }
            _ => {
                let argument = if text == "nil" { String::new() } else { text };
                Call::Other { name: record.name.to_owned(), argument }
            }
        })
    }

    /// What an end shows that is no failure.
    fn answer(&self, call: &Call, record: &Record<'_, 'a>) -> Completion {
        let shown = |form: &Form<'a>| match &form.value {
            Edn::Nil => Vec::new(),
            Edn::Sequence(forms) | Edn::Set(forms) => forms.iter().map(|form| self.shown(form)).collect(),
            _ => vec![self.shown(form)],
        };
        let value = record.value;
        match call {
            Call::Read { key } => {
                let pair = value.and_then(Form::sequence).filter(|pair| pair.len() == 2);
                let independent = pair.filter(|pair| key != KEY && self.shown(&pair[0]) == *key);
                let value = independent.map(|pair| &pair[1]).or(value);
                Completion::Shows(value.map(shown).unwrap_or_default())
            }
            Call::Other { name, .. } if word(name) == "dequeue" => {
                let pair = value.and_then(Form::sequence).filter(|pair| pair.len() == 2);
                let key = name.split_once(' ').map(|(_, key)| key);
                let of_key = pair.filter(|pair| key.is_some_and(|key| self.shown(&pair[0]) == key));
                match of_key.map(|pair| &pair[1]).or(value).map(|form| (form, &form.value)) {
                    None => Completion::Done,
                    Some((_, Edn::Nil)) => Completion::Shows(Vec::new()),
                    Some((form, _)) => Completion::Shows(vec![self.shown(form)]),
                }
            }
            Call::Other { name, .. } if word(name) == PUT_IF_ABSENT => Completion::Done,
            Call::Other { argument, .. } => match value.map(|value| (value, self.shown(value))) {
                Some((value, text)) if value.value != Edn::Nil && text != *argument => {
                    Completion::Shows(shown(value))
                }
                _ => Completion::Done,
            },
            _ => Completion::Done,
        }
    }

    fn reason(&self, record: &Record<'_, 'a>) -> String {
        record.error.or(record.value).map(|form| self.shown(form)).unwrap_or_default()
    }

    /// A form as a text of ours.
    pub(super) fn shown(&self, form: &Form<'a>) -> String {
        match &form.value {
            Edn::Nil => "nil".to_owned(),
            Edn::Text(text) => text.clone().into_owned(),
            Edn::Number(word) | Edn::Symbol(word) => (*word).to_owned(),
            _ => self.text.get(form.span()).unwrap_or_default().to_owned(),
        }
    }

    fn transaction(&mut self, process: u32, record: &Record<'_, 'a>) -> Result<(), Flaw> {
        let forms = match record.value.map(|form| &form.value) {
            Some(Edn::Sequence(forms)) => Some(&forms[..]),
            Some(Edn::Nil) | None if record.kind != Kind::Invoke => None,
            _ => {
                let span = record.value.map_or(record.span.clone(), Form::span);
                return Err(Flaw::new(span, "[[:append 3 1] [:r 3 nil] …]", "something else"));
            }
        };
        let accesses = forms.map(|forms| self.accesses(forms, record)).transpose()?;
        if record.kind == Kind::Invoke
            && let Some((span, process)) = self.orphan.clone()
        {
            let fault = Fault::NeverBegun { process: self.clients.name(process).to_owned() };
            return Err(Flaw { span, problem: Problem::History(fault) });
        }
        if record.kind != Kind::Invoke && self.transactions.is_empty() {
            self.orphan = Some((record.span.clone(), process));
        }
        let transactions = &mut self.transactions;
        let spoken = (record.kind, self.line, self.time);
        transactions
            .take(
                &mut self.clients,
                process,
                spoken,
                (accesses, if is_final(record) { Is::So } else { Is::Not }),
            )
            .map_err(|wrong| fault(record, wrong))
    }

    fn accesses(
        &mut self,
        forms: &[Form<'a>],
        record: &Record<'_, 'a>,
    ) -> Result<Vec<crate::sessions::Access>, Flaw> {
        let mut accesses = Vec::with_capacity(forms.len());
        for form in forms {
            let wrong =
                |found: String| Flaw::new(form.span(), "[:r key value], [:w …] or [:append …]", found);
            let Some([verb, key, rest @ ..]) = form.sequence() else { return Err(wrong(self.shown(form))) };
            let verb = match &verb.value {
                Edn::Keyword(word) => word,
                Edn::Text(text) => &**text,
                _ => "",
            };
            let key = self.shown(key);
            let none = Edn::Nil;
            let value = rest.first().map_or(&none, |form| &form.value);
            if matches!(verb, "w" | "append") && *value == Edn::Nil {
                return Err(Flaw { span: form.span(), problem: Problem::History(Fault::NilWritten) });
            }
            let access = match (verb, value) {
                ("r", Edn::Nil) => self.transactions.read_nothing(&key),
                ("r", Edn::Sequence(values)) => {
                    let text = |form: &Form<'a>| (form.value != Edn::Nil).then(|| self.shown(form));
                    let texts: Vec<Option<String>> = values.iter().map(text).collect();
                    self.transactions.read_list(&key, &texts)
                }
                ("r", _) => self.transactions.read(&key, &self.shown(&rest[0])),
                ("w", _) if !rest.is_empty() => self.transactions.write(&key, &self.shown(&rest[0])),
                ("append", _) if !rest.is_empty() => self.transactions.append(&key, &self.shown(&rest[0])),
                _ => return Err(wrong(self.shown(form))),
            };
            accesses.push(access.map_err(|error| fault(record, Fault::Refused(error)))?);
        }
        Ok(accesses)
    }

    /// What it became.
    pub(super) fn finish(mut self) -> Result<Imported, FormatError> {
        let has_transactions = !self.transactions.is_empty();
        let mut readings = Readings::default();
        let (content, lines, unsaid) = if has_transactions {
            let gathered = self.transactions.finish(&mut self.clients);
            let gathered = gathered.map_err(|fault| FormatError::whole(Problem::History(fault)))?;
            (Content::Transactions(gathered.sessions), gathered.lines, gathered.unsaid)
        } else {
            let text = self.text;
            given::objects(&mut self.operations, &self.given, self.shows_collections)
                .map_err(|flaw| FormatError::of_text(text, flaw.span, flaw.problem))?;
            if self.format == HistoryFormat::KeyValue {
                readings = concatenated::part(&mut self.operations);
            }
            (Content::Operations(History::new(self.operations)), self.lines, 0)
        };
        let unclear = readings.unclear;
        let mut imported = Imported {
            format: self.format,
            content,
            sessions: self.clients.sessions,
            skipped: self.skipped,
            unsaid,
            unclear,
            readings: Vec::new(),
            finals: self.finals,
            lines,
        };
        if unclear.is_some()
            && let Some(two) = readings.two()
        {
            imported.readings = two.map(|shown| imported.showing(shown)).into();
        }
        Ok(imported)
    }
}

fn fault(record: &Record<'_, '_>, fault: Fault) -> Flaw {
    Flaw { span: record.span.clone(), problem: Problem::History(fault) }
}

/// Whether a record is marked as one of the last reads: by `:final? true`, as `:f :final-read`, or by `:value :final`.
fn is_final(record: &Record<'_, '_>) -> bool {
    let is_asked = record.value.is_some_and(|form| form.keyword() == Some("final"));
    record.is_final || record.name == "final-read" || (verb_named(record.name) == "read" && is_asked)
}

/// One name for what has several.
fn verb_named(name: &str) -> &str {
    match name {
        "get" | "r" | "final-read" => "read",
        "put" | "w" => "write",
        "compare-and-set" => "cas",
        _ => name,
    }
}

fn verb(call: &Call) -> &str {
    match call {
        Call::Read { .. } => "read",
        Call::Write { .. } => "write",
        Call::CompareAndSet { .. } => "cas",
        Call::Append { .. } => "append",
        Call::Add { .. } => "add",
        Call::Other { name, .. } if word(name) == PUT_IF_ABSENT => "cas",
        Call::Other { name, .. } => word(name),
    }
}

/// The operation in a name that a key may follow.
fn word(name: &str) -> &str {
    name.split_once(' ').map_or(name, |(word, _)| word)
}

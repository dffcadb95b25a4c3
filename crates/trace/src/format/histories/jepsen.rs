//! Jepsen's records, from EDN: who begins or ends what, and what it becomes.

use std::collections::BTreeSet;
use std::io::BufRead;

use super::super::edn::{Edn, Flaw, Form, Reader};
use super::super::{FormatError, Problem, narrow};
use super::concatenated;
use super::fault::Fault;
use super::gather::{Clients, Kind, Knows, Open};
use super::given::{self, Given, Is, Wrong};
use super::record::{
    self, KEY, Record, answer, fault, is_final, kind_of, reason, same_call, shown, verb, verb_named,
};
use super::transactions::Transactions;
use super::unclear::Readings;
use super::watch::{Progress, Watch};
use super::window::{Page, Unit, Window};
use super::{Content, HistoryFormat, Imported};
use crate::history::{Call, Completion, History, Moment, Operation};
use crate::ids::{EventId, NodeId, ProcessId};
use crate::sessions::Access;
use crate::time::TrueTime;

/// Reads a stream of records or a collection of them.
pub(super) fn read(
    input: &mut dyn BufRead,
    format: HistoryFormat,
    watch: &mut Watch<'_>,
) -> Result<Imported, FormatError> {
    let mut window = Window::new(input, Unit::Record);
    let mut records = Records::new(format);
    let mut inside = Inside::Nothing;
    loop {
        watch.step(|| Progress { bytes: window.bytes(), held: records.held() })?;
        watch.reach(window.bytes(), || records.held())?;
        window.pass_blanks(&mut |bytes| watch.reach(bytes, || records.held()))?;
        let page = window.page();
        let mut reader = Reader::within(page.text, page.at, page.end);
        let next = inside.next(&mut reader);
        let end = reader.position();
        if reader.has_met_end() && !window.is_whole() {
            drop(next);
            window.more()?;
            continue;
        }
        if !page.shows_beyond(end) {
            drop(next);
            window.show_beyond(end);
            continue;
        }
        if next.is_ok() {
            window.bound(end)?;
        }
        match next.map_err(|flaw| page.error(flaw.span, flaw.problem))? {
            Next::Opened(bracket) => inside = Inside::Collection(bracket),
            Next::Closed => inside = Inside::Nothing,
            Next::Unread => {}
            Next::Record(form) => {
                if matches!(inside, Inside::Nothing) {
                    inside = Inside::Stream;
                }
                records.map(page, &form)?;
            }
            Next::End => {
                let read = Progress { bytes: window.bytes(), held: records.held() };
                watch.tell(&read)?;
                return records.finish(&read, watch);
            }
        }
        window.advance(end);
    }
}

/// Whether the first record of a text has a `:key`, as far as the text goes.
pub(super) fn is_keyed(text: &str) -> bool {
    let mut reader = Reader::new(text);
    if !reader.open().and_then(|_| reader.open_map()).is_ok_and(|is_map| is_map) {
        return false;
    }
    while let Ok(Some(key)) = reader.next() {
        if key.keyword() == Some("key") {
            return !reader.has_met_end();
        }
        let Ok(Some(_)) = reader.next() else { break };
    }
    false
}

/// Where in a text a record stands.
#[derive(Clone, Copy)]
enum Inside {
    /// Before the first, or behind a collection.
    Nothing,
    /// In a collection that ends with this bracket.
    Collection(u8),
    /// One behind the other.
    Stream,
}

/// What comes next in a text.
enum Next<'a> {
    Opened(u8),
    Closed,
    /// A form that is commented out.
    Unread,
    Record(Form<'a>),
    End,
}

impl Inside {
    fn next<'a>(self, reader: &mut Reader<'a>) -> Result<Next<'a>, Flaw> {
        if reader.unread()? {
            return Ok(Next::Unread);
        }
        match self {
            Inside::Nothing => {
                if let Some(bracket) = reader.open()? {
                    return Ok(Next::Opened(bracket));
                }
            }
            Inside::Collection(bracket) => {
                if reader.close(bracket)? {
                    return Ok(Next::Closed);
                }
            }
            Inside::Stream => {}
        }
        match (reader.next()?, self) {
            (Some(form), _) => Ok(Next::Record(form)),
            (None, Inside::Collection(bracket)) => {
                let end = reader.position();
                let expected = if bracket == b']' { "`]`" } else { "`)`" };
                Err(Flaw::new(end..end, expected, "the end of the text"))
            }
            (None, _) => Ok(Next::End),
        }
    }
}

/// All records, as they become operations or transactions.
pub(super) struct Records {
    format: HistoryFormat,
    clients: Clients,
    /// The line of the last record.
    line: u32,
    /// How many records there were: the time.
    time: u64,
    operations: Vec<Operation>,
    lines: Vec<u32>,
    /// The places of operations of other objects, and the key and value if each is given a pair: which is meant is known at
    /// the end.
    given: Vec<(u32, Given)>,
    /// What is wrong with them then.
    wrong: Wrong,
    transactions: Transactions,
    /// The places of reads that are marked as final.
    finals: BTreeSet<usize>,
    /// Whether a read showed a collection: then what is added is added to a set.
    shows_collections: Is,
    skipped: u64,
    /// How many bytes the texts of operations take, and what those of other objects were given.
    texts: usize,
    /// The `:index` of the last record that had one.
    index: Option<u64>,
    /// And its `:time`.
    told: Option<i64>,
    /// The first end, if it has no beginning: that is in order as long as no transaction has one.
    orphan: Option<FormatError>,
}

impl Records {
    pub(super) fn new(format: HistoryFormat) -> Records {
        Records {
            format,
            clients: Clients::default(),
            line: 1,
            time: 0,
            operations: Vec::new(),
            lines: Vec::new(),
            given: Vec::new(),
            wrong: Wrong::default(),
            transactions: Transactions::default(),
            finals: BTreeSet::new(),
            shows_collections: Is::Not,
            skipped: 0,
            texts: 0,
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
    fn map<'a>(&mut self, page: Page<'a>, form: &Form<'a>) -> Result<(), FormatError> {
        let record = self.parts(page, form).map_err(|flaw| page.error(flaw.span, flaw.problem))?;
        self.record(&record)
    }

    fn parts<'r, 'a>(&mut self, page: Page<'a>, form: &'r Form<'a>) -> Result<Record<'r, 'a>, Flaw> {
        let Edn::Map(forms) = &form.value else {
            let found = shown(page, form);
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
        Ok(Record {
            page,
            process,
            kind: kind_of(page, kind)?,
            name: name
                .keyword()
                .ok_or_else(|| Flaw::new(name.span(), "a keyword such as `:read`", shown(page, name)))?,
            key: get("key"),
            value: get("value"),
            error: get("error"),
            is_final: get("final?").is_some_and(|form| form.value == Edn::Symbol("true")),
            span: form.span(),
        })
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

    /// The next record.
    pub(super) fn record(&mut self, record: &Record<'_, '_>) -> Result<(), FormatError> {
        let Edn::Number(process) = record.process.value else {
            // What a nemesis does is no operation of a client.
            self.skip();
            return Ok(());
        };
        self.line = record.page.line(record.span.start);
        self.time += 1;
        let process = self.clients.number(process);
        let is_transaction = record.name == "txn";
        let is_mixed =
            if is_transaction { !self.operations.is_empty() } else { !self.transactions.is_empty() };
        if is_mixed {
            return Err(record.error(fault(record, Fault::Mixed)));
        }
        if is_transaction {
            return self.transaction(process, record);
        }
        let taken = match record.kind {
            Kind::Invoke => self.begin(process, record),
            kind => self.end(process, kind, record),
        };
        taken.map_err(|flaw| record.error(flaw))
    }

    /// About how many bytes are held of what was read.
    pub(super) fn held(&self) -> u64 {
        // What an allocator takes for two texts an operation besides them, and its line.
        const TEXTS: usize = 52;
        let operations = self.operations.len() * (size_of::<Operation>() + TEXTS);
        let given = size_of_val(&self.given[..]);
        (operations + given + self.texts + self.clients.long_bytes()) as u64 + self.transactions.held()
    }

    fn begin(&mut self, process: u32, record: &Record<'_, '_>) -> Result<(), Flaw> {
        let call = record::call(record)?;
        let open = Open { place: narrow(self.operations.len()), line: self.line };
        let session = self.clients.begin(process, open).map_err(|wrong| fault(record, wrong))?;
        let invoked = self.moment();
        if is_final(record) {
            self.finals.insert(self.operations.len());
        }
        self.lines.push(self.line);
        // Cannot wrap: they are held.
        self.texts += call.text_bytes();
        // Of most operations the call says all.
        if matches!(call, Call::Other { .. }) {
            let given = record::given(record);
            self.wrong.note(&call, &given, |wrong| record.error(fault(record, wrong)));
            self.texts += given.pair.as_ref().map_or(0, |(key, value, _)| key.len() + value.len());
            self.given.push((narrow(self.operations.len()), given));
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

    fn moment(&self) -> Moment {
        Moment { event: EventId::new(self.line), at: TrueTime::from_ns(self.time) }
    }

    fn end(&mut self, process: u32, kind: Kind, record: &Record<'_, '_>) -> Result<(), Flaw> {
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
            Kind::Invoke | Kind::Ok => answer(&operation.call, record),
            Kind::Fail => Completion::Failed { reason: reason(record) },
            Kind::Info => Completion::Unknown { reason: reason(record) },
        };
        if kind == Kind::Ok {
            same_call(&operation.call, open.line, record)?;
            let is_collection = |form: &Form<'_>| matches!(form.value, Edn::Sequence(_) | Edn::Set(_));
            let shown = record.value.map(|form| match (&operation.call, form.sequence()) {
                (Call::Read { key }, Some([of, value])) if key != KEY && record.shown(of) == *key => value,
                _ => form,
            });
            if begun == "read" && shown.is_some_and(is_collection) {
                self.shows_collections = Is::So;
            }
        }
        if is_final(record) {
            self.finals.insert(open.place as usize);
        }
        self.texts += completion.text_bytes();
        let moment = self.moment();
        if kind == Kind::Fail {
            self.fail_for_a_reason(open.place as usize, record);
        }
        self.operations[open.place as usize].completed = Some((moment, completion));
        self.clients.end(process, if kind == Kind::Info { Knows::Nothing } else { Knows::Outcome });
        Ok(())
    }

    /// That a compare-and-set failed tells what it found only if its end repeats it and names no error. Any other
    /// asserts nothing, so it becomes the write that it would have been, which did not happen.
    fn fail_for_a_reason(&mut self, place: usize, record: &Record<'_, '_>) {
        let call = &self.operations[place].call;
        if verb(call) != "cas" {
            return;
        }
        if record.error.is_none() && record::call(record).is_ok_and(|ended| ended == *call) {
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

    fn transaction(&mut self, process: u32, record: &Record<'_, '_>) -> Result<(), FormatError> {
        let accesses = self.all_accesses(record).map_err(|flaw| record.error(flaw))?;
        let is_invoked = record.kind == Kind::Invoke;
        if let Some(orphan) = self.orphan.as_ref().filter(|_| is_invoked) {
            return Err(orphan.clone());
        }
        if !is_invoked && self.transactions.is_empty() {
            let process = self.clients.name(process).to_owned();
            self.orphan = Some(record.error(fault(record, Fault::NeverBegun { process })));
        }
        let spoken = (record.kind, self.line, self.time);
        let is_final = if is_final(record) { Is::So } else { Is::Not };
        let taken = self.transactions.take(&mut self.clients, process, spoken, (accesses, is_final));
        taken.map_err(|wrong| record.error(fault(record, wrong)))
    }

    /// What a transaction does, unless its end says nothing of that.
    fn all_accesses(&mut self, record: &Record<'_, '_>) -> Result<Option<Vec<Access>>, Flaw> {
        match record.value.map(|form| &form.value) {
            Some(Edn::Sequence(forms)) => self.accesses(forms, record).map(Some),
            Some(Edn::Nil) | None if record.kind != Kind::Invoke => Ok(None),
            _ => {
                let span = record.value.map_or(record.span.clone(), Form::span);
                Err(Flaw::new(span, "[[:append 3 1] [:r 3 nil] …]", "something else"))
            }
        }
    }

    fn accesses<'a>(&mut self, forms: &[Form<'a>], record: &Record<'_, 'a>) -> Result<Vec<Access>, Flaw> {
        let mut accesses = Vec::with_capacity(forms.len());
        for form in forms {
            let wrong =
                |found: String| Flaw::new(form.span(), "[:r key value], [:w …] or [:append …]", found);
            let Some([verb, key, rest @ ..]) = form.sequence() else { return Err(wrong(record.shown(form))) };
            let verb = match &verb.value {
                Edn::Keyword(word) => word,
                Edn::Text(text) => &**text,
                _ => "",
            };
            let key = record.shown(key);
            let none = Edn::Nil;
            let value = rest.first().map_or(&none, |form| &form.value);
            if matches!(verb, "w" | "append") && *value == Edn::Nil {
                return Err(Flaw { span: form.span(), problem: Problem::History(Fault::NilWritten) });
            }
            let access = match (verb, value) {
                ("r", Edn::Nil) => self.transactions.read_nothing(&key),
                ("r", Edn::Sequence(values)) => {
                    let text = |form: &Form<'a>| (form.value != Edn::Nil).then(|| record.shown(form));
                    let texts: Vec<Option<String>> = values.iter().map(text).collect();
                    self.transactions.read_list(&key, &texts)
                }
                ("r", _) => self.transactions.read(&key, &record.shown(&rest[0])),
                ("w", _) if !rest.is_empty() => self.transactions.write(&key, &record.shown(&rest[0])),
                ("append", _) if !rest.is_empty() => self.transactions.append(&key, &record.shown(&rest[0])),
                _ => return Err(wrong(record.shown(form))),
            };
            accesses.push(access.map_err(|error| fault(record, Fault::Refused(error)))?);
        }
        Ok(accesses)
    }

    /// Leaves out appends of nothing, which change nothing and which no text shows, unless all are.
    fn leave_out_empty(&mut self) {
        let is_empty =
            |operation: &Operation| matches!(&operation.call, Call::Append { value, .. } if value.is_empty());
        if self.operations.iter().all(is_empty) || !self.operations.iter().any(is_empty) {
            return;
        }
        let all = std::mem::take(&mut self.operations).into_iter().zip(std::mem::take(&mut self.lines));
        let finals = std::mem::take(&mut self.finals);
        for (place, (operation, line)) in all.enumerate().filter(|(_, (operation, _))| !is_empty(operation)) {
            if finals.contains(&place) {
                self.finals.insert(self.operations.len());
            }
            self.operations.push(operation);
            self.lines.push(line);
        }
    }

    /// What it became; `read` is all of it.
    pub(super) fn finish(mut self, read: &Progress, watch: &mut Watch<'_>) -> Result<Imported, FormatError> {
        let has_transactions = !self.transactions.is_empty();
        let mut readings = Readings::default();
        let (content, lines, unsaid) = if has_transactions {
            let gathered = self.transactions.finish(&self.clients);
            let gathered = gathered.map_err(|fault| FormatError::whole(Problem::History(fault)))?;
            (Content::Transactions(gathered.sessions), gathered.lines, gathered.unsaid)
        } else {
            given::objects(
                &mut self.operations,
                &self.given,
                self.shows_collections,
                std::mem::take(&mut self.wrong),
            )?;
            if self.format == HistoryFormat::KeyValue {
                self.leave_out_empty();
                readings = concatenated::part(&mut self.operations, &mut |steps| watch.work(steps, read))?;
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

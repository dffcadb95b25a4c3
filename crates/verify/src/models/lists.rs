//! Lists that are appended to, as registers whose order of writes is known as far as somebody was shown it.

use std::collections::{BTreeMap, BTreeSet};

use constellation_trace::{Access, Act, Key, Limit, Outcome, Sessions, Transaction, TransactionId, Value};

use super::Recorded;
use super::finding::{Anomaly, Stop, key_name, transaction_name};
use super::graph::{Arrow, Because};
use super::observed::{Again, Asked, Observed};
use super::patience::Patience;
use super::sources::Sources;
use super::weakness::Weakness;

/// Sessions in which every key is a register.
#[derive(Debug)]
pub(crate) enum Registers<'a> {
    /// They were.
    Recorded(&'a Sessions, Option<&'a Sources>),
    /// Some were lists.
    Made(Box<Made>),
}

/// Sessions made of such with lists: an append is a write of its value, and a list that is shown a read of its last value
/// that is not the reader's own. The numbers of transactions, keys and values are the same.
#[derive(Debug)]
pub(crate) struct Made {
    sessions: Sessions,
    /// What lists show of the order of writes.
    versions: Vec<Arrow>,
    /// Those whose outcome nobody knew, but whose values were shown: so they committed.
    shown: BTreeSet<TransactionId>,
}

impl<'a> Registers<'a> {
    /// O(accesses × log appends + values of the lists shown).
    ///
    /// # Errors
    /// Lists that contradict each other, or show what was never appended for good; [`Limit`] for a key that is both list and
    /// register, or a value that was appended twice.
    pub(crate) fn of(recorded: &Recorded<'a>, patience: &mut Patience<'_>) -> Result<Registers<'a>, Stop> {
        let sessions =
            recorded.sessions.ok_or_else(|| Limit::Unfit("these are no reads and writes".to_owned()))?;
        if !sessions.ids().any(|id| sessions.accesses(id).iter().any(|access| access.act.is_of_list())) {
            return Ok(Registers::Recorded(recorded.registers()?, recorded.sources));
        }
        patience.step(sessions.accesses_total() as u64)?;
        let lists = Lists::of(sessions, patience)?;
        let mut made = Made { sessions: sessions.sub(&[]), versions: Vec::new(), shown: BTreeSet::new() };
        for id in sessions.ids() {
            let accesses = lists.registers(id)?;
            let pushed = made.sessions.push(sessions.transaction(id), &accesses);
            pushed.map_err(|error| Limit::Unfit(error.to_string()))?;
        }
        lists.order(&mut made)?;
        if patience.forgets(Weakness::Listed) {
            made.versions.clear();
        }
        Ok(Registers::Made(Box::new(made)))
    }

    /// Who read from whom.
    pub(crate) fn observed(&self, again: Again, patience: &mut Patience<'_>) -> Result<Observed<'_>, Stop> {
        let (sessions, shown, sources) = match self {
            Registers::Recorded(sessions, sources) => (*sessions, None, *sources),
            Registers::Made(made) => (&made.sessions, Some(&made.shown), None),
        };
        let counts = |id| {
            sessions.transaction(id).outcome == Outcome::Committed
                || shown.is_some_and(|shown| shown.contains(&id))
        };
        Observed::choose(sessions, counts, Asked { again, sources }, patience)
    }

    /// What lists show of the order of writes.
    pub(crate) fn versions(&self) -> &[Arrow] {
        match self {
            Registers::Recorded(..) => &[],
            Registers::Made(made) => &made.versions,
        }
    }
}

/// What was found in registers that lists were made of, in the words of lists.
pub(crate) fn told(recorded: &Recorded<'_>, result: Result<(), Stop>) -> Result<(), Stop> {
    let Some(sessions) = recorded.sessions else { return result };
    let mut anomaly = match result {
        Err(Stop::Violated(anomaly)) => anomaly,
        other => return other,
    };
    let lists = Lists { sessions, appended: BTreeMap::new(), longest: BTreeMap::new() };
    let mut made = sessions.sub(&[]);
    for &id in &anomaly.transactions {
        let transaction = Transaction { invoked: 0, returned: 0, ..sessions.transaction(id) };
        if let Ok(accesses) = lists.registers(id)
            && let Ok(register) = made.push(transaction, &accesses)
        {
            let [from, to] = [transaction_name(&made, register), transaction_name(sessions, id)];
            anomaly.found = anomaly.found.replace(&from, &to);
        }
    }
    Err(anomaly.into())
}

/// That a value was appended twice, so that nobody knows which one a list shows.
pub(crate) fn appended_twice(sessions: &Sessions, append: &Access) -> Limit {
    let [key, value] = [key_name(sessions, append.key), sessions.show_value(append.value)];
    Limit::NotRecorded(format!("which of two appends of {value} to {key} a list shows is"))
}

/// That a key is no list, since it is a register as well.
pub(crate) fn used_as_both(sessions: &Sessions, key: Key) -> Limit {
    let key = key_name(sessions, key);
    Limit::Unfit(format!("{key} is read and written both as a list and as a register"))
}

/// The lists of a record: who appended what, and the longest that anybody was shown.
struct Lists<'a> {
    sessions: &'a Sessions,
    appended: BTreeMap<(Key, Value), TransactionId>,
    longest: BTreeMap<Key, (&'a [Value], TransactionId)>,
}

impl<'a> Lists<'a> {
    fn of(sessions: &'a Sessions, patience: &mut Patience<'_>) -> Result<Lists<'a>, Stop> {
        let mut lists = Lists { sessions, appended: BTreeMap::new(), longest: BTreeMap::new() };
        let mut registers = BTreeSet::new();
        for id in sessions.ids() {
            for access in sessions.accesses(id) {
                match access.act {
                    Act::Append => {
                        let is_aborted = |id| sessions.transaction(id).outcome == Outcome::Aborted;
                        let before = lists.appended.get(&(access.key, access.value)).copied();
                        if before.is_none_or(is_aborted) {
                            lists.appended.insert((access.key, access.value), id);
                        } else if !is_aborted(id) {
                            return Err(appended_twice(sessions, access).into());
                        }
                    }
                    Act::ReadList if sessions.transaction(id).outcome == Outcome::Committed => {
                        lists.show(id, access, patience)?;
                    }
                    Act::ReadList => {}
                    _ => drop(registers.insert(access.key)),
                }
            }
        }
        let mut keys = lists.appended.keys().map(|(key, _)| key).chain(lists.longest.keys());
        match keys.find(|key| registers.contains(key)) {
            None => Ok(lists),
            Some(key) => Err(used_as_both(sessions, *key).into()),
        }
    }

    /// Enters a list that was shown: of any two of a key one is the beginning of the other.
    fn show(&mut self, id: TransactionId, access: &Access, patience: &mut Patience<'_>) -> Result<(), Stop> {
        let list = self.sessions.list(access.value);
        patience.step(list.len() as u64)?;
        let (longest, other) = *self.longest.entry(access.key).or_insert((list, id));
        let common = longest.len().min(list.len());
        if longest[..common] != list[..common] {
            let [one, two] = [other, id].map(|id| transaction_name(self.sessions, id));
            let key = key_name(self.sessions, access.key);
            let found = format!("{one} and {two} are shown lists of {key} that do not begin alike");
            return Err(Anomaly::plain(found, [other, id]).into());
        }
        if list.len() > longest.len() {
            self.longest.insert(access.key, (list, id));
        }
        Ok(())
    }

    /// What a transaction did, as reads and writes of registers.
    fn registers(&self, id: TransactionId) -> Result<Vec<Access>, Stop> {
        let mut own: BTreeMap<Key, Vec<Value>> = BTreeMap::new();
        // Where its first append to each key stands.
        let mut first: BTreeMap<Key, usize> = BTreeMap::new();
        let mut accesses: Vec<Access> = Vec::new();
        let mut before: Vec<(usize, Access)> = Vec::new();
        for access in self.sessions.accesses(id) {
            let key = access.key;
            match access.act {
                Act::Append => {
                    first.entry(key).or_insert(accesses.len());
                    own.entry(key).or_default().push(access.value);
                    accesses.push(Access::write(key, access.value));
                }
                Act::ReadList => {
                    let list = self.sessions.list(access.value);
                    let mine = own.get(&key).map_or(&[][..], Vec::as_slice);
                    let Some(others) = list.strip_suffix(mine) else {
                        let name = transaction_name(self.sessions, id);
                        let key = key_name(self.sessions, key);
                        let found = format!("{name} is shown a list of {key} that does not end with its own");
                        return Err(Anomaly::plain(found, [id]).into());
                    };
                    let read = Access::read(key, others.last().copied().unwrap_or(Value::NOTHING));
                    // What it appended to it saw when it began to.
                    match first.get(&key) {
                        Some(place) => before.push((*place, read)),
                        None => accesses.push(read),
                    }
                }
                _ => accesses.push(*access),
            }
        }
        before.sort_by_key(|(place, _)| *place);
        before.into_iter().rev().for_each(|(place, read)| accesses.insert(place, read));
        Ok(accesses)
    }

    /// Enters what the longest lists show, and that what they do not show came later.
    fn order(&self, made: &mut Made) -> Result<(), Stop> {
        let mut last: BTreeMap<Key, u32> = BTreeMap::new();
        let mut seen: BTreeSet<(Key, Value)> = BTreeSet::new();
        for (&key, &(list, reader)) in &self.longest {
            // What each transaction appended of it.
            let mut parts: BTreeMap<TransactionId, Vec<Value>> = BTreeMap::new();
            for &value in list {
                let wrong = |what: &str, ids: &[TransactionId]| {
                    let name = transaction_name(self.sessions, reader);
                    let [key, value] = [key_name(self.sessions, key), self.sessions.show_value(value)];
                    let found = format!("{name} is shown {value} in the list {key}, {what}");
                    Stop::from(Anomaly::plain(found, ids.iter().copied()))
                };
                let Some(&writer) = self.appended.get(&(key, value)) else {
                    return Err(wrong("which nobody appended", &[reader]));
                };
                match self.sessions.transaction(writer).outcome {
                    Outcome::Aborted => {
                        return Err(wrong("which only an aborted transaction appended", &[writer, reader]));
                    }
                    Outcome::Unknown => drop(made.shown.insert(writer)),
                    Outcome::Committed => {}
                }
                if !seen.insert((key, value)) {
                    return Err(wrong("twice", &[writer, reader]));
                }
                parts.entry(writer).or_default().push(value);
                let to = writer.number();
                let from = last.insert(key, to).unwrap_or(to);
                if from != to {
                    made.versions.push(Arrow { from, to, because: Because::Listed(key) });
                }
            }
            // Its own are looked at where they are read.
            let others = parts.iter().filter(|(writer, _)| **writer != reader);
            others.into_iter().try_for_each(|(writer, values)| self.whole(key, *writer, values, reader))?;
        }
        for (&(key, value), &writer) in &self.appended {
            let is_known = self.sessions.transaction(writer).outcome == Outcome::Committed
                || made.shown.contains(&writer);
            let later = last.get(&key).filter(|from| is_known && **from != writer.number());
            if let Some(&from) = later.filter(|_| !seen.contains(&(key, value))) {
                made.versions.push(Arrow { from, to: writer.number(), because: Because::Listed(key) });
            }
        }
        Ok(())
    }

    /// That these are all values which a transaction appended to a list, in its order: nobody else is shown a part of them.
    fn whole(
        &self,
        key: Key,
        writer: TransactionId,
        values: &[Value],
        reader: TransactionId,
    ) -> Result<(), Stop> {
        let accesses = self.sessions.accesses(writer).iter();
        let appended = accesses.filter(|access| access.act == Act::Append && access.key == key);
        let appended: Vec<Value> = appended.map(|access| access.value).collect();
        // One that ends with a part shows what its writer overwrote, which is told where it is read.
        if appended.starts_with(values) && self.longest[&key].0.ends_with(values) || appended == values {
            return Ok(());
        }
        let [name, writer_name] = [reader, writer].map(|id| transaction_name(self.sessions, id));
        let key = key_name(self.sessions, key);
        let found = format!(
            "{name} is shown in the list {key} what {writer_name} appended, but not all of it in its order"
        );
        Err(Anomaly::plain(found, [writer, reader]).into())
    }
}

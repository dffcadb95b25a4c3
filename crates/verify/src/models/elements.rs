//! Lists that are appended to, as one register for each value of them: what judges of causes take, who need no order of all.

use std::collections::{BTreeMap, BTreeSet};

use constellation_trace::{Access, Act, Key, Limit, Outcome, Sessions, Transaction, TransactionId, Value};

use super::finding::{Anomaly, Finding, Stop, Why, key_name, transaction_name};
use super::graph::{Arrow, Because, sorted};
use super::lists::{appended_twice, used_as_both};
use super::observed::Observed;
use super::patience::Patience;
use super::versions::{read_arrows, session_arrows};
use super::weakness::Weakness;
use super::{Causal, CausalConvergence, CausalMemory, Model, Recorded};

/// What a model of the causal family makes of the order that a list shows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Level {
    /// All sessions agree on one order, which keeps causes.
    Convergence,
    /// Each read is explained by an order of its past.
    Causal,
    /// Each session has one order, which keeps causes.
    Memory,
    /// Each session has one order, which keeps those of sessions.
    Sessions,
    /// Something weaker than convergence.
    Guarantees,
}

/// Judges what was recorded, lists among it.
///
/// Every value of a list is a register of its own, to which it is appended once; a list that is shown is a read of all of
/// them, of which those that it lacks show nothing. So what a list shows is known, and all its values are causes of the
/// read, as it must be; but not their order. What breaks that order is looked for apart, where it is easy. It is kept for
/// sure where one order of all keeps causes and lists, as far as a model asks for no more (sessions of causal memory do, and
/// so do registers beside the lists), or where the model holds although whoever appends reads what stands before. Between
/// the two the answer is *unknown*.
///
/// O(reads of lists × appends to them) registers are read: a long list that is read often does not fit into memory.
pub(crate) fn judge(
    recorded: &Recorded<'_>,
    level: Level,
    patience: &mut Patience<'_>,
    judge: impl Fn(&Recorded<'_>, &mut Patience<'_>) -> Result<(), Stop>,
) -> Finding {
    match recorded.sessions {
        Some(sessions)
            if sessions
                .ids()
                .any(|id| sessions.accesses(id).iter().any(|access| access.act.is_of_list())) =>
        {
            patience.begin();
            let found = Elements::of(sessions, patience).and_then(|mut elements| {
                patience.besides(|patience| {
                    let registers = Recorded { sessions: Some(&elements.registers), ..*recorded };
                    judge(&registers, patience)
                        .and_then(|()| elements.order(level, patience))
                        .map_err(|stop| elements.told(stop))
                })
            });
            found.into()
        }
        _ => judge(recorded, patience).into(),
    }
}

/// Lists as registers.
struct Elements<'a> {
    sessions: &'a Sessions,
    /// The same transactions, with a register for each value.
    registers: Sessions,
    /// Which list each register is of, by the number of its key from [`Elements::first`] on.
    lists: Vec<Key>,
    /// The first register that is of a list.
    first: usize,
    places: BTreeMap<(Key, Value), Key>,
    /// Who appended what; one that took effect where there is one.
    appended: BTreeMap<(Key, Value), TransactionId>,
    /// Of any two values that stand side by side in a list, the first before the second.
    steps: BTreeSet<(Key, Value, Value)>,
    /// Of each list the longest that was shown.
    longest: BTreeMap<Key, &'a [Value]>,
    /// Lists of which two were shown that do not begin alike.
    forked: BTreeSet<Key>,
    /// What was shown to transactions of which nobody knows whether they took effect.
    unsure: Vec<(TransactionId, Key, &'a [Value])>,
}

impl<'a> Elements<'a> {
    fn of(sessions: &'a Sessions, patience: &mut Patience<'_>) -> Result<Elements<'a>, Stop> {
        let mut elements = Elements {
            sessions,
            registers: sessions.sub(&[]),
            lists: Vec::new(),
            first: sessions.keys().len(),
            places: BTreeMap::new(),
            appended: BTreeMap::new(),
            steps: BTreeSet::new(),
            longest: BTreeMap::new(),
            forked: BTreeSet::new(),
            unsure: Vec::new(),
        };
        elements.enter(patience)?;
        patience.afford(sessions.len(), size_of::<Transaction>() + size_of::<u32>())?;
        let mut of_list: BTreeMap<Key, Vec<(Value, Key)>> = BTreeMap::new();
        for (&(key, value), &place) in &elements.places {
            of_list.entry(key).or_default().push((value, place));
        }
        for id in sessions.ids() {
            let mut accesses = Vec::new();
            for access in sessions.accesses(id) {
                match access.act {
                    Act::Append => {
                        let place = elements.places[&(access.key, access.value)];
                        patience.afford(1, size_of::<Access>())?;
                        accesses.push(Access::write(place, access.value));
                    }
                    Act::ReadList => {
                        let all = of_list.get(&access.key).map_or(&[][..], Vec::as_slice);
                        patience.step(all.len() as u64 + 1)?;
                        patience.afford(all.len(), size_of::<Access>())?;
                        let shown: BTreeSet<Value> = sessions.list(access.value).iter().copied().collect();
                        accesses.extend(all.iter().map(|(value, place)| {
                            let is_shown = shown.contains(value);
                            Access::read(*place, if is_shown { *value } else { Value::NOTHING })
                        }));
                    }
                    _ => {
                        patience.afford(1, size_of::<Access>())?;
                        accesses.push(*access);
                    }
                }
            }
            let pushed = elements.registers.push(sessions.transaction(id), &accesses);
            pushed.map_err(|error| Limit::Unfit(error.to_string()))?;
        }
        Ok(elements)
    }

    /// Enters what is appended and what is shown.
    fn enter(&mut self, patience: &mut Patience<'_>) -> Result<(), Stop> {
        let sessions = self.sessions;
        // First of all, since a list may be recorded before all that it shows.
        for id in sessions.ids() {
            for access in sessions.accesses(id).iter().filter(|access| access.act == Act::Append) {
                self.place(access.key, access.value, patience)?;
                self.append(id, access)?;
            }
        }
        let mut registers = BTreeSet::new();
        for id in sessions.ids() {
            let outcome = sessions.transaction(id).outcome;
            for access in sessions.accesses(id) {
                match access.act {
                    Act::Append => {}
                    Act::ReadList => {
                        let list = sessions.list(access.value);
                        patience.step(list.len() as u64)?;
                        self.longest.entry(access.key).or_insert(&[]);
                        match outcome {
                            Outcome::Committed => self.show(id, access.key, list, patience)?,
                            Outcome::Aborted => {}
                            Outcome::Unknown => self.may_show(id, access.key, list, patience)?,
                        }
                    }
                    _ => drop(registers.insert(access.key)),
                }
            }
        }
        let mut keys = self.lists.iter().chain(self.longest.keys());
        match keys.find(|key| registers.contains(key)) {
            None => Ok(()),
            Some(key) => Err(used_as_both(sessions, *key).into()),
        }
    }

    /// The register that a value of a list is.
    fn place(&mut self, key: Key, value: Value, patience: &mut Patience<'_>) -> Result<(), Stop> {
        if self.places.contains_key(&(key, value)) {
            return Ok(());
        }
        patience.afford(1, size_of::<(Key, Value, Key, TransactionId)>() + NAME_BYTES)?;
        let mut name = format!("{}∋{}", key_name(self.sessions, key), self.sessions.show_value(value));
        while self.registers.keys().find(&name).is_some() {
            name.push('\'');
        }
        let place = self.registers.key(&name).map_err(|error| Limit::Unfit(error.to_string()))?;
        self.lists.push(key);
        self.places.insert((key, value), place);
        Ok(())
    }

    fn append(&mut self, id: TransactionId, access: &Access) -> Result<(), Stop> {
        let is_aborted = |id| self.sessions.transaction(id).outcome == Outcome::Aborted;
        match self.appended.get(&(access.key, access.value)) {
            Some(_) if is_aborted(id) => {}
            Some(other) if !is_aborted(*other) => {
                return Err(appended_twice(self.sessions, access).into());
            }
            _ => drop(self.appended.insert((access.key, access.value), id)),
        }
        Ok(())
    }

    /// Enters what is shown to a transaction that may count.
    fn may_show(
        &mut self,
        id: TransactionId,
        key: Key,
        list: &'a [Value],
        patience: &mut Patience<'_>,
    ) -> Result<(), Stop> {
        // Nil nobody can append; it is told if the transaction counts.
        for value in list.iter().filter(|value| **value != Value::NOTHING) {
            self.place(key, *value, patience)?;
        }
        patience.afford(1, size_of::<(TransactionId, Key, &[Value])>())?;
        self.unsure.push((id, key, list));
        Ok(())
    }

    /// Enters what is shown to those after all that count because of what others read.
    fn make_sure(&mut self, patience: &mut Patience<'_>) -> Result<(), Stop> {
        if self.unsure.is_empty() {
            return Ok(());
        }
        let observed = Observed::of(&Recorded::from(&self.registers), patience)?;
        let (counting, others): (Vec<_>, Vec<_>) = std::mem::take(&mut self.unsure)
            .into_iter()
            .partition(|(id, ..)| observed.places[id.index()] != 0);
        if let Some(limit) = observed.ambiguous.filter(|_| !others.is_empty()) {
            return Err(limit.into());
        }
        counting.into_iter().try_for_each(|(id, key, list)| self.show(id, key, list, patience))
    }

    /// Enters what is shown to a transaction that counts.
    fn show(
        &mut self,
        id: TransactionId,
        key: Key,
        list: &'a [Value],
        patience: &mut Patience<'_>,
    ) -> Result<(), Stop> {
        let longest = self.longest.entry(key).or_insert(&[]);
        // What another list begins with shows nothing that is not known.
        if longest.starts_with(list) {
            return Ok(());
        }
        if list.starts_with(longest) {
            *longest = list;
        } else {
            self.forked.insert(key);
        }
        let mut seen = BTreeSet::new();
        for value in list {
            if *value == Value::NOTHING {
                let (name, key) = (transaction_name(self.sessions, id), key_name(self.sessions, key));
                let found = format!("{name} is shown nil in the list {key}, which nobody can append");
                return Err(Anomaly::plain(found, [id]).into());
            }
            self.place(key, *value, patience)?;
            if !seen.insert(*value) {
                let name = transaction_name(self.sessions, id);
                let [key, value] = [key_name(self.sessions, key), self.sessions.show_value(*value)];
                return Err(
                    Anomaly::plain(format!("{name} is shown {value} twice in the list {key}"), [id]).into()
                );
            }
        }
        for pair in list.windows(2) {
            if self.steps.insert((key, pair[0], pair[1])) {
                patience.afford(1, STEP_BYTES)?;
            }
        }
        Ok(())
    }

    /// Whether the order of values in lists may be kept, where all else is in order.
    fn order(&mut self, level: Level, patience: &mut Patience<'_>) -> Result<(), Stop> {
        self.make_sure(patience)?;
        if patience.forgets(Weakness::Listed) {
            return Ok(());
        }
        if matches!(level, Level::Memory | Level::Sessions) {
            self.only_grow()?;
        }
        if self.steps.is_empty() {
            return Ok(());
        }
        self.keep_their_order()?;
        let observed = Observed::of(&Recorded::from(&self.registers), patience)?;
        let listed = self.steps.iter().filter_map(|(key, one, other)| {
            let [from, to] = [one, other].map(|value| self.appended.get(&(*key, *value)));
            let (from, to) = (from?.number(), to?.number());
            (from != to).then_some(Arrow { from, to, because: Because::Listed(*key) })
        });
        let arrows = session_arrows(&observed).chain(read_arrows(&observed)).chain(listed);
        let arrows: Vec<Arrow> = arrows.collect();
        let cycle = match sorted(observed.places.len(), &arrows, patience)? {
            Ok(_) if self.has_writes() => return self.holds_with_reads(level, patience),
            Ok(_) => {
                return match level {
                    Level::Causal | Level::Convergence => observed.holds(),
                    // Convergence, whose order of all may be this one, implies them.
                    Level::Guarantees => implied(&CausalConvergence, &self.registers, patience),
                    // One that is shown later may have to stand before one that the session knew of already.
                    Level::Memory | Level::Sessions => self.holds_with_reads(level, patience),
                };
            }
            Err(cycle) => cycle,
        };
        let keys: BTreeSet<Key> = cycle
            .iter()
            .filter_map(|arrow| match arrow.because {
                Because::Listed(key) => Some(key),
                _ => None,
            })
            .collect();
        // Of lists that begin alike the reader of the longest one has all of a key in its past.
        let is_of_one = keys.len() == 1 && keys.is_disjoint(&self.forked);
        let has_reads = cycle.iter().any(|arrow| matches!(arrow.because, Because::Read(_)));
        match level {
            Level::Convergence => {}
            Level::Causal | Level::Memory if is_of_one => {}
            Level::Sessions if is_of_one && !has_reads => {}
            _ => return Err(unknown().into()),
        }
        let edges = cycle.iter().map(|arrow| arrow.shown(&self.registers)).collect();
        let found = "no order of these keeps causes and shows lists as they were shown";
        Err(Anomaly::cycle(found, edges, Vec::new()).into())
    }

    fn has_writes(&self) -> bool {
        let accesses = self.sessions.ids().flat_map(|id| self.sessions.accesses(id));
        accesses.into_iter().any(|access| access.act == Act::Write)
    }

    /// Values that one transaction appends stand in its order.
    fn keep_their_order(&self) -> Result<(), Stop> {
        for (key, one, other) in &self.steps {
            let [from, to] = [one, other].map(|value| self.appended.get(&(*key, *value)));
            let Some(&writer) = from.filter(|from| Some(*from) == to) else { continue };
            let mut accesses = self.sessions.accesses(writer).iter();
            let is_one = |access: &&Access| access.act == Act::Append && access.key == *key;
            let first = accesses.find(|access| is_one(access) && [*one, *other].contains(&access.value));
            if first.is_some_and(|access| access.value == *other) {
                return Err(self.turned_around(*key, [*one, *other], writer).into());
            }
        }
        Ok(())
    }

    /// Two values stand side by side that their writer appended the other way round.
    fn turned_around(&self, key: Key, pair: [Value; 2], writer: TransactionId) -> Anomaly {
        let is_shown = |access: &Access| {
            let list = if access.act == Act::ReadList { self.sessions.list(access.value) } else { &[] };
            access.key == key && list.windows(2).any(|two| two == pair)
        };
        let is_reader = |id: &TransactionId| {
            let is_aborted = self.sessions.transaction(*id).outcome == Outcome::Aborted;
            !is_aborted && self.sessions.accesses(*id).iter().any(is_shown)
        };
        let reader = self.sessions.ids().find(is_reader).expect("somebody was shown them");
        let [reader_name, name] = [reader, writer].map(|id| transaction_name(self.sessions, id));
        let [one, other] = pair.map(|value| self.sessions.show_value(value));
        let key = key_name(self.sessions, key);
        let found = format!(
            "{reader_name} is shown {one} before {other} in the list {key}, which {name} appended the other way round"
        );
        Anomaly::plain(found, [writer, reader])
    }

    /// To one session lists only ever grow at their ends.
    fn only_grow(&self) -> Result<(), Stop> {
        let mut last: BTreeMap<(u32, Key), (TransactionId, &[Value])> = BTreeMap::new();
        for id in self.sessions.ids() {
            let transaction = self.sessions.transaction(id);
            let accesses = self.sessions.accesses(id).iter();
            let lists = accesses.filter(|access| access.act == Act::ReadList);
            for access in lists.filter(|_| transaction.outcome == Outcome::Committed) {
                let list = self.sessions.list(access.value);
                let before = last.insert((transaction.session, access.key), (id, list));
                if let Some((other, before)) = before
                    && !list.starts_with(before)
                {
                    let key = key_name(self.sessions, access.key);
                    let [one, two] = [other, id].map(|id| transaction_name(self.sessions, id));
                    let found =
                        format!("{two} is shown a list of {key} that does not begin as that of {one}");
                    return Err(Anomaly::plain(found, [other, id]).into());
                }
            }
        }
        Ok(())
    }

    /// Whether the model holds, or one that implies it, even if whoever appends to a list has read what stands before in it.
    fn holds_with_reads(&self, level: Level, patience: &mut Patience<'_>) -> Result<(), Stop> {
        let mut reads: BTreeMap<TransactionId, Vec<Access>> = BTreeMap::new();
        for (key, one, other) in &self.steps {
            let [from, to] = [one, other].map(|value| self.appended.get(&(*key, *value)));
            if let (Some(from), Some(to)) = (from, to)
                && from != to
            {
                patience.afford(2, size_of::<Access>())?;
                reads.entry(*to).or_default().push(Access::read(self.places[&(*key, *one)], *one));
            }
        }
        let mut stronger = self.registers.sub(&[]);
        for id in self.registers.ids() {
            let mut accesses = reads.remove(&id).unwrap_or_default();
            accesses.extend_from_slice(self.registers.accesses(id));
            let pushed = stronger.push(self.registers.transaction(id), &accesses);
            pushed.map_err(|error| Limit::Unfit(error.to_string()))?;
        }
        let model: &dyn Model = match level {
            Level::Convergence | Level::Guarantees => &CausalConvergence,
            Level::Causal => &Causal,
            Level::Memory | Level::Sessions => &CausalMemory,
        };
        implied(model, &stronger, patience)
    }

    /// What was found in registers, in the words of lists.
    fn told(&self, stop: Stop) -> Stop {
        let Stop::Violated(mut anomaly) = stop else { return stop };
        for id in &anomaly.transactions {
            let [made, shown] = [&self.registers, self.sessions].map(|all| transaction_name(all, *id));
            anomaly.found = anomaly.found.replace(&made, &shown);
        }
        for edge in anomaly.edges.iter_mut().chain(&mut anomaly.grounds) {
            if let Why::ReadFrom { key } | Why::ReadBefore { key } | Why::WrittenBefore { key, .. } =
                &mut edge.why
                && let Some(place) = key.index().checked_sub(self.first)
            {
                *key = self.lists[place];
            }
        }
        anomaly.into()
    }
}

/// Whether the model holds, which implies the one that is asked for; that it does not says nothing.
fn implied(model: &dyn Model, sessions: &Sessions, patience: &mut Patience<'_>) -> Result<(), Stop> {
    match model.judge(&Recorded::from(sessions), patience) {
        Finding::Holds => Ok(()),
        Finding::Violated(_) => Err(unknown().into()),
        Finding::Unknown(limit) => Err(limit.into()),
    }
}

/// Memory for an entry of a set of steps, with its share of the nodes.
const STEP_BYTES: usize = 2 * size_of::<(Key, Value, Value)>();

/// Memory for the name of a register, roughly.
const NAME_BYTES: usize = 64;

fn unknown() -> Limit {
    Limit::NotRecorded("in which order those who were shown no list saw what was appended is".to_owned())
}

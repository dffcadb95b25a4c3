//! Convergence: when all is said, everybody is shown the same; and whoever knows the same is shown the same at once.

use std::collections::{BTreeMap, BTreeSet};

use constellation_trace::{Access, Act, Key, Limit, Outcome, Sessions, Timing, TransactionId, Value};

use super::finding::{Anomaly, Finding, Stop, Why, key_name, transaction_name};
use super::observed::{Again, Asked, INITIAL, Observed, Seen};
use super::past::{Past, edge};
use super::patience::Patience;
use super::sources::{Kept, told_apart};
use super::weakness::Weakness;
use super::writers::Writers;
use super::{About, Judges, Model, Parts, Recorded};

/// Eventual convergence: the last reads of all sessions, after the last write of a key, show one written value of it.
///
/// A read is final if it is marked so ([`Sessions::mark_final`]). Where none is marked, it is final if it begins after every
/// acknowledged write of its key has ended, and its session reads the key no more. So nothing is final without marks or
/// recorded times, and a run must heal and wait before it reads for the last time. Which value it is does not matter, as
/// long as it was written: that acknowledged writes are *lost* to others is no question of convergence. A write whose outcome
/// is unknown may take effect between two final reads; what differs only by such a value is unknown.
#[derive(Clone, Copy, Debug)]
pub struct EventualConvergence;

/// Strong convergence: two reads of a key that know of the same writes of it show the same.
///
/// What a read knows of is its causal past, as sessions and reads tell it: clients do not record what was delivered to
/// their replica, which may have been more. [`CausalConvergence`](super::CausalConvergence) implies it; unlike that it says
/// nothing of a read that knows more than the other. A history in which something is its own cause does not satisfy it.
///
/// A write whose outcome is unknown and that nobody read may explain why two reads differ, so it counts as known to its
/// session. One that also read something is only taken for such a reason, where it is before what one of the two knows of:
/// then the answer is *unknown*. What is shown is a value: which of two writes of it matters only for what is known.
#[derive(Clone, Copy, Debug)]
pub struct StrongConvergence;

static EVENTUAL: About = About {
    name: "eventual-convergence",
    sentence: "after the last write of a key all sessions come to read the same",
    source: "Vogels, Eventually Consistent (CACM, January 2009); Bouajjani, Enea and Hamza, Verifying Eventual Consistency \
             of Optimistic Replication Systems (POPL 2014)",
    cost: "O(n + m log(keys k))",
    judges: Judges::Transactions,
    implies: &[],
};

static STRONG: About = About {
    name: "strong-convergence",
    sentence: "whoever knows of the same writes of a key is shown the same",
    source: "Shapiro, Preguiça, Baquero and Zawirski, Conflict-Free Replicated Data Types (SSS 2011)",
    cost: "O(m k log m)",
    judges: Judges::Transactions,
    implies: &[],
};

impl Model for EventualConvergence {
    fn about(&self) -> &'static About {
        &EVENTUAL
    }

    fn parts(&self) -> Parts {
        Parts::ProveNothing
    }

    fn judge(&self, recorded: &Recorded<'_>, patience: &mut Patience<'_>) -> Finding {
        eventual(recorded, patience).into()
    }
}

impl Model for StrongConvergence {
    fn about(&self) -> &'static About {
        &STRONG
    }

    fn parts(&self) -> Parts {
        Parts::ProveNothing
    }

    fn judge(&self, recorded: &Recorded<'_>, patience: &mut Patience<'_>) -> Finding {
        // What it had overwritten itself a session may be shown, but not what it is the cause of.
        told_apart(recorded, Kept::Causes, patience, strong).into()
    }
}

/// What is to be known of the writes of one key.
#[derive(Clone, Default)]
struct Writes {
    /// When the last acknowledged one had ended, if there is any.
    over: Option<u64>,
    acknowledged: BTreeSet<Value>,
    open: BTreeSet<Value>,
}

fn eventual(recorded: &Recorded<'_>, patience: &mut Patience<'_>) -> Result<(), Stop> {
    let sessions = recorded.registers()?;
    if sessions.timing() == Timing::None && !sessions.has_finals() {
        return Err(Limit::NotRecorded("when each read began and each write ended is".to_owned()).into());
    }
    let mut writes = vec![Writes::default(); sessions.keys().len()];
    for id in sessions.ids() {
        let transaction = sessions.transaction(id);
        patience.step(sessions.accesses(id).len() as u64)?;
        for access in sessions.accesses(id).iter().filter(|access| access.act == Act::Write) {
            let writes = &mut writes[access.key.index()];
            match transaction.outcome {
                Outcome::Aborted => {}
                Outcome::Unknown if patience.forgets(Weakness::Unknown) => {}
                Outcome::Unknown => {
                    writes.open.insert(access.value);
                }
                Outcome::Committed => {
                    writes.over = writes.over.max(Some(transaction.returned));
                    writes.acknowledged.insert(access.value);
                }
            }
        }
    }
    // Of a session without marks the last read of a key; with them each that is marked.
    let mut last: BTreeMap<(Key, u32), (Value, TransactionId)> = BTreeMap::new();
    for id in sessions.ids().filter(|id| sessions.transaction(*id).outcome == Outcome::Committed) {
        let transaction = sessions.transaction(id);
        let is_alone = patience.forgets(Weakness::Sessions);
        let session = if is_alone { id.number() } else { transaction.session };
        patience.step(sessions.accesses(id).len() as u64)?;
        let is_ignored = patience.forgets(Weakness::InitialValues);
        let says =
            |access: &&Access| access.act == Act::Read && !(is_ignored && access.value == Value::NOTHING);
        for access in sessions.accesses(id).iter().filter(says) {
            let over = writes[access.key.index()].over.filter(|_| !patience.forgets(Weakness::RealTime));
            if sessions.has_finals() {
                if sessions.is_final(id) {
                    last.insert((access.key, id.number()), (access.value, id));
                }
            } else if over.is_none_or(|over| over < transaction.invoked) {
                last.insert((access.key, session), (access.value, id));
            }
        }
    }
    let mut unseen = None;
    for (key, writes) in (0..).map(Key::new).zip(&writes) {
        let reads: Vec<(Value, TransactionId)> =
            last.range((key, 0)..=(key, u32::MAX)).map(|(_, read)| *read).collect();
        let limit = agree(sessions, key, writes, &reads)?;
        unseen = unseen.or(limit);
    }
    unseen.map_or(Ok(()), |limit| Err(Stop::Unknown(limit)))
}

/// Whether the final reads of one key agree; a limit if that cannot be told.
fn agree(
    sessions: &Sessions,
    key: Key,
    writes: &Writes,
    reads: &[(Value, TransactionId)],
) -> Result<Option<Limit>, Anomaly> {
    let name = key_name(sessions, key);
    let is_written = |value: &Value| {
        writes.acknowledged.contains(value) || writes.open.contains(value) || *value == Value::NOTHING
    };
    let told = |(value, id): &(Value, TransactionId)| {
        format!("{} reads {name} = {} at last", transaction_name(sessions, *id), sessions.show_value(*value))
    };
    if let Some(read) = reads.iter().find(|(value, _)| !is_written(value)) {
        return Err(Anomaly::plain(format!("{}, which nobody wrote", told(read)), [read.1]));
    }
    let is_lost = |value: Value| {
        value == Value::NOTHING
            && !writes.acknowledged.is_empty()
            && !writes.acknowledged.contains(&Value::NOTHING)
            && !writes.open.contains(&Value::NOTHING)
    };
    if let Some(read) = reads.iter().find(|(value, _)| is_lost(*value)) {
        return Err(Anomaly::plain(format!("{}, though a write was acknowledged", told(read)), [read.1]));
    }
    let mut certain = reads.iter().filter(|(value, _)| !writes.open.contains(value));
    if let Some(first) = certain.next()
        && let Some(other) = certain.find(|(value, _)| *value != first.0)
    {
        return Err(Anomaly::plain(format!("{}, but {}", told(first), told(other)), [first.1, other.1]));
    }
    let differs = reads.windows(2).any(|pair| pair[0].0 != pair[1].0);
    Ok(if differs {
        Some(Limit::NotRecorded(format!(
            "whether an unknown write of {name} took effect between its last reads is"
        )))
    } else if reads.is_empty() && writes.over.is_some() {
        Some(Limit::NotRecorded(format!("a read of {name} after its last write is")))
    } else {
        None
    })
}

/// A read with where in the table its knowledge stands.
struct Read {
    id: u32,
    seen: Seen,
    start: usize,
    end: usize,
}

fn strong(recorded: &Recorded<'_>, patience: &mut Patience<'_>) -> Result<(), Stop> {
    let sessions = recorded.registers()?;
    // Counting what only writes adds no constraint, and only ever tells two reads apart.
    let counts = |id: TransactionId| match sessions.transaction(id).outcome {
        Outcome::Committed => true,
        Outcome::Unknown => sessions.accesses(id).iter().all(|access| access.act == Act::Write),
        Outcome::Aborted => false,
    };
    let asked = Asked { again: Again::ShowsTheSame, sources: recorded.sources };
    let observed = Observed::choose(sessions, counts, asked, patience)?;
    let past = Past::of(&observed, patience)?;
    let writers = Writers::of(&observed, patience)?;
    // For each read the sessions that it knows writes of, each with the place of the last.
    let mut table: Vec<(u32, u32)> = Vec::new();
    let mut reads: Vec<Read> = Vec::new();
    let reach = |id, session| past.reach(&observed, id, session);
    writers.visit(&observed, patience, reach, |id, seen, last, patience| {
        let is_same = reads.last().is_some_and(|read| read.id == id && read.seen.key == seen.key);
        if !is_same {
            patience.afford(1, size_of::<Read>())?;
            reads.push(Read { id, seen, start: table.len(), end: table.len() });
        }
        patience.afford(1, size_of::<(u32, u32)>())?;
        table.push((last.session, last.place));
        reads.last_mut().expect("just pushed, or before").end = table.len();
        Ok(())
    })?;
    patience.step(table.len() as u64)?;
    compare(&observed, &past, &mut reads, &table, patience)?;
    observed.holds()
}

/// Whether those that know the same are shown the same. One difference that is certain is enough, whatever else is not.
fn compare(
    observed: &Observed<'_>,
    past: &Past,
    reads: &mut [Read],
    table: &[(u32, u32)],
    patience: &mut Patience<'_>,
) -> Result<(), Stop> {
    if observed.ambiguous.is_some() {
        // What was left out may be what the one knows and the other does not, whichever they are.
        return Ok(());
    }
    let sessions = observed.sessions;
    let known = |read: &Read| (read.seen.key, &table[read.start..read.end]);
    reads.sort_by(|one, other| known(one).cmp(&known(other)));
    let (mut untold, mut unsure) = (None, None);
    for alike in reads.chunk_by(|one, other| known(one) == known(other)) {
        if alike.windows(2).all(|pair| shows_the_same(sessions, &pair[0], &pair[1])) {
            continue;
        }
        let untold = match &mut untold {
            Some(untold) => untold,
            none => none.insert(Untold::of(observed, patience)?),
        };
        patience.step((alike.len() as u64).saturating_mul(untold.len()))?;
        let (open, sure): (Vec<_>, Vec<_>) = alike
            .iter()
            .map(|read| (read, untold.by(observed, past, read)))
            .partition(|(_, by)| by.is_some());
        if let Some(pair) = sure.windows(2).find(|pair| !shows_the_same(sessions, pair[0].0, pair[1].0)) {
            return Err(differ(observed, past, pair[0].0, pair[1].0).into());
        }
        unsure = unsure.or(open.first().and_then(|(_, by)| *by));
    }
    let Some(id) = unsure else { return Ok(()) };
    let name = transaction_name(sessions, TransactionId::new(id));
    Err(Limit::NotRecorded(format!("whether {name} took effect is")).into())
}

/// Whether two reads of a key show one value, be it of two writes.
fn shows_the_same(sessions: &Sessions, one: &Read, other: &Read) -> bool {
    let value = |seen: Seen| match seen.source {
        INITIAL => Value::NOTHING,
        source => {
            let accesses = sessions.accesses(TransactionId::new(source)).iter().rev();
            let mut written = accesses.filter(|access| access.act == Act::Write && access.key == seen.key);
            written.next().map_or(Value::NOTHING, |access| access.value)
        }
    };
    one.seen.source == other.seen.source || value(one.seen) == value(other.seen)
}

/// The first transactions of each session that do not count as far as is known, but of which somebody may know.
struct Untold {
    /// Those that read, by which others may be known.
    reading: BTreeMap<u32, u32>,
    /// Those that write, by key.
    writing: BTreeMap<(Key, u32), u32>,
}

impl Untold {
    /// O(accesses).
    fn of(observed: &Observed<'_>, patience: &mut Patience<'_>) -> Result<Untold, Limit> {
        /// What an entry takes, with its share of the nodes.
        const ENTRY: usize = 24;
        let sessions = observed.sessions;
        let mut untold = Untold { reading: BTreeMap::new(), writing: BTreeMap::new() };
        let is_failed = observed.forgets(Weakness::Unknown);
        let is_nothing = |access: &Access| access.value == Value::NOTHING;
        let mut all = sessions.ids().flat_map(|id| sessions.accesses(id));
        patience.step(sessions.accesses_total() as u64)?;
        let is_written = all.any(|access| access.act == Act::Write && is_nothing(access));
        let may_count = |id: &TransactionId| {
            observed.places[id.index()] == 0 && sessions.transaction(*id).outcome == Outcome::Unknown
        };
        for id in sessions.ids().filter(|id| !is_failed && may_count(id)) {
            let session = observed.owners[id.index()];
            let accesses = sessions.accesses(id);
            patience.step(accesses.len() as u64)?;
            patience.afford(accesses.len(), ENTRY)?;
            for access in accesses {
                match access.act {
                    Act::Write => drop(untold.writing.entry((access.key, session)).or_insert(id.number())),
                    // Of what nobody wrote nothing is to be known.
                    _ if is_nothing(access) && !is_written => {}
                    _ => drop(untold.reading.entry(session).or_insert(id.number())),
                }
            }
        }
        Ok(untold)
    }

    fn len(&self) -> u64 {
        (self.reading.len() + self.writing.len()) as u64
    }

    /// By which of them a read may know of more writes of its key than it seems: one before itself, or before something in
    /// its past, in that session.
    fn by(&self, observed: &Observed<'_>, past: &Past, read: &Read) -> Option<u32> {
        let key = read.seen.key;
        let writing =
            self.writing.range((key, 0)..=(key, u32::MAX)).map(|((_, session), id)| (*session, *id));
        let reading = self.reading.iter().map(|(session, id)| (*session, *id));
        let is_before = |(session, id): &(u32, u32)| {
            let last = match past.reach(observed, read.id, *session) {
                _ if observed.owners[read.id as usize] == *session => read.id,
                0 => return false,
                place => observed.at(*session, place),
            };
            *id < last
        };
        writing.chain(reading).filter(is_before).map(|(_, id)| id).min()
    }
}

/// Two reads know of the same writes, the one that each shows among them, and show two.
fn differ(observed: &Observed<'_>, past: &Past, one: &Read, other: &Read) -> Anomaly {
    let sessions = observed.sessions;
    let [first, second] = [one, other].map(|read| transaction_name(sessions, TransactionId::new(read.id)));
    let key = key_name(sessions, one.seen.key);
    let found = format!("{first} and {second} know of the same writes of {key}, but show two");
    let readers = [one, other].map(|read| TransactionId::new(read.id));
    if observed.forgets(Weakness::Reads) {
        return Anomaly::plain(found, readers);
    }
    let (mut edges, mut grounds) = (Vec::new(), Vec::new());
    for (shows, hides) in [(one, other), (other, one)] {
        let (early, late) = (hides.seen.source, shows.seen.source);
        match (early, late) {
            // The initial value is before all writes, whoever shows it.
            (INITIAL, _) => {}
            (_, INITIAL) => {
                edges = past.chain(observed, early, shows.id);
                edges.push(edge(shows.id, early, Why::ReadBefore { key: shows.seen.key }));
            }
            _ => {
                let reader = TransactionId::new(shows.id);
                edges.push(edge(early, late, Why::WrittenBefore { key: shows.seen.key, reader }));
                grounds.extend(past.chain(observed, early, shows.id));
            }
        }
    }
    Anomaly::cycle(found, edges, grounds).naming(readers)
}

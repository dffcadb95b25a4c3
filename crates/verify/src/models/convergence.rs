//! Convergence: when all is said, everybody is shown the same; and whoever knows the same is shown the same at once.

use std::collections::{BTreeMap, BTreeSet};

use constellation_trace::{Access, Act, Key, Limit, Outcome, Sessions, Timing, TransactionId, Value};

use super::finding::{Anomaly, Finding, Stop, Why, key_name, transaction_name};
use super::observed::{Again, Asked, INITIAL, Observed, Seen};
use super::past::{Past, edge};
use super::patience::Patience;
use super::weakness::Weakness;
use super::writers::Writers;
use super::{About, Judges, Model, Parts, Recorded};

/// Eventual convergence: the last reads of all sessions, after the last write of a key, show one written value of it.
///
/// A read is final if it is marked so ([`Sessions::mark_final`]). Where none is marked, it is final if it begins after every
/// acknowledged write of its key has ended, and its session reads the key no more. So nothing is final without marks or
/// recorded times, and a run must heal and wait before it reads for the last time. Which value it is does not matter, as long as it was written: that acknowledged writes are *lost* to others is no question of
/// convergence. A write whose outcome is unknown may take effect between two final reads; what differs only by such a value
/// is unknown.
#[derive(Clone, Copy, Debug)]
pub struct EventualConvergence;

/// Strong convergence: two reads of a key that know of the same writes of it show the same.
///
/// What a read knows of is its causal past, as sessions and reads tell it: clients do not record what was delivered to
/// their replica, which may have been more. [`CausalConvergence`](super::CausalConvergence) implies it; unlike that it says
/// nothing of a read that knows more than the other. A history in which something is its own cause does not satisfy it.
///
/// A write whose outcome is unknown and that nobody read may explain why two reads differ, so it counts as known to its
/// session. One that also read something is only taken for such a reason: then the answer is *unknown*.
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
        strong(recorded, patience).into()
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

/// Several reads of a key are one, and what several writes explain is left out: which of them it was matters less than that
/// the values are the same.
const ONCE: Asked<'_> = Asked { again: Again::ShowsTheSame, sources: None };

fn strong(recorded: &Recorded<'_>, patience: &mut Patience<'_>) -> Result<(), Stop> {
    let sessions = recorded.registers()?;
    // Counting what only writes adds no constraint, and only ever tells two reads apart.
    let counts = |id: TransactionId| match sessions.transaction(id).outcome {
        Outcome::Committed => true,
        Outcome::Unknown => sessions.accesses(id).iter().all(|access| access.act == Act::Write),
        Outcome::Aborted => false,
    };
    let observed = Observed::choose(sessions, counts, ONCE, patience)?;
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
    let known = |read: &Read| (read.seen.key, &table[read.start..read.end]);
    patience.step(table.len() as u64)?;
    reads.sort_by(|one, other| known(one).cmp(&known(other)));
    for pair in reads.windows(2) {
        if known(&pair[0]) == known(&pair[1]) && pair[0].seen.source != pair[1].seen.source {
            if let Some(limit) = may_differ(&observed, pair[0].seen.key) {
                return Err(limit.into());
            }
            return Err(differ(&observed, &past, &pair[0], &pair[1]).into());
        }
    }
    observed.holds()
}

/// Whether one of two reads may know of more writes of a key than it seems: by a transaction that does not count, or by a
/// read that was left out.
fn may_differ(observed: &Observed<'_>, key: Key) -> Option<Limit> {
    if observed.ambiguous.is_some() {
        return observed.ambiguous.clone();
    }
    let sessions = observed.sessions;
    let is_unknown = |id: &TransactionId| {
        observed.places[id.index()] == 0 && sessions.transaction(*id).outcome == Outcome::Unknown
    };
    let writes = |id: &TransactionId| {
        sessions.accesses(*id).iter().any(|access| access.act == Act::Write && access.key == key)
    };
    let found = sessions.ids().find(|id| is_unknown(id) && writes(id))?;
    Some(Limit::NotRecorded(format!("whether {} took effect is", transaction_name(sessions, found))))
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

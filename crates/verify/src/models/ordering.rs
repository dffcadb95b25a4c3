//! One total order of beginnings and commits: what serializability, snapshot isolation and prefix consistency ask for.
//!
//! A transaction reads at its beginning and writes at its commit; where it must be alone, both are one moment. The order
//! keeps what the form of the model says (sessions, real time), has writes before their reads, and no other write of the key
//! between the two; of two writers of a key one may have to commit before the other begins. Mostly an order offers itself
//! ([`attempt`]). Else what follows from that is followed until nothing new does ([`saturation`]): a cycle means that there
//! is no order. Where something is left open, [`decide`] looks for one. Where there is no room for a bit for each pair, what
//! follows at once ([`obvious`]) and what causal convergence forbids is all that can be said.

mod attempt;
mod dead_end;
mod decide;
mod obvious;
mod parts;
mod reach;
mod saturation;

use constellation_trace::{Key, Limit, Outcome, Timing, TransactionId};

use super::Recorded;
use super::causal_convergence::converging;
use super::finding::{Anomaly, Stop};
use super::graph::{Arrow, Because, sorted};
use super::lists::Registers;
use super::observed::{Again, INITIAL, Observed};
use super::patience::Patience;
use super::sources::{Kept, told_apart};
use super::versions::{Wrote, read_arrows, real_time, session_arrows};
use attempt::Wanted;
use decide::Found;
use parts::Parts;
use reach::Reach;
use saturation::Open;

/// Which orders beyond that of reads are kept.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Keeps {
    /// None.
    Nothing,
    /// That of each session.
    Sessions,
    /// That of each session, and what was over before another began.
    RealTime,
}

/// What a transaction sees.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Sight {
    /// All that committed before it commits: beginning and commit are one.
    Everything,
    /// All that committed before it begins; who writes a key has begun after its earlier writers committed.
    Snapshot,
    /// All that committed before it begins.
    Prefix,
    /// What is in its past, to which the earlier writers of what it writes belong. No total order is asked for.
    Past,
}

/// Whether there is such an order.
pub(super) fn judge(
    recorded: &Recorded<'_>,
    keeps: Keeps,
    sight: Sight,
    patience: &mut Patience<'_>,
) -> Result<(), Stop> {
    let kept = match keeps {
        Keeps::Nothing => Kept::Nothing,
        Keeps::Sessions => Kept::Sessions,
        Keeps::RealTime => Kept::RealTime,
    };
    told_apart(recorded, kept, patience, |recorded, patience| explain(recorded, keeps, sight, patience))
}

fn explain(
    recorded: &Recorded<'_>,
    keeps: Keeps,
    sight: Sight,
    patience: &mut Patience<'_>,
) -> Result<(), Stop> {
    let registers = Registers::of(recorded, patience)?;
    let observed = registers.observed(Again::ShowsTheSame, patience)?;
    let versions = registers.versions();
    let is_timed = observed.sessions.timing() == Timing::Recorded;
    let mut ordered = |keeps| ordered(&observed, versions, keeps, sight, patience);
    match keeps {
        Keeps::Sessions => ordered(keeps)?,
        Keeps::RealTime if is_timed => ordered(keeps)?,
        // What is wrong without times is wrong with them.
        Keeps::RealTime => {
            ordered(Keeps::Sessions)?;
            return Err(Limit::NotRecorded("when transactions began and ended is".to_owned()).into());
        }
        // Stores mostly keep sessions, and where they do an order is found sooner.
        Keeps::Nothing => match ordered(Keeps::Sessions) {
            Err(Stop::Violated(_)) => ordered(keeps)?,
            other => other?,
        },
    }
    observed.holds()
}

fn ordered(
    observed: &Observed<'_>,
    versions: &[Arrow],
    keeps: Keeps,
    sight: Sight,
    patience: &mut Patience<'_>,
) -> Result<(), Stop> {
    let wrote = Wrote::of(observed);
    let guesses = guesses(observed, patience)?;
    let wanted = Wanted { observed, wrote: &wrote, versions, guesses: &guesses, keeps, sight };
    if attempt::succeeds(wanted, patience)? {
        return Ok(());
    }
    let parts = Parts::of(observed, &wrote, keeps);
    let mut kept = vec![Vec::new(); parts.len()];
    let mut keep = |arrow: Arrow| kept[parts.part(arrow.from)].push(arrow);
    read_arrows(observed).for_each(&mut keep);
    versions.iter().copied().for_each(&mut keep);
    if keeps != Keeps::Nothing {
        session_arrows(observed).for_each(&mut keep);
    }
    let mut moments = 0;
    if keeps == Keeps::RealTime {
        let time = real_time(observed, patience)?;
        moments = time.moments;
        // All are in one part.
        kept.iter_mut().take(1).for_each(|kept| kept.extend(&time.arrows));
    }
    for (part, kept) in kept.iter().enumerate() {
        let problem = |sight, patience: &mut Patience<'_>| {
            let mut problem =
                Problem::of(observed, &wrote, &parts, part, Asked { sight, moments }, patience)?;
            problem.guesses = &guesses;
            problem.keep(&parts, kept);
            Ok::<_, Limit>(problem)
        };
        let mut asked = problem(sight, patience)?;
        if let Err(limit) = asked.open(patience) {
            // Without the table much is seen at once, too.
            asked.obvious(patience)?;
            if keeps != Keeps::Nothing {
                converging(observed, patience)?;
            }
            return Err(limit.into());
        }
        let open = asked.saturate(patience)?;
        // Snapshots are stronger, and more follows from them, so that their order is found sooner where there is one.
        let is_found = open == Open::Nothing
            || sight == Sight::Past && has_order(problem(Sight::Snapshot, patience)?, patience)?
            || decide::search(&asked, patience)? == Found::Order;
        if !is_found {
            return Err(asked.dead_end(patience).into());
        }
        asked.reach.release(patience);
    }
    Ok(())
}

/// When each transaction likely was: its end in real time if that is known, else its place in an order of sessions and reads.
fn guesses(observed: &Observed<'_>, patience: &mut Patience<'_>) -> Result<Vec<u64>, Limit> {
    let sessions = observed.sessions;
    if sessions.timing() == Timing::Recorded {
        let end = |id| match sessions.transaction(id) {
            transaction if transaction.outcome == Outcome::Committed => transaction.returned,
            transaction => transaction.invoked,
        };
        return Ok(sessions.ids().map(end).collect());
    }
    let arrows: Vec<Arrow> = session_arrows(observed).chain(read_arrows(observed)).collect();
    let Ok(order) = sorted(observed.places.len(), &arrows, patience)? else { return Ok(Vec::new()) };
    let mut guesses = vec![0; order.len()];
    (0..).zip(order).for_each(|(place, id)| guesses[id as usize] = place);
    Ok(guesses)
}

fn has_order(mut problem: Problem<'_>, patience: &mut Patience<'_>) -> Result<bool, Limit> {
    problem.open(patience)?;
    let is_found = match problem.saturate(patience) {
        Ok(Open::Nothing) => true,
        Ok(Open::Something) => decide::search(&problem, patience)? == Found::Order,
        Err(Stop::Violated(_)) => false,
        Err(Stop::Unknown(limit)) => return Err(limit),
    };
    problem.reach.release(patience);
    Ok(is_found)
}

/// The beginnings and commits of transactions that have to do with each other, and what is known of their order.
#[derive(Debug)]
struct Problem<'a> {
    observed: &'a Observed<'a>,
    wrote: &'a Wrote,
    /// When each transaction likely was, if anybody can guess.
    guesses: &'a [u64],
    sight: Sight,
    /// The transactions.
    members: Vec<u32>,
    /// For each of them where it reads and where it writes: nodes of the order.
    begins: Vec<u32>,
    commits: Vec<u32>,
    /// Whose each node is. Moments of real time, which stand last, are numbered after all transactions.
    owners: Vec<u32>,
    keys: Vec<Accessed>,
    /// What must come before what, in nodes, and in which round of saturation it was found.
    arrows: Vec<Arrow>,
    rounds: Vec<u32>,
    reach: Reach,
}

/// What is asked of the members of a part.
struct Asked {
    sight: Sight,
    /// How many moments of real time there are.
    moments: u32,
}

/// Who wrote and read a key, by place in `members`.
#[derive(Debug)]
struct Accessed {
    key: Key,
    writers: Vec<u32>,
    reads: Vec<Read>,
}

/// A read from another transaction.
#[derive(Clone, Copy, Debug)]
struct Read {
    /// Who wrote it; [`INITIAL`] if nobody.
    source: u32,
    reader: u32,
}

impl<'a> Problem<'a> {
    fn of(
        observed: &'a Observed<'a>,
        wrote: &'a Wrote,
        parts: &Parts,
        part: usize,
        Asked { sight, moments }: Asked,
        patience: &mut Patience<'_>,
    ) -> Result<Problem<'a>, Limit> {
        let members = parts.members(part).to_vec();
        let (mut begins, mut commits, mut owners) = (Vec::new(), Vec::new(), Vec::new());
        let mut node = |owner: u32| {
            owners.push(owner);
            u32::try_from(owners.len() - 1).expect("at most two a transaction, and few transactions fit")
        };
        let mut touched: Vec<(Key, u32, Option<u32>)> = Vec::new();
        for (place, &id) in (0_u32..).zip(&members) {
            let begin = node(id);
            begins.push(begin);
            let keys = wrote.keys(id);
            let is_split = matches!(sight, Sight::Snapshot | Sight::Prefix) && !keys.is_empty();
            commits.push(if is_split { node(id) } else { begin });
            touched.extend(keys.iter().map(|key| (*key, place, None)));
            let source = |source: u32| if source == INITIAL { INITIAL } else { parts.place(source) };
            touched.extend(observed.seen(id).iter().map(|seen| (seen.key, place, Some(source(seen.source)))));
        }
        patience.step(touched.len() as u64)?;
        touched.sort_unstable();
        let keys = touched.chunk_by(|one, other| one.0 == other.0).map(|group| Accessed {
            key: group[0].0,
            writers: group.iter().filter(|entry| entry.2.is_none()).map(|entry| entry.1).collect(),
            reads: group
                .iter()
                .filter_map(|(_, reader, source)| source.map(|source| Read { source, reader: *reader }))
                .collect(),
        });
        let keys = keys.collect();
        let count = u32::try_from(observed.places.len()).expect("transactions have numbers of 32 bits");
        owners.extend(count..count + moments);
        let mut problem = Problem {
            observed,
            wrote,
            guesses: &[],
            sight,
            members,
            begins,
            commits,
            owners,
            keys,
            arrows: Vec::new(),
            rounds: Vec::new(),
            reach: Reach::default(),
        };
        for place in 0..problem.members.len() {
            let (from, to) = (problem.begins[place], problem.commits[place]);
            if from != to {
                problem.force(Arrow { from, to, because: Because::Itself }, 0);
            }
        }
        Ok(problem)
    }

    /// Makes the table of what is before what.
    fn open(&mut self, patience: &mut Patience<'_>) -> Result<(), Limit> {
        self.reach = Reach::new(self.owners.len(), patience)?;
        Ok(())
    }

    /// Enters that the one must commit before the other begins.
    fn keep(&mut self, parts: &Parts, arrows: &[Arrow]) {
        let count = self.observed.places.len() as u32;
        let first = self.commits.last().map_or(0, |last| last + 1);
        for Arrow { from, to, because } in arrows {
            let from = if *from < count {
                self.commits[parts.place(*from) as usize]
            } else {
                first + (*from - count)
            };
            let to = match because {
                _ if *to >= count => first + (*to - count),
                Because::Listed(_) => self.commits[parts.place(*to) as usize],
                _ => self.begins[parts.place(*to) as usize],
            };
            self.force(Arrow { from, to, because: *because }, 0);
        }
    }

    /// Whether a node is a moment of real time.
    fn is_moment(&self, node: u32) -> bool {
        self.owners[node as usize] as usize >= self.observed.places.len()
    }

    fn force(&mut self, arrow: Arrow, round: u32) {
        self.arrows.push(arrow);
        self.rounds.push(round);
    }

    /// When a node likely was.
    fn guess(&self, node: u32) -> u64 {
        self.guesses.get(self.owners[node as usize] as usize).copied().unwrap_or(0)
    }

    /// That there is no order, and how far one can be made.
    fn dead_end(&self, patience: &mut Patience<'_>) -> Anomaly {
        let count = self.members.len();
        let found = format!("no order of these {count} transactions explains what they read");
        let found = Anomaly::plain(found, self.members.iter().map(|id| TransactionId::new(*id)));
        found.stuck(if patience.wants_evidence() { self.longest(patience) } else { None })
    }
}

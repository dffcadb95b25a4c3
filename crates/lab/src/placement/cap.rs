//! Why no store has both (Gilbert and Lynch 2002), as a run: a write at one site, a read at another, and messages between
//! the sites may be lost. Then a request is not answered, or what is answered is not linearizable.
//!
//! Nothing is assumed of the store: the runs are made, with no message lost, with each one, with each two, and so on, until
//! one breaks a promise. Where that is the first of the two, what is answered may be wrong as well, with more messages lost or
//! with two readers: it is looked for ([`Wrong`]).
//!
//! ```
//! use constellation_lab::placement::Store;
//! use constellation_lab::placement::cap::cap;
//!
//! let store: Store = "quorum:r=2,w=2".parse()?;
//! let found = cap(&store)?;
//! assert!(found.without_loss.is_none());
//! assert_eq!(found.with_losses.expect("there is one").lost.len(), 2);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod search;
mod wrong;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use constellation_trace::{EventId, Trace};

use super::client::Answer;
use super::judged::Violation;
use super::protocol::{Condition, PAIR_AT};
use super::record::{Record, time};
use super::told::{capital, listed, ms};
use super::{PlaceError, SITE_NAMES, Store};

/// What was found of a store.
#[derive(Clone, Debug)]
pub struct Cap {
    /// The store, with every setting.
    pub store: String,
    /// How it breaks a promise although no message is lost, if it does.
    pub without_loss: Option<Broken>,
    /// How it breaks a promise when messages are lost; `None` where it does without, however long the reader waits, or where
    /// none was found.
    pub with_losses: Option<Broken>,
    /// The same where links carry nothing from the write on, so that it does not help to send a message again: the fewest
    /// links that part the sites in two groups, in one direction or in both. `None` as above.
    pub with_a_cut: Option<Broken>,
    /// Whether what is answered can be wrong, which a store that does not answer may avoid.
    pub wrong: Wrong,
    /// How many runs it took.
    pub runs: u32,
}

/// Whether what is answered can be wrong.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Wrong {
    /// It is in one of the other runs that were found.
    Shown,
    /// It is in this run: the fewest lost messages, and as few readers as are enough with so many, one or two.
    Found(Box<Broken>),
    /// In no run that was made.
    NotFound {
        /// Those with one write and one or two readers are all made that lose up to so many of the messages that a chain of
        /// messages joins to the operations; `None`: however many.
        lost_max: Option<usize>,
    },
}

/// A run that breaks one of the two promises.
#[derive(Clone, Debug)]
pub struct Broken {
    /// At which site is written, and at which read, and how long after the acknowledgement.
    pub condition: Condition,
    /// The messages that are lost, in the order of sending.
    pub lost: Vec<Message>,
    /// The links that carry nothing from the write on, each from a site to another; empty where single messages are lost.
    pub links: Vec<(usize, usize)>,
    /// What is known of smaller ones.
    pub smallest: Smallest,
    /// Which promise is broken.
    pub promise: Promise,
    /// What was asked and answered.
    pub record: Record,
    /// What happened in the world, up to the end of the last operation.
    pub trace: Trace,
}

/// A message between two sites.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Message {
    /// From which site, from 0.
    pub source: usize,
    /// To which.
    pub target: usize,
    /// The how-manieth of the two since the beginning, from 0.
    pub nth: u64,
}

/// What is known of fewer lost messages.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Smallest {
    /// With fewer no run breaks a promise: all were made.
    OfAll,
    /// Leave out one, and this run breaks none; with fewer others, one may.
    OfItsKind,
}

/// One of the two promises, and what broke it.
#[derive(Clone, Debug)]
pub enum Promise {
    /// Every request to a running site is answered, within the time that a client waits.
    Available {
        /// The request that was not, by its place in the record.
        operation: usize,
    },
    /// What is answered is linearizable.
    Consistent(Box<Violation>),
}

/// How long after the acknowledgement it is read, where messages are lost: a store has had time to tell every site.
pub const SETTLED: Duration = Duration::from_millis(300);

/// Looks for the runs in which a store breaks a promise. Costs up to [`RUNS_MAX`] runs of one or two operations, and as many
/// as it takes to make one smaller.
///
/// # Errors
/// [`PlaceError`].
pub fn cap(store: &Store) -> Result<Cap, PlaceError> {
    cap_within(store, RUNS_MAX, WRONG_MAX)
}

/// As [`cap`], and after `runs_max` runs any will do, made as small as can be by leaving out what is not needed; after
/// `wrong_max` more a wrong answer is no longer looked for.
///
/// # Errors
/// [`PlaceError`].
pub fn cap_within(store: &Store, runs_max: u32, wrong_max: u32) -> Result<Cap, PlaceError> {
    search::search(store, runs_max, wrong_max)
}

/// After how many runs smallest ones are no longer looked for, but any.
pub const RUNS_MAX: u32 = 1_500;
/// After how many more a wrong answer is no longer looked for: enough for any two messages of a quorum.
pub const WRONG_MAX: u32 = 2_000;

impl Cap {
    /// What was found, in one sentence.
    pub fn told(&self) -> String {
        match (&self.with_losses, &self.without_loss) {
            (Some(broken), _) => broken.told(),
            (None, Some(broken)) => format!("no partition is needed: {}", broken.told()),
            (None, None) => {
                "no run was found that breaks a promise, though there is one of every store".to_owned()
            }
        }
    }
}

impl Wrong {
    /// What was found, and why it is wrong, in sentences; none where another run shows it.
    pub fn told(&self) -> Option<String> {
        let far = match self {
            Wrong::Shown => return None,
            Wrong::Found(broken) => return Some(format!("{}.{}", capital(&broken.told()), broken.why())),
            Wrong::NotFound { lost_max: None } => "however many messages".to_owned(),
            Wrong::NotFound { lost_max: Some(1) } => "whichever message".to_owned(),
            Wrong::NotFound { lost_max: Some(most) } => format!("whichever {most} messages or fewer"),
        };
        Some(format!(
            "No wrong answer was found, with one write and one reader or two, {far} that have to do with them are lost."
        ))
    }
}

impl Broken {
    /// Why that is wrong, where it is not plain.
    fn why(&self) -> &'static str {
        match (&self.promise, self.condition, &self.record.asked[..]) {
            (Promise::Consistent(_), Condition::Readers { .. }, [write, ..]) if write.done().is_none() => {
                " Whether a write is done that has no answer nobody knows; but once a reader was shown it, it is, and whoever reads later must be shown it, too."
            }
            (Promise::Consistent(_), Condition::Readers { .. }, _) => {
                " What a reader was shown, whoever reads later must be shown, too."
            }
            _ => "",
        }
    }

    /// What is lost, and what comes of it, in one sentence without a full stop.
    pub fn told(&self) -> String {
        let what = self.consequence();
        if !self.links.is_empty() {
            return format!("if no message {}, {what}", self.parting());
        }
        match self.lost.len() {
            0 => format!("with no message lost, {what}"),
            _ if self.is_one_each() => format!("if {} is lost, {what}", self.losses()),
            _ => format!("if {} are lost, {what}", self.losses()),
        }
    }

    /// Whether all that is lost comes from one site, and is one message to each site.
    fn is_one_each(&self) -> bool {
        let links: BTreeSet<(usize, usize)> =
            self.lost.iter().map(|lost| (lost.source, lost.target)).collect();
        let sources: BTreeSet<usize> = links.iter().map(|(source, _)| *source).collect();
        sources.len() == 1 && links.len() == self.lost.len()
    }

    /// `2 messages from pacific to atlantic, and 1 message from indian to each of pacific and atlantic`.
    pub fn losses(&self) -> String {
        let mut links: BTreeMap<(usize, usize), usize> = BTreeMap::new();
        for lost in &self.lost {
            *links.entry((lost.source, lost.target)).or_default() += 1;
        }
        let mut alike: BTreeMap<(usize, usize), BTreeSet<usize>> = BTreeMap::new();
        for ((source, target), count) in links {
            alike.entry((source, count)).or_default().insert(target);
        }
        let told = alike.into_iter().map(|((source, count), targets)| {
            let noun = if count == 1 { "message" } else { "messages" };
            let each = if targets.len() == 1 { "" } else { "each of " };
            format!("{count} {noun} from {} to {each}{}", SITE_NAMES[source], names(&targets, "and"))
        });
        told.collect::<Vec<_>>().join(", and ")
    }

    /// `from atlantic arrives at pacific or indian`, `passes between atlantic and indian`.
    fn parting(&self) -> String {
        let sources: BTreeSet<usize> = self.links.iter().map(|(source, _)| *source).collect();
        let targets: BTreeSet<usize> = self.links.iter().map(|(_, target)| *target).collect();
        if sources.is_disjoint(&targets) {
            return format!("from {} arrives at {}", names(&sources, "or"), names(&targets, "or"));
        }
        // In both directions: whoever the first site cannot reach is on the other side.
        let (first, _) = self.links[0];
        let there: BTreeSet<usize> =
            self.links.iter().filter(|(source, _)| *source == first).map(|(_, target)| *target).collect();
        let here: BTreeSet<usize> = sources.difference(&there).copied().collect();
        format!("passes between {} and {}", names(&here, "or"), names(&there, "or"))
    }

    /// The events of the clients, and those that a chain of messages joins to them: what others do meanwhile, such as
    /// telling each other that they run, is none of these. O(events + messages).
    pub fn events(&self) -> BTreeSet<EventId> {
        joined(&self.trace, self.record.round.sites)
    }

    fn consequence(&self) -> String {
        match &self.promise {
            Promise::Available { operation } => {
                let asked = &self.record.asked[*operation];
                let what = asked.ask.kind();
                let site = SITE_NAMES[asked.site];
                match &asked.ended {
                    Some((_, Answer::Refused(reason))) => {
                        format!("the {what} at {site} is refused ({reason}), though {site} runs")
                    }
                    _ => format!("the {what} at {site} is not answered, though {site} runs"),
                }
            }
            Promise::Consistent(_) => match self.condition {
                Condition::Pair { writer, reader, rest } => {
                    let when =
                        if rest.is_zero() { "right after".to_owned() } else { format!("{} after", ms(rest)) };
                    format!(
                        "a read at {} does not show, {when} its acknowledgement, the write at {}",
                        SITE_NAMES[reader], SITE_NAMES[writer]
                    )
                }
                Condition::Readers { writer, readers, .. } => {
                    let [writer, first, second] =
                        [writer, readers[0], readers[1]].map(|site| SITE_NAMES[site]);
                    format!(
                        "a read at {first} shows the write at {writer}, and a later read at {second} does not"
                    )
                }
                _ => String::new(),
            },
        }
    }
}

/// As [`Broken::events`].
fn joined(trace: &Trace, sites: usize) -> BTreeSet<EventId> {
    let begins = time(PAIR_AT);
    let received = |event: EventId| match trace.event(event).kind {
        constellation_trace::Kind::Receive(message) => Some(message),
        _ => None,
    };
    let is_client = |event: EventId| trace.node_of(event).index() == sites;
    let clients = trace.event_ids().filter(|event| is_client(*event) && trace.event(*event).at >= begins);
    let clients: BTreeSet<EventId> = clients.collect();
    // What they caused: a message is received after it is sent, so one pass does.
    let mut caused = clients.clone();
    for event in trace.event_ids() {
        let by = received(event).map(|message| trace.message(message).send);
        if by.is_some_and(|by| caused.contains(&by)) {
            caused.insert(event);
        }
    }
    // What made their answers, backwards.
    let mut made = clients;
    let backwards: Vec<EventId> = trace.event_ids().collect();
    for event in backwards.into_iter().rev() {
        if made.contains(&event) {
            made.extend(received(event).map(|message| trace.message(message).send));
        }
    }
    caused.union(&made).copied().filter(|event| trace.event(*event).at >= begins).collect()
}

fn names(sites: &BTreeSet<usize>, word: &str) -> String {
    listed(&sites.iter().map(|site| SITE_NAMES[*site]).collect::<Vec<_>>(), word)
}

//! The six worlds: each is the calm run but for one thing that goes wrong, which the client cannot see.

use std::sync::Arc;
use std::time::Duration;

use constellation_fabric::{Choices, Link, Network, Odds, Options, Question, Topic};
use constellation_sim::clients::{Client, Identity, Pace, Party, Retry, Workload};
use constellation_sim::{Act, Disk, Faults, Machine, Plan, Seeded, Setup, Span};
use constellation_trace::trace::Origin;
use constellation_trace::{Call, NodeId, Trace, TrueTime};

use super::judge::{AT_MOST_ONCE, at_most_once};
use super::thruster::Thruster;
use super::{BURNS, CLIENT, FIRE, Mss23, ORDER, Retries, SATELLITE, TIMEOUT};
use crate::case::Case;
use crate::simulate::RunError;
use crate::subject::Subject;

/// What the nodes are called, in the order of their ids.
const NAMES: [&str; 2] = ["pacific", "mss-23"];

/// One thing that goes wrong.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum World {
    /// The order is lost on its way.
    LostRequest,
    /// The reply to it is.
    LostReply,
    /// The satellite crashes over the order, before it does anything.
    CrashBefore,
    /// It crashes when the work is done, before the reply leaves.
    CrashAfter,
    /// It stands still for longer than the client waits.
    SlowNode,
    /// The link is cut for longer than that, and holds what is sent.
    Partition,
}

impl World {
    /// All of them, in the order in which they are told.
    pub const ALL: [World; 6] = [
        World::LostRequest,
        World::LostReply,
        World::CrashBefore,
        World::CrashAfter,
        World::SlowNode,
        World::Partition,
    ];

    /// What it is called on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            World::LostRequest => "lost-request",
            World::LostReply => "lost-reply",
            World::CrashBefore => "crash-before",
            World::CrashAfter => "crash-after",
            World::SlowNode => "slow-node",
            World::Partition => "partition",
        }
    }

    /// The one of this name.
    pub fn named(name: &str) -> Option<World> {
        World::ALL.into_iter().find(|world| world.name() == name)
    }

    /// What really happened, in a few words.
    pub const fn what(self) -> &'static str {
        match self {
            World::LostRequest => "the order is lost on its way",
            World::LostReply => "mss-23 fires, and its reply is lost",
            World::CrashBefore => "mss-23 crashes over the order, and does nothing",
            World::CrashAfter => "mss-23 fires, and crashes before it replies",
            World::SlowNode => "mss-23 stands still for 60 s; the order waits there",
            World::Partition => "the link is cut for 60 s; the order waits on it",
        }
    }

    /// What is done to the calm run, as steps.
    pub fn steps(self) -> Vec<String> {
        let steps: &[&str] = match self {
            World::LostRequest => &["the order, the second message from pacific to mss-23, is lost"],
            World::LostReply => {
                &["the reply to the order, the second message from mss-23 to pacific, is lost"]
            }
            World::CrashBefore => {
                &["from 5 s on, mss-23 crashes before it works on its next input", "at 30 s, mss-23 restarts"]
            }
            World::CrashAfter => {
                &["from 5 s on, mss-23 crashes after the work on its next input", "at 30 s, mss-23 restarts"]
            }
            World::SlowNode => &["at 5 s, mss-23 stands still for 60 s"],
            World::Partition => &["at 5 s, the link between pacific and mss-23 is cut", "at 65 s, it heals"],
        };
        steps.iter().map(|step| (*step).to_owned()).collect()
    }

    /// Which message is lost.
    fn lost(self) -> Option<Question> {
        let loss = |source, target| Question { topic: Topic::Loss, source, target, nth: 1 };
        match self {
            // On either link the first message is of the look at the telemetry, before the order.
            World::LostRequest => Some(loss(CLIENT, SATELLITE)),
            World::LostReply => Some(loss(SATELLITE, CLIENT)),
            _ => None,
        }
    }

    fn plan(self) -> Plan<()> {
        let restart = Act::Restart { node: SATELLITE, disk: Disk::Kept };
        let at = |second: u64| TrueTime::from_ns(second * 1_000_000_000);
        let plan = Plan::new();
        match self {
            World::LostRequest | World::LostReply => plan,
            World::CrashBefore => plan.at(at(5), Act::CrashBefore { node: SATELLITE }).at(at(30), restart),
            World::CrashAfter => plan.at(at(5), Act::CrashAfter { node: SATELLITE }).at(at(30), restart),
            World::SlowNode => plan.at(at(5), Act::Pause { node: SATELLITE, lasts: Duration::from_secs(60) }),
            World::Partition => plan
                .at(at(5), Act::Partition { group_a: vec![CLIENT], group_b: vec![SATELLITE] })
                .at(at(65), Act::Heal),
        }
    }
}

/// Runs a world, or the calm run if it is none.
///
/// # Errors
/// [`RunError`] when the run has no end, which none of this version does.
pub(super) fn run(study: Mss23, world: Option<World>, seed: u64) -> Result<Trace, RunError> {
    let name = world.map_or("calm", World::name);
    let origin = || Origin { scenario: format!("mss-23/{name}"), seed, resolver: None };
    let luck = Deviant { luck: Seeded::new(seed), lost: world.and_then(World::lost) };
    let setup = setup(world.map_or(Plan::new(), World::plan));
    let world = constellation_sim::World::new(setup, luck, party(study)).map_err(RunError::World)?;
    let failed = |error| RunError::of(origin(), NAMES.into_iter(), error);
    let mut trace = world.run().map_err(failed)?.trace;
    trace.set_origin(origin());
    Ok(trace)
}

/// Makes the nodes.
fn party(study: Mss23) -> impl Fn(NodeId) -> Party<Thruster> {
    let workload = Arc::new(workload(study.retries));
    move |node| match node {
        CLIENT => Party::Client(Client::new(node, Arc::clone(&workload))),
        _ => Party::Server(Thruster::new(study.keys)),
    }
}

/// The luck of a seed, which decides how long each message takes, but for what is lost.
struct Deviant {
    luck: Seeded,
    lost: Option<Question>,
}

impl Choices for Deviant {
    fn choose(&mut self, question: Question, options: Options) -> u32 {
        match question.topic {
            Topic::Loss => u32::from(self.lost == Some(question)),
            _ => self.luck.choose(question, options),
        }
    }
}

/// Pacific looks at the telemetry, orders a burn, and looks again.
fn workload(retries: Retries) -> Workload {
    let look = || Call::Read { key: BURNS.to_owned() };
    let order = Call::Other { name: FIRE.to_owned(), argument: ORDER.to_owned() };
    let mut retry = Retry::times(u32::from(retries != Retries::None), TIMEOUT);
    if retries == Retries::Blind {
        retry.identity = Identity::Renewed;
    }
    let pace = Pace::Closed { think: Duration::from_secs(9) };
    let mut workload = Workload::new([SATELLITE], pace, retry, vec![look(), order, look()]);
    workload.begin = Duration::from_secs(1);
    workload
}

/// The study as something that can be hunted: luck alone decides what goes wrong, and nothing is planned.
pub(super) fn subject(study: Mss23) -> Box<dyn Subject> {
    let ppm = |ppm| Odds::ppm(ppm).expect("below a million");
    let link = Link { loss: ppm(100_000), duplicate: ppm(20_000), ..link() };
    let faults = Faults {
        crash_before: ppm(50_000),
        crash_after: ppm(50_000),
        down: Span { min: Duration::from_secs(1), max: Duration::from_secs(30) },
        pause: ppm(50_000),
        pause_time: Span { min: Duration::from_secs(1), max: Duration::from_secs(60) },
        ..Faults::NONE
    };
    let [client, satellite] = NAMES.map(Machine::new);
    let setup = Setup {
        machines: vec![client, Machine { faults, ..satellite }],
        network: Network::new(link),
        grace: Duration::from_secs(60),
        ..setup(Plan::new())
    };
    let retries = study.retries;
    let check = move |trace: &Trace| at_most_once(retries, trace);
    Box::new(Case::new(study.name(), setup, party(study)).always(AT_MOST_ONCE, check))
}

fn setup(plan: Plan<()>) -> Setup<()> {
    // As little loss as there is, so that it is asked what is lost.
    let link = Link { loss: Odds::ppm(1).expect("below a million"), ..link() };
    let end = TrueTime::from_ns(120_000_000_000);
    Setup { network: Network::new(link), plan, ..Setup::new(NAMES, end) }
}

const fn link() -> Link {
    Link {
        // Luck chooses among a thousand latencies: these are whole microseconds, which are read more easily.
        latency_min: Duration::from_micros(10_000),
        latency_max: Duration::from_micros(39_970),
        ..Link::INSTANT
    }
}

//! A node that does as it is told, and how its runs are told: what the tests of single faults look at.

use std::time::Duration;

use constellation_fabric::{Choices, Effects, Input, Link, Network, Node, Now, Timer};
use constellation_sim::{Act, Outcome, Plan, Seeded, Setup, World, WorldError};
use constellation_trace::{ClaimKind, ClaimRef, Loss, Nemesis, NodeId, Trace, TrueTime};
use expect_test::Expect;

/// Does what it is asked; remembers one number, on disk if told so.
#[derive(Debug, Default)]
pub(crate) struct Probe {
    pub(crate) number: u8,
}

/// What a [`Probe`] is asked.
#[derive(Clone, Debug)]
pub(crate) enum Ask {
    /// To send these numbers to this node, one message each.
    Send(NodeId, Vec<u8>),
    /// To set this timer.
    Wake(Timer, Duration),
    /// To add to its number, in memory alone.
    Add(u8),
    /// To add to its number and write it down.
    Keep(u8),
    /// To add to its number, and to write it down so many times over without a sync.
    Store(u8, usize),
    /// To sync its disk, and then to say its number to the other.
    Sync(NodeId),
}

impl Probe {
    /// No state that it wrote begins so, for all that it knows.
    pub(crate) const UNBELIEVED: u8 = 4;
}

impl Node for Probe {
    type Message = u8;
    type Request = Ask;

    fn on(&mut self, now: Now, input: Input<u8, Ask>, effects: &mut Effects<u8>) {
        match input {
            Input::Restart { state, incarnation } => {
                let read = state.as_ref().and_then(|state| state.first().copied());
                let found = match &state {
                    Some(state) if state.len() > 1 => format!("{state:?}"),
                    _ => show(read),
                };
                if read == Some(Probe::UNBELIEVED) {
                    effects.refuse();
                }
                effects.event(format!("finds {found} on disk, has {} in life {incarnation}", self.number));
                self.number = read.unwrap_or(self.number);
            }
            Input::Message { message, .. } => effects.label(format!("hears {message}")),
            Input::Timer(timer) => {
                effects.event(format!("timer {} at {:?}", timer.0, now.elapsed.since(Now::ZERO.elapsed)))
            }
            Input::Request(Ask::Send(to, numbers)) => {
                numbers.into_iter().for_each(|number| {
                    effects.event(format!("says {number}"));
                    effects.send(to, number);
                });
            }
            Input::Request(Ask::Wake(timer, after)) => effects.set_timer(timer, after),
            Input::Request(Ask::Add(more)) => {
                self.number += more;
                effects.event(format!("has {}", self.number));
            }
            Input::Request(Ask::Keep(more)) => {
                self.number += more;
                effects.persist(vec![self.number]);
            }
            Input::Request(Ask::Store(more, times)) => {
                self.number += more;
                effects.store(vec![self.number; times]);
            }
            Input::Request(Ask::Sync(to)) => {
                effects.sync();
                effects.send(to, self.number);
            }
            Input::DiskFull => effects.event(format!("its disk is full, has {}", self.number)),
            Input::Leave => {
                effects.event("says goodbye");
                effects.send(NodeId::new(1), 99);
            }
            _ => {}
        }
    }

    /// A number is as long as it says.
    fn wire_bytes(message: &u8) -> u32 {
        u32::from(*message)
    }

    /// Another number, unless the eighth bit flips, which none has that can be read.
    fn corrupted(message: &u8, how: u32) -> Option<u8> {
        let bit = how % 8;
        (bit < 7).then_some(message ^ (1 << bit))
    }
}

fn show(read: Option<u8>) -> String {
    read.map_or("nothing".to_owned(), |number| number.to_string())
}

pub(crate) const PACIFIC: NodeId = NodeId::new(0);
pub(crate) const ATLANTIC: NodeId = NodeId::new(1);

pub(crate) const fn ms(n: u64) -> TrueTime {
    TrueTime::from_ns(n * 1_000_000)
}

/// A link that takes from 1 to `most` milliseconds.
pub(crate) fn link(most: u64) -> Link {
    let (latency_min, latency_max) = (Duration::from_millis(1), Duration::from_millis(most));
    Link { latency_min, latency_max, ..Link::INSTANT }
}

pub(crate) fn ask(node: NodeId, request: Ask) -> Act<Ask> {
    Act::Request { node, request }
}

/// Pacific and Atlantic for one second over a link of 1 ms, where Pacific says 1, 2, 3 after 10 ms.
pub(crate) fn three_words() -> Setup<Ask> {
    quiet(Plan::new().at(ms(10), ask(PACIFIC, Ask::Send(ATLANTIC, vec![1, 2, 3]))))
}

/// Pacific and Atlantic for one second over a link of 1 ms.
pub(crate) fn quiet(plan: Plan<Ask>) -> Setup<Ask> {
    Setup { network: Network::new(link(1)), plan, ..Setup::new(["pacific", "atlantic"], ms(1_000)) }
}

pub(crate) fn run(setup: Setup<Ask>, choices: impl Choices) -> Result<Outcome<Probe>, WorldError> {
    World::new(setup, choices, |_| Probe::default())?.run()
}

/// Runs under a seed and compares what is told of it.
pub(crate) fn check(setup: Setup<Ask>, seed: u64, expected: Expect) {
    check_by(setup, Seeded::new(seed), expected);
}

/// Runs and compares what is told of it.
pub(crate) fn check_by(setup: Setup<Ask>, choices: impl Choices, expected: Expect) {
    let outcome = run(setup, choices).expect("the setup is sound and the probe does nothing impossible");
    expected.assert_eq(&tell(&outcome.trace));
}

/// A run in one line for each event and each doing of the world, in the order of recording.
pub(crate) fn tell(trace: &Trace) -> String {
    let mut lines = Vec::new();
    let mut nemesis = trace.nemesis().iter().peekable();
    for event in trace.event_ids() {
        while let Some(entry) = nemesis.next_if(|entry| entry.after_events <= event.number()) {
            lines.push(format!("{} * {}", millis(entry.at), tell_nemesis(trace, &entry.nemesis)));
        }
        let recorded = trace.event(event);
        let wall = match trace.claim(event, ClaimKind::Wall) {
            Some(ClaimRef::Wall(wall)) => format!(" [{wall}]"),
            _ => String::new(),
        };
        let process = trace.process_name(recorded.process);
        lines.push(format!("{} {process} {}{wall}", millis(recorded.at), trace.describe(event)));
    }
    let rest = nemesis.map(|entry| format!("{} * {}", millis(entry.at), tell_nemesis(trace, &entry.nemesis)));
    lines.extend(rest);
    lines.into_iter().map(|line| line + "\n").collect()
}

fn millis(at: TrueTime) -> String {
    format!("{}.{:03}ms", at.ns() / 1_000_000, at.ns() / 1_000 % 1_000)
}

fn tell_nemesis(trace: &Trace, nemesis: &Nemesis) -> String {
    let names =
        |nodes: &[NodeId]| nodes.iter().map(|node| trace.node_name(*node)).collect::<Vec<_>>().join(" ");
    match nemesis {
        Nemesis::Partition { group_a, group_b } => format!("{} | {}", names(group_a), names(group_b)),
        Nemesis::Cut { sources, targets } => format!("{} -/-> {}", names(sources), names(targets)),
        Nemesis::Heal => "heal".to_owned(),
        Nemesis::Hold(message) => format!("hold {message}"),
        Nemesis::Lose(message, Loss::Plain) => format!("lose {message}"),
        Nemesis::Lose(message, why) => format!("lose {message}: {}", why.name()),
        Nemesis::Corrupt { message, .. } => format!("corrupt {message}"),
        Nemesis::Wait { message, until, why } => {
            format!("{message} waits for the {} until {}", why.name(), millis(*until))
        }
        Nemesis::Duplicate(message) => format!("duplicate {message}"),
        Nemesis::InFlight(message) => format!("{message} is under way"),
        Nemesis::Step { node, by_ns } => format!("step {} by {by_ns} ns", trace.node_name(*node)),
        Nemesis::Pause { node, for_ns } => format!("pause {} for {for_ns} ns", trace.node_name(*node)),
        Nemesis::Suspend { node, for_ns } => format!("suspend {} for {for_ns} ns", trace.node_name(*node)),
        Nemesis::Slow { node, for_ns } => format!("{} works for {for_ns} ns", trace.node_name(*node)),
        Nemesis::Join { node } => format!("{} joins", trace.node_name(*node)),
        Nemesis::Leave { node } => format!("{} leaves", trace.node_name(*node)),
        Nemesis::Slew { node, by_ns, for_ns } => {
            format!("slew {} by {by_ns} ns in {for_ns} ns", trace.node_name(*node))
        }
        Nemesis::Leap { node, for_ns } => format!("leap {} in {for_ns} ns", trace.node_name(*node)),
        Nemesis::Freeze { node, for_ns } => format!("freeze {} for {for_ns} ns", trace.node_name(*node)),
        Nemesis::Set { node, wall } => format!("set {} to {wall}", trace.node_name(*node)),
        Nemesis::DiskFull { node } => format!("the disk of {} is full", trace.node_name(*node)),
        Nemesis::Tear { node, lost: 0, left } => {
            format!("{} eighths left at {}", left.number(), trace.node_name(*node))
        }
        Nemesis::Tear { node, lost, left } => {
            format!("{lost} writes lost, {} eighths left at {}", left.number(), trace.node_name(*node))
        }
        Nemesis::Rot { node, bit } => format!("bit {bit} of {} rots", trace.node_name(*node)),
        nemesis => panic!("not known here: {nemesis:?}"),
    }
}

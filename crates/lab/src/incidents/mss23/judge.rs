//! What is promised of the six worlds, judged by their traces alone.

use std::time::Duration;

use constellation_trace::{
    Call, Completion, Elapsed, EventId, History, Judgement, Kind, Nemesis, NemesisEntry, Operation, Trace,
    TrueTime, Verdict,
};
use constellation_verify::{Breach, Budget, Order};

use super::thruster::FIRES;
use super::{CLIENT, FIRE, Retries, SATELLITE, TIMEOUT, World};
use crate::lane::Lane;

/// What even a client that gives up is promised.
pub(super) const AT_MOST_ONCE: &str = "the thruster fires at most once for the order";

/// What came of one world.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Account {
    /// Which.
    pub world: World,
    /// How often the thruster fired.
    pub fired: u32,
    /// What the client learnt of its order; `None` if it still waits.
    pub learnt: Option<Completion>,
    /// How long after it began to ask.
    pub waited: Option<Duration>,
    /// How often the thruster has fired, as the telemetry says in the end; `None` if it does not.
    pub shown: Option<String>,
}

impl Account {
    /// What came of this world. O(events × log events).
    pub fn of(world: World, trace: &Trace) -> Account {
        let history = History::of(trace);
        let order = ordered(&history);
        let ended = order.and_then(|order| order.completed.as_ref());
        let look = history.operations().last().and_then(|look| look.completed.as_ref());
        Account {
            world,
            fired: u32::try_from(fires(trace).count()).unwrap_or(u32::MAX),
            learnt: ended.map(|(_, completion)| completion.clone()),
            waited: order.zip(ended).map(|(order, (moment, _))| moment.at.since(order.invoked.at)),
            shown: look.and_then(|(_, completion)| match completion {
                Completion::Shows(values) => values.first().cloned(),
                _ => None,
            }),
        }
    }
}

/// The verdicts on these runs of the study, each of its world. O(runs × events × log events).
pub fn judge(retries: Retries, runs: &[(World, Trace)]) -> Vec<Judgement> {
    let mut judgements = Vec::new();
    if runs.len() > 1 {
        let lines = runs.first().map_or(0, |(_, trace)| lane(trace).lines().len());
        judgements.push(Judgement {
            promise: "until the time-out the worlds look alike to the client".to_owned(),
            verdict: first_broken(runs.iter().skip(1).map(|run| (run, alike(&runs[0], run)))),
            scope: format!("{} worlds, {lines} lines each, byte by byte", runs.len()),
        });
    }
    judgements.push(Judgement {
        promise: "each world goes wrong in the way that it is named for, and in no other".to_owned(),
        verdict: first_broken(runs.iter().map(|run| (run, goes_wrong(run)))),
        scope: if runs.len() == 1 { "1 world".to_owned() } else { format!("{} worlds", runs.len()) },
    });
    for run in runs {
        let promise = match retries {
            Retries::None => AT_MOST_ONCE,
            Retries::Blind | Retries::Keyed => {
                "the thruster fires once for the order, neither twice nor never"
            }
        };
        judgements.push(Judgement {
            promise: promise.to_owned(),
            verdict: first_broken([(run, once(retries, &run.1))]),
            scope: run.0.name().to_owned(),
        });
    }
    judgements
}

/// The first breach, told with what was done to its world.
fn first_broken<'r>(found: impl IntoIterator<Item = (&'r (World, Trace), Result<(), Breach>)>) -> Verdict {
    for ((world, trace), found) in found {
        let Err(breach) = found else { continue };
        let mut verdict = match Order::of(trace, &Budget::default()) {
            Ok(order) => breach.violated(&order),
            Err(limit) => Verdict::Unknown(limit),
        };
        if let Verdict::Violated(evidence) = &mut verdict {
            evidence.steps = world.steps();
        }
        return verdict;
    }
    Verdict::Holds
}

/// What the client saw until its time for the order was up, that moment included; all of it if it ordered nothing.
pub(super) fn lane(trace: &Trace) -> Lane {
    let lane = Lane::of(trace, CLIENT);
    let history = History::of(trace);
    let Some(order) = ordered(&history) else { return lane };
    let asked = lane.lines().iter().find(|line| line.event == order.invoked.event);
    let limit = asked.map_or(Elapsed::default(), |line| line.elapsed.saturating_add(TIMEOUT));
    lane.until(limit)
}

fn alike(
    (first, first_trace): &(World, Trace),
    (second, second_trace): &(World, Trace),
) -> Result<(), Breach> {
    let (one, other) = (lane(first_trace), lane(second_trace));
    let Some(place) = one.first_difference(&other) else { return Ok(()) };
    let line = |lane: &Lane| match lane.lines().get(place) {
        Some(line) => format!("`{line}`"),
        None => "nothing".to_owned(),
    };
    let (before, shown) = (place.checked_sub(1), [place]);
    let events = before.into_iter().chain(shown).filter_map(|place| Some(other.lines().get(place)?.event));
    Err(Breach::new(
        format!(
            "pacific sees in `{}` until its time is up what it sees in `{}`",
            second.name(),
            first.name()
        ),
        format!(
            "line {} of what it sees is {} in `{}`, and {} in `{}`",
            place + 1,
            line(&one),
            first.name(),
            line(&other),
            second.name()
        ),
    )
    .shown_by(events.collect::<Vec<_>>())
    .by_rule("what a client may conclude from a time-out is what is so in every world that looks like this"))
}

fn goes_wrong((world, trace): &(World, Trace)) -> Result<(), Breach> {
    let happened = World::ALL.into_iter().filter(|other| happens(*other, trace));
    let happened: Vec<World> = happened.collect();
    if happened == [*world] {
        return Ok(());
    }
    let found = match happened[..] {
        [] => "nothing went wrong there".to_owned(),
        _ => happened.iter().map(|other| other.what()).collect::<Vec<_>>().join("; and "),
    };
    let history = History::of(trace);
    let asked = ordered(&history).map(|order| order.invoked.event);
    Err(Breach::new(format!("`{}` is a world in which {}", world.name(), world.what()), found)
        .shown_by(asked)
        .by_rule("each world is the calm run but for one thing"))
}

/// Whether this went wrong before the client's time was up.
fn happens(world: World, trace: &Trace) -> bool {
    let history = History::of(trace);
    let Some(Operation { invoked, .. }) = ordered(&history) else {
        return false;
    };
    let limit = invoked.at.saturating_add(TIMEOUT);
    let order = trace.event(invoked.event).sends.iter().next();
    let mut entries = trace.nemesis().iter().filter(|entry| entry.at <= limit);
    let fired = fires(trace).next();
    let crash = trace.event_ids().find(|event| {
        let crashed = trace.event(*event);
        crashed.kind == Kind::Crash && trace.node_of(*event) == SATELLITE && crashed.at <= limit
    });
    let is_lost = |entry: &NemesisEntry| matches!(entry.nemesis, Nemesis::Lose(id, _) if Some(id) == order);
    match world {
        // What a crash makes of a message is a loss, too.
        World::LostRequest => crash.is_none() && entries.any(is_lost),
        World::LostReply => entries.any(|entry| {
            let Nemesis::Lose(id, _) = entry.nemesis else { return false };
            let sent = trace.message(id).send;
            trace.node_of(sent) == SATELLITE && fired.is_some_and(|fired| fired <= sent)
        }),
        World::CrashBefore => crash.is_some_and(|crash| fired.is_none_or(|fired| crash < fired)),
        World::CrashAfter => crash.is_some_and(|crash| fired.is_some_and(|fired| fired < crash)),
        World::SlowNode => entries.any(|entry| match entry.nemesis {
            Nemesis::Pause { node: SATELLITE, for_ns } => lasts(entry.at, for_ns) > limit,
            _ => false,
        }),
        World::Partition => {
            entries.any(|entry| matches!(entry.nemesis, Nemesis::Hold(id) if Some(id) == order))
        }
    }
}

fn lasts(from: TrueTime, for_ns: u64) -> TrueTime {
    from.saturating_add(Duration::from_nanos(for_ns))
}

/// What a run by luck is held to as well: where both tries may be lost, nobody promises that the thruster fires.
pub(super) fn at_most_once(retries: Retries, trace: &Trace) -> Result<(), Breach> {
    if fires(trace).next().is_none() { Ok(()) } else { once(retries, trace) }
}

fn once(retries: Retries, trace: &Trace) -> Result<(), Breach> {
    let history = History::of(trace);
    let asked = ordered(&history).map(|order| order.invoked.event);
    let fired: Vec<EventId> = fires(trace).collect();
    match (fired[..].as_ref(), retries) {
        ([_], _) | ([], Retries::None) => Ok(()),
        ([], _) => Err(Breach::new(
            "pacific ordered one burn and asked for it twice, so the thruster fires",
            "it never fires, though every link and machine is whole again",
        )
        .shown_by(asked)
        .by_rule("who asks again until there is an answer is promised that the work is done")),
        ([first, .., last], _) => {
            let why = match retries {
                Retries::None => "though it was asked once",
                Retries::Blind => "the retry bears no key, so it is another order",
                Retries::Keyed => "it no longer knows the key of the order",
            };
            let tells = |event: &EventId| {
                let is_retry = trace.label(*event).starts_with("asks again");
                let is_crash = matches!(trace.event(*event).kind, Kind::Crash | Kind::Restart { .. });
                is_retry || is_crash && (first..last).contains(&event)
            };
            // Events are numbered in the order of time: a retry may have been sent before the thruster fires at all.
            let is_shown = |event: &EventId| Some(*event) == asked || fired.contains(event) || tells(event);
            let shown = trace.event_ids().filter(is_shown).collect::<Vec<_>>();
            let times = if fired.len() == 2 { "twice".to_owned() } else { format!("{} times", fired.len()) };
            let found = format!("it fires {times}: {why}");
            Err(Breach::new("pacific ordered one burn, so the thruster fires once", found)
                .shown_by(shown)
                .by_rule("pacific began one operation, and whatever it sent after that only asked what had become of it"))
        }
    }
}

/// The order: the one operation that is no look at the telemetry.
fn ordered(history: &History) -> Option<&Operation> {
    history
        .operations()
        .iter()
        .find(|operation| matches!(&operation.call, Call::Other { name, .. } if name == FIRE))
}

/// When the thruster fired.
fn fires(trace: &Trace) -> impl Iterator<Item = EventId> {
    trace
        .event_ids()
        .filter(|event| trace.node_of(*event) == SATELLITE && trace.label(*event).starts_with(FIRES))
}

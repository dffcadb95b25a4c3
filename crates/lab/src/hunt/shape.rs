//! What a run is without its times: the state of each node after each event, as digests.

use constellation_trace::{ClaimRef, Event, EventId, Kind, MessageId, Nemesis, NemesisEntry, Symbol, Trace};

/// A run without its times.
pub(super) struct Shape {
    /// For each event the state of its process afterwards; see [`super::Coverage`].
    pub(super) states: Vec<u64>,
    /// The states of all processes in the end.
    pub(super) behaviour: u64,
    /// All of the run that a judge looks at, which is not when something was: the behaviour, what logical clocks said, and
    /// what the world did to messages. Runs that are alike in it have the same verdicts. `None` where something is in the run
    /// that is not known here.
    pub(super) judged: Option<u64>,
}

impl Shape {
    /// O(events + messages + claims + texts).
    pub(super) fn of(trace: &Trace) -> Shape {
        let processes = trace.processes().iter();
        let first = |node: u32, incarnation: u32| absorb(absorb(0, u64::from(node)), u64::from(incarnation));
        let mut latest: Vec<u64> =
            processes.map(|process| first(process.node.number(), process.incarnation)).collect();
        let mut said: Vec<Option<u64>> = vec![Some(0); latest.len()];
        let mut states: Vec<u64> = Vec::with_capacity(trace.events().len());
        for (id, event) in trace.event_ids().zip(trace.events()) {
            let process = event.process.index();
            latest[process] = after(trace, event, latest[process], &states);
            states.push(latest[process]);
            let before = said[process];
            said[process] = before.filter(|_| is_known(event.kind)).and_then(|before| {
                trace.claims_of(id).try_fold(absorb(before, 0), |said, claim| claimed(trace, said, claim))
            });
        }
        let behaviour = latest.into_iter().fold(0, absorb);
        let judged = said.into_iter().try_fold(behaviour, |judged, said| Some(absorb(judged, said?)));
        let judged = judged.and_then(|judged| {
            let mut entries = trace.nemesis().iter();
            entries.try_fold(judged, |judged, entry| world(trace, judged, entry, &states))
        });
        Shape { states, behaviour, judged }
    }
}

/// What a logical clock said; what a wall clock shows is promised to nobody.
fn claimed(trace: &Trace, said: u64, claim: ClaimRef<'_>) -> Option<u64> {
    Some(match claim {
        ClaimRef::Lamport(time) => absorb(absorb(said, 1), time),
        ClaimRef::Vector(vector) => {
            // Names have numbers in the order in which they came up, which is none of the run's.
            let mut entries: Vec<_> =
                vector.iter().map(|(name, counter)| (trace.text(name), counter)).collect();
            entries.sort_unstable();
            entries
                .into_iter()
                .fold(absorb(said, 2), |said, (name, counter)| absorb(texts(said, name), counter))
        }
        ClaimRef::Hybrid { physical_ns, logical } => {
            absorb(absorb(absorb(said, 3), physical_ns), u64::from(logical))
        }
        ClaimRef::Wall(_) => said,
        _ => return None,
    })
}

/// What the world did, in its order.
fn world(trace: &Trace, judged: u64, entry: &NemesisEntry, states: &[u64]) -> Option<u64> {
    let (kind, message) = match entry.nemesis {
        Nemesis::Partition { .. } | Nemesis::Cut { .. } => (1, None),
        Nemesis::Heal => (2, None),
        // What happens to a node shows in its states, and to its wall clock in none.
        Nemesis::Step { .. }
        | Nemesis::Pause { .. }
        | Nemesis::Suspend { .. }
        | Nemesis::Slow { .. }
        | Nemesis::Slew { .. }
        | Nemesis::Leap { .. }
        | Nemesis::Freeze { .. }
        | Nemesis::Set { .. }
        | Nemesis::DiskFull { .. }
        | Nemesis::Tear { .. }
        | Nemesis::Rot { .. } => return Some(judged),
        Nemesis::Join { node } => return Some(absorb(absorb(judged, 9), u64::from(node.number()))),
        Nemesis::Leave { node } => return Some(absorb(absorb(judged, 10), u64::from(node.number()))),
        Nemesis::Hold(message) => (3, Some(message)),
        Nemesis::Lose(message, ..) => (4, Some(message)),
        Nemesis::Duplicate(message) => (5, Some(message)),
        Nemesis::InFlight(message) => (6, Some(message)),
        Nemesis::Corrupt { message, how } => (7 | u64::from(how) << 8, Some(message)),
        Nemesis::Wait { message, .. } => (8, Some(message)),
        _ => return None,
    };
    let judged = absorb(judged, kind);
    Some(message.map_or(judged, |message| sent(trace, message, judged, states)))
}

const fn is_known(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Local
            | Kind::Receive(_)
            | Kind::Persist
            | Kind::Crash
            | Kind::Restart { .. }
            | Kind::Write(_)
            | Kind::Read(_)
    )
}

/// The state after an event; `states` are those of all events before it.
fn after(trace: &Trace, event: &Event, before: u64, states: &[u64]) -> u64 {
    let text = |state: u64, symbol: Symbol| texts(state, trace.text(symbol));
    let all = |state, symbols: &[Symbol]| {
        symbols.iter().fold(absorb(state, symbols.len() as u64), |state, symbol| text(state, *symbol))
    };
    let state = absorb(before, event.sends.len() as u64);
    match event.kind {
        Kind::Local => absorb(state, 1),
        Kind::Receive(message) => sent(trace, message, absorb(state, 2), states),
        Kind::Persist => absorb(state, 3),
        Kind::Crash => absorb(state, 4),
        Kind::Restart { from: None } => absorb(state, 5),
        Kind::Restart { from: Some(saved) } => absorb(absorb(state, 6), states[saved.index()]),
        Kind::Write(place) => {
            let write = &trace.writes()[place as usize];
            all(text(text(absorb(state, 7), write.key), write.update), &write.saw)
        }
        Kind::Read(place) => {
            let read = &trace.reads()[place as usize];
            all(text(absorb(state, 8), read.key), &read.shows)
        }
        _ => absorb(state, 9),
    }
}

/// Which message it is: by the state in which it was sent, and its place among those sent with it.
fn sent(trace: &Trace, message: MessageId, state: u64, states: &[u64]) -> u64 {
    let send: EventId = trace.message(message).send;
    let first = trace.event(send).sends.iter().next().map_or(0, MessageId::number);
    // Cannot wrap: the first of those sent together has the lowest number.
    absorb(absorb(state, states[send.index()]), u64::from(message.number() - first))
}

fn texts(state: u64, text: &str) -> u64 {
    text.as_bytes().chunks(8).fold(absorb(state, text.len() as u64), |state, bytes| {
        absorb(state, bytes.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)))
    })
}

/// A number that stands for these texts, in their order.
pub(super) fn digest_of<'t>(all: impl Iterator<Item = &'t str>) -> u64 {
    all.fold(0, texts)
}

/// Takes one more word in, with the finalizer of SplitMix64 (Steele, Lea and Flood 2014), a bijection of the word.
const fn absorb(state: u64, word: u64) -> u64 {
    // Wrapping is what makes it a bijection; the odd constant is 2^64 over the golden ratio.
    let mut bits = (state.rotate_left(5) ^ word).wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use constellation_trace::sketch;

    use super::*;

    fn shape(text: &str) -> (u64, usize) {
        let shape = Shape::of(&sketch::parse(text).expect("it is a sketch"));
        let states: BTreeSet<u64> = shape.states.into_iter().collect();
        (shape.behaviour, states.len())
    }

    #[test]
    fn runs_that_differ_in_times_and_in_the_order_of_what_is_concurrent_are_one_behaviour() {
        // The two sketches are recorded in another order: `b` and `c` are concurrent.
        let mut first = sketch::parse("pacific a m! b\nindian c m? d").expect("it is a sketch");
        let again = first.clone();
        first.set_epoch(constellation_trace::WallTime::from_ns(7));
        assert_eq!(Shape::of(&first).behaviour, Shape::of(&again).behaviour);
        assert_ne!(shape("pacific a m!\nindian c m?").0, shape("pacific a m!\nindian m? c").0);
        assert_ne!(shape("pacific m! n!\nindian m? n?").0, shape("pacific m! n!\nindian n? m?").0);
        assert_ne!(shape("pacific m!\nindian c").0, shape("pacific c\nindian m!").0);
    }

    #[test]
    fn a_message_that_is_corrupted_in_another_way_is_another_run_for_a_judge() {
        let judged = |how| {
            let mut trace = sketch::parse("pacific a m!\nindian m?").expect("it is a sketch");
            let corrupt = Nemesis::Corrupt { message: MessageId::new(0), how };
            trace.record_nemesis(constellation_trace::TrueTime::from_ns(0), corrupt).expect("it was sent");
            Shape::of(&trace).judged.expect("all of it is known")
        };
        assert_ne!(judged(0), judged(1));
        assert_eq!(judged(1), judged(1));
    }

    #[test]
    fn each_event_leads_a_node_into_another_state() {
        assert_eq!(shape("pacific a b c\nindian d").1, 4);
        assert_eq!(shape("pacific a m! b\nindian c m? d").1, 6);
    }
}

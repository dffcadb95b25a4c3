//! The world in which passes are booked: who asks for what, and what may go wrong meanwhile.

use std::time::Duration;

use constellation_lab::prelude::*;
use passes::{Party, Request};

use crate::promises::{nobody_waits, one_holder_a_window};

/// What is hunted, and replayed: the nodes, their world, and what they promise in it.
pub(crate) fn booking() -> Case<Party, impl Fn(NodeId) -> Party> {
    Case::new("passes", world(), Party::new)
        .always("a window has one holder at a time", one_holder_a_window)
        .in_the_end("whoever wants a window gets one", nobody_waits)
}

fn world() -> Setup<Request> {
    let percent = |percent: u32| Odds::ppm(percent * 10_000).expect("at most a hundred");
    let link = Link {
        latency_min: Duration::from_millis(5),
        latency_max: Duration::from_millis(80),
        loss: percent(5),
        duplicate: percent(5),
        sequence: Sequence::Unordered,
        ..Link::INSTANT
    };
    let crashes = Faults {
        crash_before: percent(2),
        crash_after: percent(2),
        down: Span { min: Duration::from_millis(10), max: Duration::from_millis(300) },
        ..Faults::NONE
    };
    let scheduler = Machine { faults: crashes, ..Machine::new("scheduler") };
    let [pacific, atlantic, indian] = [1, 2, 3].map(NodeId::new);
    let ask = |node, request| Act::Request { node, request };
    Setup {
        network: Network::new(link),
        plan: Plan::new()
            .at(TrueTime::from_ms(10), ask(pacific, Request::Book))
            .at(TrueTime::from_ms(100), ask(pacific, Request::Cancel))
            .at(TrueTime::from_ms(150), ask(atlantic, Request::Book))
            .at(TrueTime::from_ms(300), ask(indian, Request::Book)),
        // Until here things go wrong; afterwards nothing does, and there is a second in which to come to an end.
        grace: Duration::from_secs(1),
        ..Setup::new(
            [scheduler, "pacific".into(), "atlantic".into(), "indian".into()],
            TrueTime::from_ms(600),
        )
    }
}

//! Names made by counting: a counter that forgets how far it was gives a name again, and one photo replaces another.

use std::time::Duration;

use constellation_fabric::{Effects, Input, Link, Network, Node, Now, Odds};
use constellation_sim::{Act, Faults, Plan, Setup, Span};
use constellation_trace::{EventId, Kind, NodeId, Trace, TrueTime};

use super::{Soundness, Specimen};
use crate::case::{Breach, Case};
use crate::subject::Subject;

const CAMERA: NodeId = NodeId::new(0);
const ARCHIVE: NodeId = NodeId::new(1);
const PROMISE: &str = "no two photos have one name";

pub(super) const SPECIMENS: &[Specimen] = &[
    Specimen {
        name: "sequence-id",
        variant: "persisted",
        does: "the counter is safely on disk before a name is given",
        promise: PROMISE,
        soundness: Soundness::Right,
        subject: || subject(Memory::Persisted),
    },
    Specimen {
        name: "sequence-id",
        variant: "leased",
        does: "the disk holds a bound that is raised by ten at a time, and a restart begins above it",
        promise: PROMISE,
        soundness: Soundness::Right,
        subject: || subject(Memory::Leased),
    },
    Specimen {
        name: "sequence-id",
        variant: "in-memory",
        does: "the counter begins again with each restart",
        promise: PROMISE,
        soundness: Soundness::Wrong { shortest: 1 },
        subject: || subject(Memory::Volatile),
    },
    Specimen {
        name: "sequence-id",
        variant: "unsynced",
        does: "the counter is written but not synced before a name is given, and a crash may lose it",
        promise: PROMISE,
        soundness: Soundness::Wrong { shortest: 2 },
        subject: || subject(Memory::Unsynced),
    },
];

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Memory {
    Persisted,
    Leased,
    Volatile,
    Unsynced,
}

/// A camera that names its photos by a counter, and the archive that files them.
struct Party {
    memory: Memory,
    /// The last number given, and the last that may be given.
    last: u8,
    bound: u8,
}

#[derive(Clone, Debug)]
struct Photo {
    name: u8,
    shows: &'static str,
}

impl Node for Party {
    type Message = Photo;
    type Request = &'static str;

    fn on(&mut self, _now: Now, input: Input<Photo, &'static str>, effects: &mut Effects<Photo>) {
        match input {
            Input::Restart { state, .. } => {
                self.last = state.and_then(|bytes| bytes.first().copied()).unwrap_or(0);
                self.bound = self.last;
            }
            Input::Request(shows) => {
                self.last += 1;
                match self.memory {
                    Memory::Persisted => effects.persist(vec![self.last]),
                    Memory::Leased if self.last > self.bound => {
                        self.bound += 10;
                        effects.persist(vec![self.bound]);
                    }
                    Memory::Unsynced => effects.store(vec![self.last]),
                    Memory::Leased | Memory::Volatile => {}
                }
                effects.event(format!("names {shows} photo-{}", self.last));
                effects.send(ARCHIVE, Photo { name: self.last, shows });
            }
            Input::Message { message: Photo { name, shows }, .. } => {
                effects.write(format!("photo-{name}"), shows, Vec::new());
            }
            _ => {}
        }
    }
}

fn one_name_each(trace: &Trace) -> Result<(), Breach> {
    for (place, second) in trace.writes().iter().enumerate() {
        let Some(first) = trace.writes()[..place].iter().find(|first| first.key == second.key) else {
            continue;
        };
        let [name, one, other] = [first.key, first.update, second.update].map(|text| trace.text(text));
        let is_restart = |event: &EventId| matches!(trace.event(*event).kind, Kind::Restart { .. });
        let restart = trace.event_ids().filter(is_restart).take_while(|event| *event < second.event).last();
        return Err(Breach::new(
            format!("{other} gets another name than {one}"),
            format!("both are called {name}: in the archive {other} takes the place of {one}"),
        )
        .shown_by([first.event].into_iter().chain(restart).chain([second.event]))
        .by_rule("the camera restarted in between and did not know any more how far it had counted"));
    }
    Ok(())
}

fn subject(memory: Memory) -> Box<dyn Subject> {
    let ms = |ms: u64| TrueTime::from_ns(ms * 1_000_000);
    let link = Link {
        latency_min: Duration::from_millis(10),
        latency_max: Duration::from_millis(40),
        ..Link::INSTANT
    };
    let take = |shows| Act::Request { node: CAMERA, request: shows };
    let mut setup = Setup {
        network: Network::new(link),
        plan: Plan::new()
            .at(ms(10), take("sunrise"))
            .at(ms(100), take("noon"))
            .at(ms(200), take("sunset"))
            .at(ms(300), take("aurora")),
        grace: Duration::from_millis(100),
        ..Setup::new(["camera", "archive"], ms(500))
    };
    setup.machines[CAMERA.index()].faults = Faults {
        crash_before: Odds::ppm(50_000).expect("a twentieth"),
        crash_after: Odds::ppm(50_000).expect("a twentieth"),
        down: Span { min: Duration::from_millis(20), max: Duration::from_millis(150) },
        unsynced: Odds::ppm(500_000).expect("a half"),
        ..Faults::NONE
    };
    let node = move |_| Party { memory, last: 0, bound: 0 };
    Box::new(Case::new("sequence-id", setup, node).always(PROMISE, one_name_each))
}

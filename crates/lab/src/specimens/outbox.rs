//! A row in a database and a message to somebody else: a crash in between leaves the one without the other.
//!
//! What is to be sent is written with the row, in an outbox, and sent until it is confirmed.

use std::time::Duration;

use constellation_fabric::{Effects, Input, Link, Network, Node, Now, Odds, Timer};
use constellation_sim::{Act, Faults, Plan, Setup, Span};
use constellation_trace::{EventId, Kind, NodeId, Trace, TrueTime};

use super::{Soundness, Specimen};
use crate::case::{Breach, Case};
use crate::subject::Subject;

const PACIFIC: NodeId = NodeId::new(0);
const ANTENNA: NodeId = NodeId::new(1);
const PROMISE: &str = "in the end the antenna has turned once for each pass that is booked, and for no other";

pub(super) const SPECIMENS: &[Specimen] = &[
    Specimen {
        name: "outbox",
        variant: "outbox",
        does: "booking and message are one write, the message is sent until confirmed, the antenna knows it again",
        promise: PROMISE,
        soundness: Soundness::Right,
        subject: || subject(Variant::Outbox),
    },
    Specimen {
        name: "outbox",
        variant: "row-then-message",
        does: "the booking is written and then the message sent, unless a crash comes between",
        promise: PROMISE,
        soundness: Soundness::Wrong { shortest: 1 },
        subject: || subject(Variant::RowThenMessage),
    },
    Specimen {
        name: "outbox",
        variant: "message-then-row",
        does: "the message is sent, and the booking written once it is confirmed, unless a crash comes between",
        promise: PROMISE,
        soundness: Soundness::Wrong { shortest: 1 },
        subject: || subject(Variant::MessageThenRow),
    },
    Specimen {
        name: "outbox",
        variant: "turns-each-time",
        does: "there is an outbox, but the antenna takes a message that is sent again for another",
        promise: PROMISE,
        soundness: Soundness::Wrong { shortest: 1 },
        subject: || subject(Variant::TurnsEachTime),
    },
];

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Variant {
    Outbox,
    RowThenMessage,
    MessageThenRow,
    TurnsEachTime,
}

/// Pacific books passes in its database, which may crash, and the antenna is to turn for each.
struct Party {
    variant: Variant,
    /// At pacific, on disk: for which passes there is a message to be sent still, and which are booked.
    outbox: Vec<u8>,
    booked: Vec<u8>,
    /// At the antenna: for which passes it has turned.
    turned: Vec<u8>,
}

#[derive(Clone, Debug)]
enum Message {
    Turn { pass: u8 },
    Turned { pass: u8 },
}

impl Node for Party {
    type Message = Message;
    type Request = u8;

    fn on(&mut self, _now: Now, input: Input<Message, u8>, effects: &mut Effects<Message>) {
        match input {
            Input::Request(pass) => match self.variant {
                Variant::MessageThenRow => {
                    effects.event(format!("is asked to book pass {pass}"));
                    effects.send(ANTENNA, Message::Turn { pass });
                }
                Variant::RowThenMessage => {
                    self.book(pass, effects);
                    effects.send(ANTENNA, Message::Turn { pass });
                }
                Variant::Outbox | Variant::TurnsEachTime => {
                    self.outbox.push(pass);
                    self.book(pass, effects);
                    self.relay(effects);
                }
            },
            Input::Timer(_) => self.relay(effects),
            Input::Message { message: Message::Turned { pass }, .. } => match self.variant {
                Variant::MessageThenRow => self.book(pass, effects),
                Variant::RowThenMessage => {}
                Variant::Outbox | Variant::TurnsEachTime => {
                    self.outbox.retain(|waiting| *waiting != pass);
                    effects.persist(self.state());
                }
            },
            Input::Message { message: Message::Turn { pass }, .. } => {
                if self.variant == Variant::TurnsEachTime || !self.turned.contains(&pass) {
                    self.turned.push(pass);
                    effects.label(format!("{TURNS}{pass}"));
                }
                effects.send(PACIFIC, Message::Turned { pass });
            }
            Input::Restart { state: Some(state), .. } => {
                let (count, passes) =
                    state.split_first().map_or((0, &[][..]), |(count, rest)| (*count, rest));
                let (outbox, booked) = passes.split_at(usize::from(count).min(passes.len()));
                (self.outbox, self.booked) = (outbox.to_vec(), booked.to_vec());
                self.relay(effects);
            }
            _ => {}
        }
    }
}

impl Party {
    /// Writes the booking, and in the same write what waits in the outbox.
    fn book(&mut self, pass: u8, effects: &mut Effects<Message>) {
        self.booked.push(pass);
        effects.persist(self.state());
        effects.label(format!("{BOOKS}{pass}"));
    }

    /// Sends what waits in the outbox, again and again until it is confirmed.
    fn relay(&self, effects: &mut Effects<Message>) {
        for pass in &self.outbox {
            effects.event(format!("tells the antenna of pass {pass}"));
            effects.send(ANTENNA, Message::Turn { pass: *pass });
            effects.set_timer(Timer(0), Duration::from_millis(100));
        }
    }

    fn state(&self) -> Vec<u8> {
        let count = u8::try_from(self.outbox.len()).expect("there are fewer passes than 256");
        [&[count], &self.outbox[..], &self.booked].concat()
    }
}

const BOOKS: &str = "books pass ";
const TURNS: &str = "turns for pass ";

fn once_for_each(trace: &Trace) -> Result<(), Breach> {
    for pass in PASSES {
        let find = |words: &str| -> Vec<EventId> {
            let words = format!("{words}{pass}");
            trace.event_ids().filter(|event| trace.label(*event) == words).collect()
        };
        let (asked, booked) = (find("is asked to book pass "), find(BOOKS));
        let (told, turned) = (find("tells the antenna of pass "), find(TURNS));
        let (expected, found, rule) = match (&booked[..], &turned[..]) {
            ([], []) | ([_], [_]) => continue,
            ([_], []) => (
                format!("pacific has booked pass {pass}, so the antenna turns for it"),
                "the antenna never turns for it: pacific crashed before the message went out".to_owned(),
                "the booking is on the disk, but that the antenna was to be told was in memory alone",
            ),
            ([], _) => (
                format!("pacific has no booking of pass {pass}, so the antenna does not turn for it"),
                "the antenna has turned for it: pacific had told it, and then crashed before it wrote"
                    .to_owned(),
                "a message that is sent cannot be taken back, so what it tells must be written before",
            ),
            _ => (
                format!("pacific has booked pass {pass} once, so the antenna turns for it once"),
                format!("the antenna turns {} times: it was told again, of the same booking", turned.len()),
                "what is sent until it is confirmed arrives at least once, and so perhaps more often",
            ),
        };
        let first = asked.iter().chain(&booked).chain(&turned).min().copied();
        let is_life = |event: &EventId| {
            matches!(trace.event(*event).kind, Kind::Crash | Kind::Restart { .. }) && Some(*event) > first
        };
        let lives = trace.event_ids().filter(is_life).take(2);
        let mut events: Vec<_> = [asked, booked, told, turned].concat().into_iter().chain(lives).collect();
        events.sort();
        return Err(Breach::new(expected, found).shown_by(events).by_rule(rule));
    }
    Ok(())
}

const PASSES: [u8; 3] = [1, 2, 3];

fn subject(variant: Variant) -> Box<dyn Subject> {
    let ms = |ms: u64| TrueTime::from_ns(ms * 1_000_000);
    let ppm = |ppm| Odds::ppm(ppm).expect("below a million");
    // Nothing is lost on the way: the crash is enough.
    let link = Link {
        latency_min: Duration::from_millis(10),
        latency_max: Duration::from_millis(40),
        ..Link::INSTANT
    };
    let mut plan = Plan::new();
    for pass in PASSES {
        plan.add(ms(10 + u64::from(pass) * 100), Act::Request { node: PACIFIC, request: pass });
    }
    let mut setup = Setup {
        network: Network::new(link),
        plan,
        grace: Duration::from_secs(1),
        ..Setup::new(["pacific", "antenna"], ms(600))
    };
    setup.machines[PACIFIC.index()].faults = Faults {
        crash_before: ppm(50_000),
        crash_after: ppm(50_000),
        down: Span { min: Duration::from_millis(20), max: Duration::from_millis(150) },
        ..Faults::NONE
    };
    let node = move |_| Party { variant, outbox: Vec::new(), booked: Vec::new(), turned: Vec::new() };
    Box::new(Case::new("outbox", setup, node).in_the_end(PROMISE, once_for_each))
}

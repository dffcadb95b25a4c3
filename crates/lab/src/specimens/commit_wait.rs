//! Stamps of wall clocks order what one client did after another only if each waits until its stamp is past everywhere.
//!
//! Commit wait is that of Spanner (Corbett et al. 2012): clocks may differ, as long as it is known by how much.

use std::time::Duration;

use constellation_fabric::{Effects, Input, Link, Network, Node, Now, Timer};
use constellation_sim::{Act, Machine, Plan, Setup, Wall, WallClaims};
use constellation_trace::{Call, Completion, EventId, History, NodeId, Operation, Trace, TrueTime, WallTime};

use super::{Soundness, Specimen};
use crate::case::{Breach, Case};
use crate::subject::Subject;

const GROUND: NodeId = NodeId::new(0);
const SERVERS: [NodeId; 2] = [NodeId::new(1), NodeId::new(2)];
const PROMISE: &str = "what is written after another write was over has the later stamp";

pub(super) const SPECIMENS: &[Specimen] = &[
    Specimen {
        name: "commit-wait",
        variant: "waits",
        does: "a server answers when its stamp is past on all clocks: after twice the most that one may be wrong",
        promise: PROMISE,
        soundness: Soundness::Right,
        subject: || subject(Variant::Waits),
    },
    Specimen {
        name: "commit-wait",
        variant: "no-wait",
        does: "a server answers at once, while its stamp is still to come on a clock that is behind",
        promise: PROMISE,
        soundness: Soundness::Wrong { shortest: 1 },
        subject: || subject(Variant::NoWait),
    },
    Specimen {
        name: "commit-wait",
        variant: "waits-half",
        does: "a server waits for as long as its own clock may be wrong, but the other may be wrong the other way",
        promise: PROMISE,
        soundness: Soundness::Wrong { shortest: 1 },
        subject: || subject(Variant::WaitsHalf),
    },
];

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Variant {
    Waits,
    NoWait,
    WaitsHalf,
}

/// The most that a wall clock differs from true time, in either direction: pacific is so far ahead, atlantic so far behind.
const WRONG_MAX: Duration = Duration::from_millis(30);
/// A midnight, so that stamps count from there.
const EPOCH: WallTime = WallTime::from_ns(86_400_000_000_000);

/// Ground writes to pacific and, when that is over, to atlantic; each stamps what it takes by its wall clock.
struct Party {
    variant: Variant,
    /// At ground: how many writes are wanted, begun and over.
    wanted: u32,
    begun: u32,
    over: u32,
    /// At a server: what it is about to answer.
    answer: Option<Stamp>,
}

/// What the wall clock showed, in microseconds since the run began by a right clock.
type Stamp = u64;

#[derive(Clone, Copy, Debug)]
enum Message {
    Write,
    Written(Stamp),
}

/// One write more.
#[derive(Clone, Debug)]
struct Write;

impl Node for Party {
    type Message = Message;
    type Request = Write;

    fn on(&mut self, now: Now, input: Input<Message, Write>, effects: &mut Effects<Message>) {
        match input {
            Input::Request(Write) => {
                self.wanted += 1;
                self.begin(effects);
            }
            Input::Message { message: Message::Written(stamp), .. } => {
                effects.complete(self.over, Completion::Shows(vec![stamp.to_string()]));
                self.over += 1;
                self.begin(effects);
            }
            Input::Message { message: Message::Write, .. } => {
                let since_epoch = now.wall.since(EPOCH);
                let stamp = u64::try_from(since_epoch.as_micros()).expect("a run takes less than an hour");
                effects.label(format!("stamps it {}", told(stamp)));
                self.answer = Some(stamp);
                match self.variant {
                    Variant::Waits => effects.set_timer(Timer(0), WRONG_MAX * 2),
                    Variant::WaitsHalf => effects.set_timer(Timer(0), WRONG_MAX),
                    Variant::NoWait => self.answer(effects),
                }
            }
            Input::Timer(_) => {
                effects.event("has waited");
                self.answer(effects);
            }
            _ => {}
        }
    }
}

impl Party {
    /// Begins the next write that is wanted, once the one before is over.
    fn begin(&mut self, effects: &mut Effects<Message>) {
        if self.begun == self.over && self.begun < self.wanted {
            effects.invoke(
                self.begun,
                Call::Other { name: "write".to_owned(), argument: self.begun.to_string() },
            );
            effects.send(SERVERS[self.begun as usize % 2], Message::Write);
            self.begun += 1;
        }
    }

    fn answer(&mut self, effects: &mut Effects<Message>) {
        if let Some(stamp) = self.answer.take() {
            effects.send(GROUND, Message::Written(stamp));
        }
    }
}

/// As a clock shows it: `0.120000 s`.
fn told(stamp: Stamp) -> String {
    format!("{}.{:06} s", stamp / 1_000_000, stamp % 1_000_000)
}

fn stamped_in_turn(trace: &Trace, variant: Variant) -> Result<(), Breach> {
    let history = History::of(trace);
    let ended: Vec<_> = history.operations().iter().filter_map(ended).collect();
    for pair in ended.windows(2) {
        let [(_, first_end, earlier), (second, second_end, later)] = *pair else { continue };
        if later > earlier {
            continue;
        }
        let stamps = |event: &EventId| trace.label(*event).starts_with("stamps it");
        let stamps = trace.event_ids().filter(stamps).take_while(|event| *event < second_end);
        let mut events: Vec<_> = stamps.chain([first_end, second.invoked.event]).collect();
        events.sort();
        return Err(Breach::new(
            format!(
                "what ground writes at atlantic has a later stamp than {}, that of pacific",
                told(earlier)
            ),
            format!(
                "it has {}, as if ground had written it first: atlantic's clock is behind that of pacific",
                told(later)
            ),
        )
        .shown_by(events)
        .by_rule(format!(
            "ground had been told that the first write was over before it began the second; {}",
            variant.goes_wrong()
        )));
    }
    Ok(())
}

/// A write that is over, with its end and its stamp.
fn ended(write: &Operation) -> Option<(&Operation, EventId, Stamp)> {
    let (end, completion) = write.completed.as_ref()?;
    let Completion::Shows(stamps) = completion else { return None };
    Some((write, end.event, stamps.first()?.parse().ok()?))
}

impl Variant {
    /// Why the stamp was not past everywhere by then.
    const fn goes_wrong(self) -> &'static str {
        match self {
            Variant::Waits => "its stamp must be past on all clocks by then",
            Variant::NoWait => "pacific told it at once",
            Variant::WaitsHalf => {
                "pacific had waited for as long as its own clock may be wrong, and not for that of atlantic"
            }
        }
    }
}

fn subject(variant: Variant) -> Box<dyn Subject> {
    let ms = |ms: u64| TrueTime::from_ns(ms * 1_000_000);
    let link = Link {
        latency_min: Duration::from_millis(10),
        latency_max: Duration::from_millis(60),
        ..Link::INSTANT
    };
    let machine = |name: &str, offset_ms: i64| Machine {
        wall: Wall { offset_ns: offset_ms * 1_000_000, ..Wall::TRUE },
        ..Machine::new(name)
    };
    let setup = Setup {
        machines: vec![Machine::new("ground"), machine("pacific", 30), machine("atlantic", -30)],
        network: Network::new(link),
        plan: Plan::new()
            .at(ms(10), Act::Request { node: GROUND, request: Write })
            .at(ms(80), Act::Request { node: GROUND, request: Write }),
        epoch: EPOCH,
        wall_claims: WallClaims::Recorded,
        grace: Duration::from_millis(500),
        ..Setup::new(Vec::<String>::new(), ms(300))
    };
    let node = move |_| Party { variant, wanted: 0, begun: 0, over: 0, answer: None };
    Box::new(
        Case::new("commit-wait", setup, node)
            .always(PROMISE, move |trace: &Trace| stamped_in_turn(trace, variant)),
    )
}

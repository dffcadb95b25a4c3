//! Two transactions that each look at what the other changes: both go through, as if either had come first.
//!
//! Snapshot isolation lets this through (Berenson et al. 1995); to look again at what was read does not (Kung and
//! Robinson 1981).

use std::collections::BTreeSet;
use std::time::Duration;

use constellation_fabric::{Effects, Input, Link, Network, Node, Now, Timer};
use constellation_sim::{Act, Plan, Setup};
use constellation_trace::{EventId, NodeId, Trace, TrueTime};

use super::{Soundness, Specimen};
use crate::case::{Breach, Case};
use crate::subject::Subject;

const ROSTER: NodeId = NodeId::new(0);
const STATIONS: [NodeId; 2] = [NodeId::new(1), NodeId::new(2)];
const PROMISE: &str = "at least one of the two stations is on watch";

pub(super) const SPECIMENS: &[Specimen] = &[
    Specimen {
        name: "write-skew",
        variant: "serializable",
        does: "a transaction is refused if anything that it read has changed since",
        promise: PROMISE,
        soundness: Soundness::Right,
        subject: || subject(Variant::Serializable),
    },
    Specimen {
        name: "write-skew",
        variant: "snapshot-isolation",
        does: "a transaction is refused only if something that it writes has changed since it read it",
        promise: PROMISE,
        soundness: Soundness::Wrong { shortest: 1 },
        subject: || subject(Variant::SnapshotIsolation),
    },
    Specimen {
        name: "write-skew",
        variant: "looks-again",
        does: "a station reads once more before it writes, but what it read may change before that arrives",
        promise: PROMISE,
        soundness: Soundness::Wrong { shortest: 2 },
        subject: || subject(Variant::LooksAgain),
    },
];

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Variant {
    Serializable,
    SnapshotIsolation,
    LooksAgain,
}

/// The roster holds a row for each station, which may leave the watch if it reads that the other is on it.
struct Party {
    variant: Variant,
    me: NodeId,
    /// At the roster, or as a station has read them.
    rows: [Row; 2],
    look: Look,
}

/// Which look at the roster a station takes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Look {
    First,
    Again,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Row {
    watch: Watch,
    version: u32,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Watch {
    On,
    Off,
}

#[derive(Clone, Debug)]
enum Message {
    Read,
    Rows([Row; 2]),
    /// Takes the sender off the watch, if what it has read is still so as far as the variant looks.
    Commit {
        read: [Row; 2],
    },
    Refused,
    Return,
}

/// What a station would like.
#[derive(Clone, Debug)]
enum Request {
    /// To leave the watch.
    Leave,
    /// To be on it again.
    Return,
}

impl Node for Party {
    type Message = Message;
    type Request = Request;

    fn on(&mut self, _now: Now, input: Input<Message, Request>, effects: &mut Effects<Message>) {
        match input {
            Input::Request(Request::Leave) | Input::Message { message: Message::Refused, .. } => {
                self.look = Look::First;
                effects.event("begins a transaction");
                effects.send(ROSTER, Message::Read);
            }
            Input::Request(Request::Return) => effects.send(ROSTER, Message::Return),
            Input::Message { from, message: Message::Read } => {
                effects.label(format!("{SHOWS}{}: {}", NAMES[from.index()], on_watch(&self.rows)));
                effects.send(from, Message::Rows(self.rows));
            }
            Input::Message { from, message: Message::Return } => {
                let mine = row(from);
                self.rows[mine] = Row { watch: Watch::On, version: self.rows[mine].version + 1 };
                effects.label(format!("{PUTS}{}", NAMES[from.index()]));
            }
            Input::Message { message: Message::Rows(rows), .. } => self.decide(rows, effects),
            Input::Timer(_) if self.variant == Variant::LooksAgain => {
                self.look = Look::Again;
                effects.event("looks again");
                effects.send(ROSTER, Message::Read);
            }
            Input::Timer(_) => self.ask_to_commit(effects),
            Input::Message { from, message: Message::Commit { read } } => self.commit(from, read, effects),
            _ => {}
        }
    }
}

impl Party {
    /// At a station, which needs a while to make up its mind.
    fn decide(&mut self, rows: [Row; 2], effects: &mut Effects<Message>) {
        self.rows = rows;
        if rows[1 - row(self.me)].watch == Watch::Off {
            return effects.label("reads that the other is off watch, and stays");
        }
        effects.label("reads that the other is on watch");
        match self.look {
            Look::First => effects.set_timer(Timer(0), Duration::from_millis(30)),
            Look::Again => self.ask_to_commit(effects),
        }
    }

    fn ask_to_commit(&self, effects: &mut Effects<Message>) {
        // It may have read otherwise since it made up its mind.
        if self.rows[1 - row(self.me)].watch == Watch::Off {
            return;
        }
        effects.event("asks to be taken off watch");
        effects.send(ROSTER, Message::Commit { read: self.rows });
    }

    /// At the roster: whoever read what is no longer so has to begin again.
    fn commit(&mut self, from: NodeId, read: [Row; 2], effects: &mut Effects<Message>) {
        let mine = row(from);
        let has_changed = match self.variant {
            Variant::Serializable => read != self.rows,
            Variant::SnapshotIsolation | Variant::LooksAgain => read[mine] != self.rows[mine],
        };
        if has_changed {
            effects.label(format!("refuses {}", NAMES[from.index()]));
            return effects.send(from, Message::Refused);
        }
        self.rows[mine] = Row { watch: Watch::Off, version: read[mine].version + 1 };
        effects.label(format!("{TAKES}{}", NAMES[from.index()]));
    }
}

fn row(station: NodeId) -> usize {
    usize::from(station == STATIONS[1])
}

fn on_watch(rows: &[Row; 2]) -> &'static str {
    match [rows[0].watch, rows[1].watch] {
        [Watch::On, Watch::On] => "both on watch",
        [Watch::On, Watch::Off] => "pacific on watch",
        [Watch::Off, Watch::On] => "atlantic on watch",
        [Watch::Off, Watch::Off] => "nobody on watch",
    }
}

const SHOWS: &str = "shows ";
const PUTS: &str = "puts on watch: ";
const TAKES: &str = "takes off watch: ";
const NAMES: [&str; 3] = ["roster", "pacific", "atlantic"];

fn one_is_on_watch(trace: &Trace, variant: Variant) -> Result<(), Breach> {
    let mut off: Vec<(EventId, &str)> = Vec::new();
    for event in trace.event_ids() {
        if let Some(station) = trace.label(event).strip_prefix(PUTS) {
            off.retain(|(_, other)| *other != station);
        }
        let Some(station) = trace.label(event).strip_prefix(TAKES) else { continue };
        off.retain(|(_, other)| *other != station);
        off.push((event, station));
        let [(first, one), (second, other)] = off[..] else { continue };
        // What each had been shown when it was taken off.
        let shown = off.iter().filter_map(|(taken, station)| {
            let shows = format!("{SHOWS}{station}: both on watch");
            trace
                .event_ids()
                .take_while(|event| event < taken)
                .filter(|event| trace.label(*event) == shows)
                .last()
        });
        return Err(Breach::new(
            format!("{one} is off watch, so {other} stays on it"),
            format!("{other} is taken off watch too: what the roster had shown it was that both were on it"),
        )
        .shown_by(shown.chain([first, second]).collect::<BTreeSet<_>>())
        .by_rule(format!(
            "one after the other, in whichever order, the later would have been shown that the other was off watch; {}",
            variant.goes_wrong()
        )));
    }
    Ok(())
}

impl Variant {
    /// What lets both go through then.
    const fn goes_wrong(self) -> &'static str {
        match self {
            Variant::Serializable => "the roster must compare all that was read",
            Variant::SnapshotIsolation => {
                "the roster compared only the row that each was to change, not the other one that it had read"
            }
            Variant::LooksAgain => {
                "each looked again before it asked, but the other was taken off between the look and the change"
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
    let ask = |station: usize, request| Act::Request { node: STATIONS[station], request };
    let setup = Setup {
        network: Network::new(link),
        plan: Plan::new()
            .at(ms(10), ask(0, Request::Leave))
            .at(ms(100), ask(1, Request::Leave))
            .at(ms(300), ask(0, Request::Return))
            .at(ms(360), ask(1, Request::Leave))
            .at(ms(450), ask(0, Request::Leave)),
        grace: Duration::from_millis(500),
        ..Setup::new(NAMES, ms(700))
    };
    let node =
        move |me| Party { variant, me, rows: [Row { watch: Watch::On, version: 0 }; 2], look: Look::First };
    Box::new(
        Case::new("write-skew", setup, node)
            .always(PROMISE, move |trace: &Trace| one_is_on_watch(trace, variant)),
    )
}

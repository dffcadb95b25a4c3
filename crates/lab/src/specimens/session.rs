//! A session that moves to another replica must take along what it has seen, or it meets an older world there.
//!
//! The guarantees are those of Terry et al. (1994): a session reads what it wrote, and what it reads never goes back.

use std::time::Duration;

use constellation_fabric::{Effects, Input, Link, Network, Node, Now, Odds, Timer};
use constellation_sim::{Act, Plan, Setup};
use constellation_trace::{Call, Completion, EventId, History, Kind, NodeId, Operation, Trace, TrueTime};

use super::{Soundness, Specimen};
use crate::case::{Breach, Case};
use crate::subject::Subject;

const GROUND: NodeId = NodeId::new(0);
const ARCTIC: NodeId = NodeId::new(1);
const PRIMARY: NodeId = NodeId::new(2);
const BACKUP: NodeId = NodeId::new(3);
const PROMISE: &str = "a client is shown nothing older than what it has written or been shown";

pub(super) const SPECIMENS: &[Specimen] = &[
    Specimen {
        name: "session",
        variant: "carries-version",
        does: "a client says the newest version that it wrote or was shown, and a replica that lags refuses",
        promise: PROMISE,
        soundness: Soundness::Right,
        subject: || subject(Variant::CarriesVersion),
    },
    Specimen {
        name: "session",
        variant: "stale-fail-over",
        does: "a client asks the next replica as if it knew nothing, and does not find what it wrote",
        promise: PROMISE,
        soundness: Soundness::Wrong { shortest: 1 },
        subject: || subject(Variant::StaleFailOver),
    },
    Specimen {
        name: "session",
        variant: "going-back",
        does: "a client says what it wrote but not what it was shown, so the next replica may show it less",
        promise: PROMISE,
        soundness: Soundness::Wrong { shortest: 1 },
        subject: || subject(Variant::GoingBack),
    },
];

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Variant {
    CarriesVersion,
    StaleFailOver,
    GoingBack,
}

/// Ground and arctic ask, pacific takes what is written, and atlantic gets it from there.
struct Party {
    variant: Variant,
    /// At a replica: the version of the orbit that it holds, which is all that matters of it.
    held: u32,
    /// At pacific: the version that atlantic has.
    copied: u32,
    /// At a client: the newest version that its session takes along.
    seen: u32,
    /// At a client: how many operations it has begun, and the one under way.
    begun: u32,
    task: Option<(Ask, NodeId)>,
}

/// Ground alone writes, the orbits from 1 on, so that each is its own version.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Ask {
    Write(u32),
    Read,
}

#[derive(Clone, Debug)]
enum Message {
    /// `seen` is the oldest version that the client can do with.
    Ask {
        operation: u32,
        ask: Ask,
        seen: u32,
    },
    /// The version that was written, or is shown.
    Answer {
        operation: u32,
        version: u32,
    },
    Copy {
        version: u32,
    },
    Copied {
        version: u32,
    },
}

const PATIENCE: Timer = Timer(0);
const REPLICATE: Timer = Timer(1);

impl Node for Party {
    type Message = Message;
    type Request = Ask;

    fn on(&mut self, _now: Now, input: Input<Message, Ask>, effects: &mut Effects<Message>) {
        match input {
            // Who has not come to an end with one operation begins no other.
            Input::Request(ask) if self.task.is_none() => {
                let key = "orbit".to_owned();
                effects.invoke(
                    self.begun,
                    match ask {
                        Ask::Write(orbit) => Call::Write { key, value: orbit.to_string() },
                        Ask::Read => Call::Read { key },
                    },
                );
                self.ask((ask, PRIMARY), effects);
            }
            Input::Timer(PATIENCE) => self.fail_over(effects),
            Input::Message { from, message: Message::Ask { operation, ask, seen } } => {
                self.serve((from, operation), ask, seen, effects);
            }
            Input::Message { message: Message::Answer { operation, version }, .. } => {
                self.end(operation, version, effects);
            }
            Input::Message { message: Message::Copy { version }, .. } => {
                self.held = self.held.max(version);
                effects.label(format!("holds orbit {}", self.held));
                effects.send(PRIMARY, Message::Copied { version: self.held });
            }
            Input::Message { message: Message::Copied { version }, .. } => self.copied = version,
            Input::Timer(REPLICATE) => self.replicate(effects),
            _ => {}
        }
    }
}

impl Party {
    fn ask(&mut self, task: (Ask, NodeId), effects: &mut Effects<Message>) {
        let (ask, replica) = task;
        self.task = Some(task);
        effects.send(replica, Message::Ask { operation: self.begun, ask, seen: self.seen });
        effects.set_timer(PATIENCE, Duration::from_millis(60));
    }

    /// No answer yet: a read goes to the other replica; only pacific could write.
    fn fail_over(&mut self, effects: &mut Effects<Message>) {
        let Some((ask, replica)) = self.task else { return };
        if ask != Ask::Read {
            let reason = "no answer".to_owned();
            return self.complete(Completion::Unknown { reason }, effects);
        }
        let (other, words) = match replica {
            PRIMARY => (BACKUP, "gives up pacific and asks atlantic"),
            _ => (PRIMARY, "gives up atlantic and asks pacific"),
        };
        effects.event(words);
        self.ask((ask, other), effects);
    }

    fn serve(
        &mut self,
        (client, operation): (NodeId, u32),
        ask: Ask,
        seen: u32,
        effects: &mut Effects<Message>,
    ) {
        if let Ask::Write(orbit) = ask {
            self.held = self.held.max(orbit);
            effects.label(format!("holds orbit {}", self.held));
            self.replicate(effects);
        } else if self.held < seen {
            // The client asks elsewhere, and here again when it must.
            return effects.label(format!("lags with orbit {} and refuses", self.held));
        }
        effects.send(client, Message::Answer { operation, version: self.held });
    }

    /// Sends what it holds to atlantic, again and again until that has it.
    fn replicate(&self, effects: &mut Effects<Message>) {
        if self.copied < self.held {
            effects.send(BACKUP, Message::Copy { version: self.held });
            effects.set_timer(REPLICATE, Duration::from_millis(150));
        }
    }

    /// An operation is over, and the session remembers what it saw: all of it, or what the variant does.
    fn end(&mut self, operation: u32, version: u32, effects: &mut Effects<Message>) {
        let Some((ask, _)) = self.task.filter(|_| operation == self.begun) else { return };
        let is_remembered = match self.variant {
            Variant::CarriesVersion => true,
            Variant::GoingBack => ask != Ask::Read,
            Variant::StaleFailOver => false,
        };
        if is_remembered {
            self.seen = self.seen.max(version);
        }
        self.complete(
            match ask {
                Ask::Write(_) => Completion::Done,
                Ask::Read => Completion::Shows(vec![version.to_string()]),
            },
            effects,
        );
    }

    fn complete(&mut self, completion: Completion, effects: &mut Effects<Message>) {
        effects.complete(self.begun, completion);
        (self.task, self.begun) = (None, self.begun + 1);
    }
}

fn never_goes_back(trace: &Trace, variant: Variant) -> Result<(), Breach> {
    let history = History::of(trace);
    let ended: Vec<_> = history.operations().iter().filter_map(ended).collect();
    for (place, &(read, end, shown)) in ended.iter().enumerate() {
        let is_before = |(earlier, _, version): &&(&Operation, EventId, u32)| {
            earlier.client == read.client && *version > shown
        };
        let Some(&(earlier, seen, version)) = ended[..place].iter().find(is_before) else { continue };
        let who = trace.node_name(read.client);
        let has_seen = match earlier.call {
            Call::Read { .. } => format!("{who}, which was shown orbit {version}"),
            _ => format!("{who}, which has written orbit {version}"),
        };
        let answered_by = answered_by(trace, end);
        let asks = |event: &EventId| {
            trace.node_of(*event) == read.client && trace.label(*event).starts_with("gives up")
        };
        let asks = trace.event_ids().filter(asks).filter(|event| (read.invoked.event..end).contains(event));
        return Err(Breach::new(
            format!("{has_seen}, is shown {version} or newer when it asks again"),
            format!(
                "{who} is shown orbit {shown} by {answered_by}, which has not got orbit {version} yet, and shows what it \
                 has"
            ),
        )
        .shown_by([seen, read.invoked.event].into_iter().chain(asks).chain([end]))
        .by_rule(format!(
            "the one was over before the other began, and both are of one session; {answered_by} would have refused, but \
             {who} {}",
            variant.goes_wrong()
        )));
    }
    Ok(())
}

impl Variant {
    /// What a client does that is wrong then.
    const fn goes_wrong(self) -> &'static str {
        match self {
            Variant::CarriesVersion => "must have said what it had seen",
            Variant::StaleFailOver => "said nothing of what it had seen",
            Variant::GoingBack => "said only what it had written, and nothing of what it had been shown",
        }
    }
}

/// An operation that ended, with its end and the version that it wrote or was shown.
fn ended(operation: &Operation) -> Option<(&Operation, EventId, u32)> {
    let (end, completion) = operation.completed.as_ref()?;
    let version = match (&operation.call, completion) {
        (Call::Write { value, .. }, Completion::Done) => value,
        (_, Completion::Shows(values)) => values.first()?,
        _ => return None,
    };
    Some((operation, end.event, version.parse().ok()?))
}

/// Who sent the answer with which an operation ended: the client received it as the step before.
fn answered_by(trace: &Trace, end: EventId) -> &str {
    let at_client = |event: &EventId| trace.node_of(*event) == trace.node_of(end);
    let answer = trace.event_ids().take_while(|event| *event < end).filter(at_client).last();
    match answer.map(|event| &trace.event(event).kind) {
        Some(Kind::Receive(message)) => trace.node_name(trace.node_of(trace.message(*message).send)),
        _ => "nobody",
    }
}

fn subject(variant: Variant) -> Box<dyn Subject> {
    let ms = |ms: u64| TrueTime::from_ns(ms * 1_000_000);
    let link = Link {
        latency_min: Duration::from_millis(10),
        latency_max: Duration::from_millis(40),
        loss: Odds::ppm(100_000).expect("a tenth"),
        ..Link::INSTANT
    };
    let read = |node| Act::Request { node, request: Ask::Read };
    // Both clients lose pacific, which goes on to send atlantic what it has.
    let setup = Setup {
        network: Network::new(link),
        plan: Plan::new()
            .at(ms(10), Act::Request { node: GROUND, request: Ask::Write(1) })
            .at(ms(25), read(ARCTIC))
            .at(ms(100), Act::Partition { group_a: vec![GROUND, ARCTIC], group_b: vec![PRIMARY] })
            .at(ms(101), read(GROUND))
            .at(ms(105), read(ARCTIC))
            .at(ms(300), Act::Heal)
            .at(ms(400), Act::Request { node: GROUND, request: Ask::Write(2) })
            .at(ms(415), read(ARCTIC))
            .at(ms(490), Act::Partition { group_a: vec![GROUND, ARCTIC], group_b: vec![PRIMARY] })
            .at(ms(491), read(ARCTIC))
            .at(ms(495), read(GROUND))
            .at(ms(700), Act::Heal),
        grace: Duration::from_secs(1),
        ..Setup::new(["ground", "arctic", "pacific", "atlantic"], ms(800))
    };
    let node = move |_| Party { variant, held: 0, copied: 0, seen: 0, begun: 0, task: None };
    let check = move |trace: &Trace| never_goes_back(trace, variant);
    Box::new(Case::new("session", setup, node).initially("0").always(PROMISE, check))
}

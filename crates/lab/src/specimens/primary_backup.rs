//! A primary and its backup: what a client was told is done must be at the backup before the primary is gone.

use std::mem;
use std::sync::Arc;
use std::time::Duration;

use constellation_fabric::{Effects, Input, Link, Network, Node, Now, Odds, Timer};
use constellation_sim::clients::{Client, Pace, Party, RequestId, Retry, Service, Workload};
use constellation_sim::{Act, Plan, Setup};
use constellation_trace::{Call, Completion, EventId, History, Kind, NodeId, Trace, TrueTime};

use super::{Soundness, Specimen};
use crate::case::{Breach, Case};
use crate::subject::Subject;

const PRIMARY: NodeId = NodeId::new(1);
const BACKUP: NodeId = NodeId::new(2);
const PROMISE: &str = "what was acknowledged is there after the fail-over";

pub(super) const SPECIMENS: &[Specimen] = &[
    Specimen {
        name: "primary-backup",
        variant: "replicates-first",
        does: "the primary acknowledges what is appended when the backup has it",
        promise: PROMISE,
        soundness: Soundness::Right,
        subject: || subject(Variant::ReplicatesFirst),
    },
    Specimen {
        name: "primary-backup",
        variant: "acknowledges-first",
        does: "the primary acknowledges at once, and sends the list to the backup until that has it",
        promise: PROMISE,
        soundness: Soundness::Wrong { shortest: 1 },
        subject: || subject(Variant::AcknowledgesFirst),
    },
];

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Variant {
    ReplicatesFirst,
    AcknowledgesFirst,
}

/// A list at two servers; people make the backup primary when the primary is gone.
struct Server {
    variant: Variant,
    role: Role,
    /// The list.
    log: Vec<String>,
    /// How much of the log the backup has.
    replicated: usize,
    /// Who is to be told when that much of the log is safe.
    waiting: Vec<(usize, RequestId)>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Role {
    Primary,
    Backup,
    /// What was the backup.
    Alone,
}

#[derive(Clone, Debug)]
enum Message {
    Ask(RequestId, Call),
    Answer(RequestId, Completion),
    /// The whole log, which is short.
    Copy(Vec<String>),
    /// The backup has so much of it.
    Copied(usize),
}

/// What people order.
#[derive(Clone, Debug)]
struct TakeOver;

impl Node for Server {
    type Message = Message;
    type Request = TakeOver;

    fn on(&mut self, _now: Now, input: Input<Message, TakeOver>, effects: &mut Effects<Message>) {
        match input {
            Input::Request(TakeOver) => {
                self.role = Role::Alone;
                effects.event(format!("takes over, {}", self.told()));
            }
            Input::Message { message: Message::Ask(id, call), .. } if self.role != Role::Backup => match call
            {
                Call::Append { value, .. } => self.append(id, value, effects),
                _ => {
                    effects.send(id.client, Message::Answer(id, Completion::Shows(self.log.clone())));
                }
            },
            Input::Message { message: Message::Copy(log), .. } if self.role == Role::Backup => {
                self.log = if log.len() > self.log.len() { log } else { mem::take(&mut self.log) };
                effects.label(self.told());
                effects.send(PRIMARY, Message::Copied(self.log.len()));
            }
            Input::Message { message: Message::Copied(length), .. } => {
                self.replicated = self.replicated.max(length);
                self.acknowledge(effects);
            }
            Input::Timer(_) => self.replicate(effects),
            _ => {}
        }
    }
}

impl Server {
    fn append(&mut self, id: RequestId, value: String, effects: &mut Effects<Message>) {
        let place = self.log.iter().position(|held| *held == value).unwrap_or_else(|| {
            self.log.push(value);
            self.log.len() - 1
        });
        effects.label(self.told());
        self.waiting.push((place + 1, id));
        self.acknowledge(effects);
        self.replicate(effects);
    }

    /// Tells the clients whose writes are safe.
    fn acknowledge(&mut self, effects: &mut Effects<Message>) {
        let waits_for_backup = self.role == Role::Primary && self.variant == Variant::ReplicatesFirst;
        let safe = if waits_for_backup { self.replicated } else { self.log.len() };
        for (_, id) in self.waiting.extract_if(.., |(length, _)| *length <= safe) {
            effects.send(id.client, Message::Answer(id, Completion::Done));
        }
    }

    /// Sends the log to the backup, again and again until that has all of it.
    fn replicate(&self, effects: &mut Effects<Message>) {
        if self.role == Role::Primary && self.replicated < self.log.len() {
            effects.send(BACKUP, Message::Copy(self.log.clone()));
            effects.set_timer(Timer(0), Duration::from_millis(60));
        }
    }

    fn told(&self) -> String {
        format!("holds [{}]", self.log.join(" "))
    }
}

impl Service for Server {
    fn request(id: RequestId, call: &Call) -> Message {
        Message::Ask(id, call.clone())
    }

    fn reply(message: &Message) -> Option<(RequestId, &Completion)> {
        match message {
            Message::Answer(id, completion) => Some((*id, completion)),
            _ => None,
        }
    }
}

fn is_still_there(trace: &Trace) -> Result<(), Breach> {
    let mut acknowledged = Vec::new();
    for operation in History::of(trace).operations() {
        match (&operation.call, &operation.completed) {
            (Call::Append { value, .. }, Some((end, Completion::Done))) => {
                acknowledged.push((value.clone(), [operation.invoked.event, end.event]));
            }
            (_, Some((end, Completion::Shows(list)))) => {
                let lost = acknowledged.iter().find(|(value, _)| !list.contains(value));
                let Some((value, acknowledged)) = lost else { continue };
                let is_fail_over = |event: &EventId| {
                    trace.label(*event).starts_with("takes over") || trace.event(*event).kind == Kind::Crash
                };
                let fail_over = trace.event_ids().filter(is_fail_over);
                let expected =
                    format!("ground was told that {value} is in the list, so it is there from then on");
                let found = format!(
                    "ground is shown [{}]: atlantic took over without {value}, which pacific alone had",
                    list.join(" ")
                );
                return Err(Breach::new(expected, found)
                    .shown_by(acknowledged.iter().copied().chain(fail_over).chain([end.event]))
                    .by_rule(
                        "nobody takes anything out of the list, and pacific had said that it was done",
                    ));
            }
            _ => {}
        }
    }
    Ok(())
}

fn subject(variant: Variant) -> Box<dyn Subject> {
    let ms = |ms: u64| TrueTime::from_ns(ms * 1_000_000);
    let link = Link {
        latency_min: Duration::from_millis(10),
        latency_max: Duration::from_millis(40),
        loss: Odds::ppm(100_000).expect("a tenth"),
        ..Link::INSTANT
    };
    let setup = Setup {
        network: Network::new(link),
        plan: Plan::new()
            .at(ms(160), Act::Crash { node: PRIMARY })
            .at(ms(250), Act::Request { node: BACKUP, request: TakeOver }),
        grace: Duration::from_secs(1),
        ..Setup::new(["ground", "pacific", "atlantic"], ms(500))
    };
    let key = || "passes".to_owned();
    let appends = (1..=4).map(|value: u32| Call::Append { key: key(), value: value.to_string() });
    let calls = appends.chain([Call::Read { key: key() }]).collect();
    let pace = Pace::Closed { think: Duration::from_millis(30) };
    let workload = Workload::new([PRIMARY, BACKUP], pace, Retry::times(9, Duration::from_millis(100)), calls);
    let workload = Arc::new(workload);
    let node = move |me| {
        let role = match me {
            PRIMARY => Role::Primary,
            BACKUP => Role::Backup,
            _ => return Party::Client(Client::new(me, Arc::clone(&workload))),
        };
        Party::Server(Server { variant, role, log: Vec::new(), replicated: 0, waiting: Vec::new() })
    };
    Box::new(Case::new("primary-backup", setup, node).always(PROMISE, is_still_there))
}

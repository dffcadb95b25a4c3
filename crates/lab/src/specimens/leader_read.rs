//! A leader that others have replaced does not know it: what it shows without asking them may be old.
//!
//! Raft asks a majority before each read (Ongaro and Ousterhout 2014, section 8).

use std::collections::BTreeSet;
use std::time::Duration;

use constellation_fabric::{Effects, Input, Link, Network, Node, Now};
use constellation_sim::{Act, Plan, Setup};
use constellation_trace::{Call, Completion, Elapsed, EventId, History, NodeId, Operation, Trace, TrueTime};

use super::{Soundness, Specimen};
use crate::case::{Breach, Case};
use crate::subject::Subject;

const GROUND: NodeId = NodeId::new(0);
const ARCTIC: NodeId = NodeId::new(1);
const PACIFIC: NodeId = NodeId::new(2);
const ATLANTIC: NodeId = NodeId::new(3);
const SERVERS: [NodeId; 3] = [PACIFIC, ATLANTIC, NodeId::new(4)];
const PROMISE: &str = "a read shows no older orbit than was written before it began";

pub(super) const SPECIMENS: &[Specimen] = &[
    Specimen {
        name: "leader-read",
        variant: "asks-majority",
        does: "before each answer the leader asks the others whether its term is still the newest",
        promise: PROMISE,
        soundness: Soundness::Right,
        subject: || subject(Variant::AsksMajority),
    },
    Specimen {
        name: "leader-read",
        variant: "local",
        does: "whoever believes to be the leader answers from what it holds",
        promise: PROMISE,
        soundness: Soundness::Wrong { shortest: 1 },
        subject: || subject(Variant::Local),
    },
    Specimen {
        name: "leader-read",
        variant: "heard-lately",
        does: "the leader answers if another followed it in the last 200 ms, which bound nobody to go on",
        promise: PROMISE,
        soundness: Soundness::Wrong { shortest: 1 },
        subject: || subject(Variant::HeardLately),
    },
];

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Variant {
    AsksMajority,
    Local,
    HeardLately,
}

/// Three servers, of which pacific leads the first term; ground writes to the leader, arctic reads from pacific.
struct Party {
    variant: Variant,
    me: NodeId,
    /// The newest term that it knows of, and whether it leads that.
    term: u32,
    role: Role,
    /// The number of the orbit that it holds, and at a leader of that which two of three hold.
    held: u32,
    committed: u32,
    /// At a leader: when another answered.
    heard_at: Option<Elapsed>,
    /// At a leader: who waits to be shown the orbit.
    reader: Option<NodeId>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Role {
    Leader,
    Follower,
}

#[derive(Clone, Copy, Debug)]
enum Message {
    Write(u32),
    Written(u32),
    Read,
    Shows(u32),
    /// From a leader to the others, and their answer if they know of no newer term.
    Append {
        term: u32,
        orbit: u32,
    },
    Appended {
        term: u32,
        orbit: u32,
    },
    /// Before a leader answers a read.
    Ask {
        term: u32,
    },
    StillNewest {
        term: u32,
    },
    /// From one who would lead.
    Stand {
        term: u32,
    },
    Vote {
        term: u32,
        held: u32,
    },
}

#[derive(Clone, Copy, Debug)]
enum Request {
    /// At ground: this orbit, to this server.
    Write(u32, NodeId),
    Read,
    /// At a server, since people want it to lead.
    Stand,
}

impl Node for Party {
    type Message = Message;
    type Request = Request;

    fn on(&mut self, now: Now, input: Input<Message, Request>, effects: &mut Effects<Message>) {
        match input {
            Input::Request(request) => self.begin(request, effects),
            Input::Message { from, message } => self.hear(now, from, message, effects),
            _ => {}
        }
    }
}

impl Party {
    fn begin(&mut self, request: Request, effects: &mut Effects<Message>) {
        match request {
            Request::Write(orbit, leader) => {
                let call = Call::Write { key: "orbit".to_owned(), value: orbit.to_string() };
                effects.invoke(orbit, call);
                effects.send(leader, Message::Write(orbit));
            }
            Request::Read => {
                effects.invoke(0, Call::Read { key: "orbit".to_owned() });
                effects.send(PACIFIC, Message::Read);
            }
            Request::Stand => {
                self.term += 1;
                effects.event(format!("stands for term {}", self.term));
                self.tell_others(Message::Stand { term: self.term }, effects);
            }
        }
    }

    fn hear(&mut self, now: Now, from: NodeId, message: Message, effects: &mut Effects<Message>) {
        if let Message::Append { term, .. } | Message::Ask { term } | Message::Stand { term } = message {
            if term < self.term {
                return effects.label(format!("does not follow term {term}"));
            }
            if term > self.term {
                (self.term, self.role) = (term, Role::Follower);
            }
        }
        match message {
            Message::Write(orbit) if self.role == Role::Leader => {
                self.held = orbit;
                self.tell_others(Message::Append { term: self.term, orbit }, effects);
            }
            Message::Append { term, orbit } => {
                self.held = orbit;
                effects.label(format!("holds orbit {orbit}, of term {term}"));
                effects.send(from, Message::Appended { term, orbit });
            }
            Message::Appended { term, orbit } if self.leads(term) => {
                self.heard_at = Some(now.elapsed);
                if orbit > self.committed {
                    self.committed = orbit;
                    effects.send(GROUND, Message::Written(orbit));
                }
            }
            Message::Read if self.role == Role::Leader => {
                self.reader = Some(from);
                let is_late = |at: Elapsed| now.elapsed >= at.saturating_add(LATELY);
                match self.variant {
                    Variant::AsksMajority => self.tell_others(Message::Ask { term: self.term }, effects),
                    Variant::HeardLately if self.heard_at.is_none_or(is_late) => {}
                    Variant::HeardLately | Variant::Local => self.show(effects),
                }
            }
            Message::Ask { term } => effects.send(from, Message::StillNewest { term }),
            // With this one and itself it has asked two of three.
            Message::StillNewest { term } if self.leads(term) => self.show(effects),
            Message::Stand { term } => {
                effects.label(format!("follows term {term}"));
                effects.send(from, Message::Vote { term, held: self.held });
            }
            Message::Vote { term, held } if term == self.term && self.role == Role::Follower => {
                (self.role, self.held) = (Role::Leader, self.held.max(held));
                effects.label(format!("leads term {term}"));
            }
            Message::Written(orbit) => effects.complete(orbit, Completion::Done),
            Message::Shows(orbit) => effects.complete(0, Completion::Shows(vec![orbit.to_string()])),
            _ => {}
        }
    }

    fn leads(&self, term: u32) -> bool {
        self.role == Role::Leader && self.term == term
    }

    fn show(&mut self, effects: &mut Effects<Message>) {
        if let Some(reader) = self.reader.take() {
            effects.event(format!("{SHOWS}{}, as the leader of term {}", self.committed, self.term));
            effects.send(reader, Message::Shows(self.committed));
        }
    }

    fn tell_others(&self, message: Message, effects: &mut Effects<Message>) {
        for other in SERVERS.into_iter().filter(|server| *server != self.me) {
            effects.send(other, message);
        }
    }
}

const SHOWS: &str = "shows orbit ";
/// What a leader takes for lately.
const LATELY: Duration = Duration::from_millis(200);

fn shows_what_was_written(trace: &Trace) -> Result<(), Breach> {
    let history = History::of(trace);
    let ended: Vec<_> = history.operations().iter().filter_map(ended).collect();
    let reads = ended.iter().filter(|(operation, ..)| matches!(operation.call, Call::Read { .. }));
    for &(read, end, shown) in reads {
        let is_newer = |(_, written, orbit): &&(&Operation, EventId, u32)| {
            *written < read.invoked.event && *orbit > shown
        };
        let Some(&(_, written, orbit)) = ended.iter().find(is_newer) else { continue };
        let tells = |event: &EventId| {
            let is_told = |words| trace.label(*event).starts_with(words);
            is_told("leads term ") || is_told("follows term ") || is_told(SHOWS)
        };
        let told = trace.event_ids().filter(tells).take_while(|event| *event < end);
        let events: BTreeSet<_> = told.chain([written, read.invoked.event, end]).collect();
        return Err(Breach::new(
            format!("orbit {orbit} was written before arctic asked, so arctic is shown {orbit}"),
            format!(
                "pacific shows orbit {shown}: it does not know that atlantic leads now, and took the write"
            ),
        )
        .shown_by(events)
        .by_rule("the write was over before the read began, in true time"));
    }
    Ok(())
}

/// An operation that ended, with its end and the orbit that it wrote or was shown.
fn ended(operation: &Operation) -> Option<(&Operation, EventId, u32)> {
    let (end, completion) = operation.completed.as_ref()?;
    let orbit = match (&operation.call, completion) {
        (Call::Write { value, .. }, Completion::Done) => value,
        (_, Completion::Shows(values)) => values.first()?,
        _ => return None,
    };
    Some((operation, end.event, orbit.parse().ok()?))
}

fn subject(variant: Variant) -> Box<dyn Subject> {
    let ms = |ms: u64| TrueTime::from_ns(ms * 1_000_000);
    let link = Link {
        latency_min: Duration::from_millis(10),
        latency_max: Duration::from_millis(30),
        ..Link::INSTANT
    };
    let mut network = Network::new(link);
    network.set_link(ATLANTIC, PACIFIC, Link { latency_max: Duration::from_millis(400), ..link });
    let write = |orbit, leader| Act::Request { node: GROUND, request: Request::Write(orbit, leader) };
    let setup = Setup {
        network,
        plan: Plan::new()
            .at(ms(10), write(1, PACIFIC))
            .at(ms(100), Act::Request { node: ATLANTIC, request: Request::Stand })
            .at(ms(140), write(2, ATLANTIC))
            .at(ms(205), Act::Request { node: ARCTIC, request: Request::Read }),
        grace: Duration::from_millis(500),
        ..Setup::new(["ground", "arctic", "pacific", "atlantic", "indian"], ms(300))
    };
    let node = move |me| Party {
        variant,
        me,
        term: 1,
        role: if me == PACIFIC { Role::Leader } else { Role::Follower },
        held: 0,
        committed: 0,
        heard_at: None,
        reader: None,
    };
    Box::new(Case::new("leader-read", setup, node).always(PROMISE, shows_what_was_written))
}

//! A leader that others have replaced does not know it: what it shows without asking them may be old.
//!
//! Raft asks a majority before each read (Ongaro and Ousterhout 2014, section 8).

use std::collections::{BTreeMap, BTreeSet};
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
const INDIAN: NodeId = NodeId::new(4);
const SERVERS: [NodeId; 3] = [PACIFIC, ATLANTIC, INDIAN];
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

/// Three servers, of which pacific leads the first term; ground writes to the leader, arctic reads from whom it takes for it.
struct Party {
    variant: Variant,
    me: NodeId,
    /// The newest term that it knows of, and whether it leads that.
    term: u32,
    role: Role,
    /// The number of the orbit that it holds, and at a leader of that which two of three hold.
    held: u32,
    committed: u32,
    /// At a leader: whether two of three have what it began its term with, so that it knows all that was written before.
    is_ready: bool,
    /// At a leader: when another answered.
    heard_at: Option<Elapsed>,
    /// At a leader: the reads that wait for the answers to a question, which are numbered: an answer to an earlier one says
    /// nothing of the time since. At a client: how many reads it has begun.
    asked: u32,
    reads: BTreeMap<u32, u32>,
    /// At ground: the writes that are not over.
    writes: BTreeSet<u32>,
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
    Read(u32),
    Shows {
        read: u32,
        orbit: u32,
    },
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
        question: u32,
    },
    StillNewest {
        term: u32,
        question: u32,
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
    /// At arctic: from this server.
    Read(NodeId),
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
                self.writes.insert(orbit);
                effects.send(leader, Message::Write(orbit));
            }
            Request::Read(server) => {
                self.asked += 1;
                effects.invoke(self.asked, Call::Read { key: "orbit".to_owned() });
                effects.send(server, Message::Read(self.asked));
            }
            Request::Stand => {
                (self.term, self.role) = (self.term + 1, Role::Follower);
                effects.event(format!("stands for term {}", self.term));
                self.tell_others(Message::Stand { term: self.term }, effects);
            }
        }
    }

    fn hear(&mut self, now: Now, from: NodeId, message: Message, effects: &mut Effects<Message>) {
        if let Message::Append { term, .. } | Message::Ask { term, .. } | Message::Stand { term } = message {
            // One vote in each term.
            let is_taken = term == self.term && matches!(message, Message::Stand { .. });
            if term < self.term || is_taken {
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
                (self.heard_at, self.is_ready) = (Some(now.elapsed), true);
                if orbit > self.committed {
                    self.committed = orbit;
                    effects.send(GROUND, Message::Written(orbit));
                }
            }
            Message::Read(read) if self.role == Role::Leader && self.is_ready => {
                self.answer(now, read, effects)
            }
            Message::Ask { term, question } => {
                effects.send(from, Message::StillNewest { term, question });
            }
            // With this one and itself it has asked two of three.
            Message::StillNewest { term, question } if self.leads(term) => {
                if let Some(read) = self.reads.remove(&question) {
                    self.show(read, effects);
                }
            }
            Message::Stand { term } => {
                effects.label(format!("follows term {term}"));
                effects.send(from, Message::Vote { term, held: self.held });
            }
            Message::Vote { term, held } if term == self.term && self.role == Role::Follower => {
                (self.role, self.held) = (Role::Leader, self.held.max(held));
                (self.is_ready, self.reads) = (false, BTreeMap::new());
                effects.label(format!("leads term {term}"));
                self.tell_others(Message::Append { term, orbit: self.held }, effects);
            }
            Message::Written(orbit) if self.writes.remove(&orbit) => {
                effects.complete(orbit, Completion::Done);
            }
            Message::Shows { read, orbit } => {
                effects.complete(read, Completion::Shows(vec![orbit.to_string()]));
            }
            _ => {}
        }
    }

    /// Shows what it holds, or asks the others before that.
    fn answer(&mut self, now: Now, read: u32, effects: &mut Effects<Message>) {
        let is_late = |at: Elapsed| now.elapsed >= at.saturating_add(LATELY);
        match self.variant {
            Variant::AsksMajority => {
                self.asked += 1;
                self.reads.insert(self.asked, read);
                self.tell_others(Message::Ask { term: self.term, question: self.asked }, effects);
            }
            Variant::HeardLately if self.heard_at.is_none_or(is_late) => {}
            Variant::HeardLately | Variant::Local => self.show(read, effects),
        }
    }

    fn leads(&self, term: u32) -> bool {
        self.role == Role::Leader && self.term == term
    }

    fn show(&self, read: u32, effects: &mut Effects<Message>) {
        effects.event(format!("{SHOWS}{}, as the leader of term {}", self.committed, self.term));
        effects.send(ARCTIC, Message::Shows { read, orbit: self.committed });
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

fn shows_what_was_written(trace: &Trace, variant: Variant) -> Result<(), Breach> {
    let history = History::of(trace);
    let ended: Vec<_> = history.operations().iter().filter_map(ended).collect();
    let reads = ended.iter().filter(|(operation, ..)| matches!(operation.call, Call::Read { .. }));
    for &(read, end, shown) in reads {
        let is_newer = |(_, written, orbit): &&(&Operation, EventId, u32)| {
            *written < read.invoked.event && *orbit > shown
        };
        let Some(&(_, written, orbit)) = ended.iter().find(is_newer) else { continue };
        let last = |before: EventId, words: &str| {
            let told = trace.event_ids().take_while(|event| *event < before);
            told.filter(|event| trace.label(*event).starts_with(words)).last()
        };
        let (shows, leads) = (last(end, SHOWS), last(written, "leads term "));
        let name =
            |event: Option<EventId>| event.map_or("nobody", |event| trace.node_name(trace.node_of(event)));
        let (old, new) = (name(shows), name(leads));
        let follows = leads.and_then(|leads| last(leads, "follows term "));
        let told = shows.into_iter().chain(leads).chain(follows);
        let events: BTreeSet<_> = told.chain([written, read.invoked.event, end]).collect();
        return Err(Breach::new(
            format!("orbit {orbit} was written before arctic asked, so arctic is shown {orbit}"),
            format!("{old} shows orbit {shown}: it does not know that {new} leads now, and took the write"),
        )
        .shown_by(events)
        .by_rule(format!("the write was over before the read began, and {old} {}", variant.goes_wrong())));
    }
    Ok(())
}

impl Variant {
    /// What a leader does that is wrong then.
    const fn goes_wrong(self) -> &'static str {
        match self {
            Variant::AsksMajority => "should have asked the others",
            Variant::Local => "answered without asking another whether it still leads",
            Variant::HeardLately => "took it for enough that another had followed it in the last 200 ms",
        }
    }
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
    let read = |server| Act::Request { node: ARCTIC, request: Request::Read(server) };
    let stand = |node| Act::Request { node, request: Request::Stand };
    let setup = Setup {
        network,
        plan: Plan::new()
            .at(ms(10), write(1, PACIFIC))
            .at(ms(40), read(PACIFIC))
            .at(ms(100), stand(ATLANTIC))
            .at(ms(140), write(2, ATLANTIC))
            .at(ms(205), read(PACIFIC))
            .at(ms(260), read(ATLANTIC))
            .at(ms(330), stand(INDIAN))
            .at(ms(380), write(3, INDIAN))
            .at(ms(450), read(ATLANTIC)),
        grace: Duration::from_millis(500),
        ..Setup::new(["ground", "arctic", "pacific", "atlantic", "indian"], ms(600))
    };
    let node = move |me| Party {
        variant,
        me,
        term: 1,
        role: if me == PACIFIC { Role::Leader } else { Role::Follower },
        held: 0,
        committed: 0,
        is_ready: me == PACIFIC,
        heard_at: None,
        asked: 0,
        reads: BTreeMap::new(),
        writes: BTreeSet::new(),
    };
    let check = move |trace: &Trace| shows_what_was_written(trace, variant);
    Box::new(Case::new("leader-read", setup, node).initially("0").always(PROMISE, check))
}

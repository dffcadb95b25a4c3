//! Is all work over? A token that goes round sees each station at another time, and never what is on its way.
//!
//! The right one is that of Safra (Dijkstra 1987); without counters it is an earlier one (Dijkstra, Feijen and van Gasteren
//! 1983), for which messages take no time.

use std::mem;
use std::time::Duration;

use constellation_fabric::{Effects, Input, Link, Network, Node, Now, Sequence, Spread, Timer};
use constellation_sim::{Act, Plan, Setup};
use constellation_trace::{EventId, NodeId, Trace, TrueTime};

use super::{Soundness, Specimen};
use crate::case::{Breach, Case};
use crate::subject::Subject;

const GROUND: NodeId = NodeId::new(0);
const PACIFIC: NodeId = NodeId::new(1);
const ATLANTIC: NodeId = NodeId::new(2);
const PROMISE: &str = "when ground announces that all work is over, it is";

pub(super) const SPECIMENS: &[Specimen] = &[
    Specimen {
        name: "termination",
        variant: "counters-and-colours",
        does: "the token adds up what was sent and not received, and sees who has had work since it came by",
        promise: PROMISE,
        soundness: Soundness::Right,
        subject: || subject(Variant::CountersAndColours),
    },
    Specimen {
        name: "termination",
        variant: "no-counters",
        does: "the token sees who sent or received since it came by, but not what is still on its way",
        promise: PROMISE,
        soundness: Soundness::Wrong { shortest: 1 },
        subject: || subject(Variant::NoCounters),
    },
    Specimen {
        name: "termination",
        variant: "no-colours",
        does: "the token adds up what was sent and not received, in counts of different times",
        promise: PROMISE,
        soundness: Soundness::Wrong { shortest: 1 },
        subject: || subject(Variant::NoColours),
    },
];

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Variant {
    CountersAndColours,
    NoCounters,
    NoColours,
}

/// Ground gives pacific work, of which that gives a part to atlantic; ground sends a token round to see when all is over.
struct Station {
    variant: Variant,
    me: NodeId,
    is_at_work: bool,
    /// How many messages with work it has sent more than received.
    sent: i32,
    /// Black if it had to do with work since the token came by.
    colour: Colour,
    /// The token, while it waits here for the work to end.
    token: Option<Token>,
}

#[derive(Clone, Copy, Debug)]
struct Token {
    sent: i32,
    colour: Colour,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Colour {
    White,
    Black,
}

#[derive(Clone, Copy, Debug)]
enum Message {
    /// So many stations are to have a part in it.
    Work(u32),
    Token(Token),
}

#[derive(Clone, Debug)]
enum Request {
    Work,
    Watch,
}

impl Node for Station {
    type Message = Message;
    type Request = Request;

    fn on(&mut self, _now: Now, input: Input<Message, Request>, effects: &mut Effects<Message>) {
        match input {
            Input::Request(Request::Watch) => self.send_round(effects),
            Input::Request(Request::Work) => {
                effects.event("gives pacific work");
                self.give(PACIFIC, 2, effects);
            }
            Input::Message { message: Message::Work(stations), .. } => {
                (self.sent, self.colour, self.is_at_work) = (self.sent - 1, Colour::Black, true);
                effects.label("begins to work");
                effects.set_timer(Timer(0), Duration::from_millis(40) * stations);
                if stations > 1 {
                    effects.event("gives atlantic a part of it");
                    self.give(ATLANTIC, stations - 1, effects);
                }
            }
            Input::Timer(_) => {
                self.is_at_work = false;
                effects.event("ends its work");
                self.pass(effects);
            }
            Input::Message { message: Message::Token(token), .. } => {
                self.token = Some(token);
                self.pass(effects);
            }
            _ => {}
        }
    }
}

impl Station {
    fn give(&mut self, to: NodeId, stations: u32, effects: &mut Effects<Message>) {
        (self.sent, self.colour) = (self.sent + 1, Colour::Black);
        effects.send(to, Message::Work(stations));
    }

    fn send_round(&mut self, effects: &mut Effects<Message>) {
        self.colour = Colour::White;
        effects.event("sends the token round");
        effects.send(PACIFIC, Message::Token(Token { sent: 0, colour: Colour::White }));
    }

    /// Adds what it knows to the token, as soon as it does not work, and sends it on.
    fn pass(&mut self, effects: &mut Effects<Message>) {
        let Some(mut token) = self.token.take_if(|_| !self.is_at_work) else { return };
        token.sent += self.sent;
        if mem::replace(&mut self.colour, Colour::White) == Colour::Black {
            token.colour = Colour::Black;
        }
        let seen = match token.colour {
            Colour::White => "no work",
            Colour::Black => "work",
        };
        effects.event(format!("has the token: {} under way, {seen} since the last round", token.sent));
        match self.me {
            PACIFIC => effects.send(ATLANTIC, Message::Token(token)),
            ATLANTIC => effects.send(GROUND, Message::Token(token)),
            _ if self.is_over(token) => effects.event(ANNOUNCES),
            _ => self.send_round(effects),
        }
    }

    /// At ground, after a round.
    fn is_over(&self, token: Token) -> bool {
        match self.variant {
            Variant::CountersAndColours => token.sent == 0 && token.colour == Colour::White,
            Variant::NoCounters => token.colour == Colour::White,
            Variant::NoColours => token.sent == 0,
        }
    }
}

const ANNOUNCES: &str = "announces that all work is over";

fn is_over_when_announced(trace: &Trace) -> Result<(), Breach> {
    let label = |event: &EventId| trace.label(*event);
    let Some(announces) = trace.event_ids().find(|event| label(event) == ANNOUNCES) else { return Ok(()) };
    let is_work = |event: &EventId| ["begins to work", "ends its work"].contains(&label(event));
    let Some(work) = trace.event_ids().filter(is_work).find(|event| *event > announces) else {
        return Ok(());
    };
    let who = trace.node_name(trace.node_of(work));
    let (found, rule) = match trace.label(work) {
        "begins to work" => (
            format!("{who} begins to work after that: what it is to do was still on its way"),
            "work on its way is at no station, so that none has any does not mean that all is over",
        ),
        _ => (
            format!("{who} works on after that: it began when the token had come by"),
            "the round saw each station at another time, and what it added up was never so at once",
        ),
    };
    let tells = |event: &EventId| label(event).starts_with("has the token") && *event < announces;
    let rounds: Vec<_> = trace.event_ids().filter(tells).collect();
    let round = rounds.iter().rev().take(3).copied();
    let gives = |event: &EventId| label(event).starts_with("gives") || label(event) == "begins to work";
    let gives = trace.event_ids().filter(gives).take_while(|event| *event < work);
    let mut events: Vec<_> = round.chain(gives).chain([announces, work]).collect();
    events.sort();
    Err(Breach::new("ground announces that all work is over, so nobody works after that", found)
        .shown_by(events)
        .by_rule(rule))
}

fn subject(variant: Variant) -> Box<dyn Subject> {
    let ms = |ms: u64| TrueTime::from_ns(ms * 1_000_000);
    let link = Link {
        latency_min: Duration::from_millis(10),
        latency_max: Duration::from_secs(1),
        spread: Spread::Tail,
        sequence: Sequence::Unordered,
        ..Link::INSTANT
    };
    let setup = Setup {
        network: Network::new(link),
        plan: Plan::new()
            .at(ms(5), Act::Request { node: GROUND, request: Request::Watch })
            .at(ms(10), Act::Request { node: GROUND, request: Request::Work })
            // While the work before is not over, so that nothing was announced.
            .at(ms(75), Act::Request { node: GROUND, request: Request::Work }),
        grace: Duration::from_millis(500),
        ..Setup::new(["ground", "pacific", "atlantic"], ms(500))
    };
    let node =
        move |me| Station { variant, me, is_at_work: false, sent: 0, colour: Colour::White, token: None };
    Box::new(Case::new("termination", setup, node).always(PROMISE, is_over_when_announced))
}

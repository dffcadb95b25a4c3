//! Booking a pass: stations on the ground ask a scheduler for a window in which they alone talk to the satellite.

#[cfg(feature = "live")]
mod wire;

use std::collections::BTreeMap;
use std::time::Duration;

use constellation_fabric::{Effects, Input, Node, NodeId, Now, Timer};

/// Who keeps the ledger of windows.
pub const SCHEDULER: NodeId = NodeId::new(0);
/// How many windows there are.
pub const WINDOWS: u32 = 3;

const AGAIN: Timer = Timer(0);
const PATIENCE: Duration = Duration::from_millis(100);

/// What the parties send each other.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Message {
    /// A station wants a window; its bookings are numbered.
    Book { number: u32 },
    /// It has one.
    Booked { number: u32, window: u32 },
    /// It no longer needs it.
    Cancel { number: u32, window: u32 },
    /// The scheduler knows.
    Cancelled { number: u32 },
}

/// What an operator asks of a station.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Request {
    /// Get a window.
    Book,
    /// Give it back.
    Cancel,
}

/// Any node of the protocol: a trace has nodes of one type.
#[derive(Debug)]
pub enum Party {
    /// Node 0.
    Scheduler(Scheduler),
    /// Every other one.
    Station(Station),
}

impl Party {
    /// The node with this id, as it is when it begins for the first time or after a crash.
    pub fn new(id: NodeId) -> Party {
        match id {
            SCHEDULER => Party::Scheduler(Scheduler::default()),
            _ => Party::Station(Station::default()),
        }
    }
}

impl Node for Party {
    type Message = Message;
    type Request = Request;

    fn on(&mut self, _now: Now, input: Input<Message, Request>, effects: &mut Effects<Message>) {
        match self {
            Party::Scheduler(scheduler) => scheduler.on(input, effects),
            Party::Station(station) => station.on(input, effects),
        }
    }
}

/// Gives each window to one station at a time.
#[derive(Debug, Default)]
pub struct Scheduler {
    /// The latest booking of each station.
    ledger: BTreeMap<u32, Booking>,
}

#[derive(Clone, Copy, Debug)]
struct Booking {
    number: u32,
    /// `None` once it was cancelled.
    window: Option<u32>,
}

impl Scheduler {
    fn on(&mut self, input: Input<Message, Request>, effects: &mut Effects<Message>) {
        match input {
            Input::Message { from, message: Message::Book { number } } => self.book(from, number, effects),
            Input::Message { from, message: Message::Cancel { number, window } } => {
                let cancelled = self.booking(from, number, window).and_then(|booking| booking.window.take());
                if cancelled.is_some() {
                    effects.persist(self.to_bytes());
                    effects.label(format!("frees window {window}"));
                }
                effects.send(from, Message::Cancelled { number });
            }
            Input::Restart { state, .. } => *self = Scheduler::from_bytes(&state.unwrap_or_default()),
            _ => {}
        }
    }

    fn book(&mut self, from: NodeId, number: u32, effects: &mut Effects<Message>) {
        let latest = self.ledger.get(&from.number()).filter(|booking| booking.number >= number);
        if latest.is_none() {
            let is_free = |window: &u32| self.ledger.values().all(|booking| booking.window != Some(*window));
            let Some(window) = (1..=WINDOWS).find(is_free) else { return };
            self.ledger.insert(from.number(), Booking { number, window: Some(window) });
            effects.persist(self.to_bytes());
            effects.label(format!("gives out window {window}"));
        }
        // Asked again, it answers again; a late copy of an earlier request gets no answer.
        if let Some(&Booking { number: latest, window: Some(window) }) = self.ledger.get(&from.number())
            && latest == number
        {
            effects.send(from, Message::Booked { number, window });
        }
    }

    /// What is to be cancelled: the booking that `from` has under this number, if it still has.
    #[cfg(not(feature = "broken"))]
    fn booking(&mut self, from: NodeId, number: u32, _window: u32) -> Option<&mut Booking> {
        self.ledger.get_mut(&from.number()).filter(|booking| booking.number == number)
    }

    /// The mistake: the booking of whoever has the window by now.
    #[cfg(feature = "broken")]
    fn booking(&mut self, _from: NodeId, _number: u32, window: u32) -> Option<&mut Booking> {
        self.ledger.values_mut().find(|booking| booking.window == Some(window))
    }

    fn to_bytes(&self) -> Vec<u8> {
        let words = |(station, booking): (&u32, &Booking)| {
            [*station, booking.number, booking.window.unwrap_or_default()].map(u32::to_le_bytes).concat()
        };
        self.ledger.iter().flat_map(words).collect()
    }

    fn from_bytes(bytes: &[u8]) -> Scheduler {
        let words: Vec<_> = bytes.as_chunks().0.iter().map(|word| u32::from_le_bytes(*word)).collect();
        let booking = |words: &[u32; 3]| {
            let [station, number, window] = *words;
            (station, Booking { number, window: Some(window).filter(|window| *window != 0) })
        };
        Scheduler { ledger: words.as_chunks().0.iter().map(booking).collect() }
    }
}

/// Wants one window at a time, and asks until it is answered.
#[derive(Debug, Default)]
pub struct Station {
    number: u32,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, Default)]
enum Stage {
    #[default]
    Idle,
    Booking,
    Holding(u32),
    Cancelling(u32),
}

impl Station {
    fn on(&mut self, input: Input<Message, Request>, effects: &mut Effects<Message>) {
        match (input, self.stage) {
            (Input::Request(Request::Book), Stage::Idle) => {
                self.number += 1;
                self.stage = Stage::Booking;
                effects.event("wants a window");
                self.ask(effects);
            }
            (Input::Request(Request::Cancel), Stage::Holding(window)) => {
                self.stage = Stage::Cancelling(window);
                effects.event(format!("gives up window {window}"));
                self.ask(effects);
            }
            (Input::Timer(AGAIN), Stage::Booking) => {
                effects.event("asks again for a window");
                self.ask(effects);
            }
            (Input::Timer(AGAIN), Stage::Cancelling(window)) => {
                effects.event(format!("asks again to give up window {window}"));
                self.ask(effects);
            }
            (Input::Message { message: Message::Booked { number, window }, .. }, Stage::Booking)
                if number == self.number =>
            {
                self.stage = Stage::Holding(window);
                effects.label(format!("holds window {window}"));
            }
            (Input::Message { message: Message::Cancelled { number }, .. }, Stage::Cancelling(_))
                if number == self.number =>
            {
                self.stage = Stage::Idle;
            }
            _ => {}
        }
    }

    fn ask(&self, effects: &mut Effects<Message>) {
        let number = self.number;
        match self.stage {
            Stage::Booking => effects.send(SCHEDULER, Message::Book { number }),
            Stage::Cancelling(window) => effects.send(SCHEDULER, Message::Cancel { number, window }),
            Stage::Idle | Stage::Holding(_) => return,
        }
        effects.set_timer(AGAIN, PATIENCE);
    }
}

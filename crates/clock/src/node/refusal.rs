//! Why a node did not let a message in, or could not submit.

use alloc::string::String;
use core::fmt;

use crate::error::Error;

/// What a cluster node refuses. Whatever it refuses leaves all its clocks as they were.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Refusal<E> {
    /// These are not the bytes of an envelope.
    Malformed(Error),
    /// The event is another node's than the sender's.
    ForeignOrigin {
        /// Who is said to have submitted it.
        origin: String,
    },
    /// The vector counts events of somebody who is not of this cluster.
    Stranger {
        /// Who.
        name: String,
    },
    /// With it our own vector would have more entries than messages may have.
    Crowded {
        /// How many it would have.
        entries: usize,
        /// The limit.
        entries_max: u32,
    },
    /// With it our own vector would name more lives of one node than are heard of.
    TooManyLives {
        /// Whose.
        name: String,
        /// How many later lives it would name.
        lives: u32,
        /// The limit.
        lives_max: u32,
    },
    /// The vector does not count the event itself.
    Uncounted {
        /// Who is said to have submitted it.
        origin: String,
    },
    /// A Lamport time that no run can have given to an event with this vector time.
    Implausible {
        /// The Lamport time.
        lamport: u64,
        /// The least it can be: the largest entry of the vector, since that many events follow each other.
        least: u64,
        /// The most it can be: the sum of the entries, since no chain is longer than all events together.
        most: u128,
    },
    /// The Lamport or the vector clock refused.
    Causality(Error),
    /// The injected clock refused: to stamp an event that was not to be made without, to take up what an earlier life knew,
    /// or to absorb a message, whose event is logged all the same.
    Clock(E),
    /// The state handed to a restart is not one that this node wrote in an earlier life.
    State(Error),
    /// The bus took none of it.
    Bus(Error),
}

impl<E: fmt::Display> fmt::Display for Refusal<E> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Malformed(error) => write!(formatter, "no envelope: {error}"),
            Refusal::ForeignOrigin { origin } => {
                write!(formatter, "it speaks for {origin}, who did not send it")
            }
            Refusal::Stranger { name } => write!(formatter, "it counts events of {name}, a stranger"),
            Refusal::Crowded { entries, entries_max } => {
                write!(
                    formatter,
                    "it would bring our vector to {entries} entries, at most {entries_max} are allowed"
                )
            }
            Refusal::TooManyLives { name, lives, lives_max } => {
                write!(formatter, "it would bring our vector to {lives} later lives of {name}, ")?;
                write!(formatter, "at most {lives_max} are heard of")
            }
            Refusal::Uncounted { origin } => {
                write!(formatter, "its vector does not count the event of {origin} itself")
            }
            Refusal::Implausible { lamport, least, most } => {
                write!(formatter, "lamport time {lamport} where its vector allows {least} to {most}")
            }
            Refusal::Causality(error) => write!(formatter, "{error}"),
            Refusal::Clock(error) => write!(formatter, "{error}"),
            Refusal::State(error) => write!(formatter, "no state of an earlier life: {error}"),
            Refusal::Bus(error) => write!(formatter, "{error}"),
        }
    }
}

impl<E: core::error::Error> core::error::Error for Refusal<E> {}

/// How many messages were refused, and the last of them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Refusals<E> {
    pub(super) count: u64,
    pub(super) last: Option<Refused<E>>,
}

impl<E> Refusals<E> {
    pub(super) fn add(&mut self, from: String, refusal: Refusal<E>) {
        self.count = self.count.saturating_add(1); // Saturating: a count for people, on which nothing depends.
        self.last = Some(Refused { from, refusal });
    }
}

impl<E> Default for Refusals<E> {
    fn default() -> Refusals<E> {
        Refusals { count: 0, last: None }
    }
}

/// One refused message.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Refused<E> {
    /// Who sent it, as far as the bus knows.
    pub from: String,
    /// Why.
    pub refusal: Refusal<E>,
}

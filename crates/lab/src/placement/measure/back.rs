//! Whether sites answer again after a cut: whoever is silent for ever says nothing wrong.

use std::time::Duration;

use super::Share;
use crate::placement::client::Kind;
use crate::placement::protocol::{HEAL_AT, Pace};
use crate::placement::record::{Asked, Phase, Record};

/// How long after the heal a simulated site may leave something without an answer.
pub const BACK: Duration = Pace::SIMULATED.back;

/// How much a site answered of one kind after a cut, once its time to come back was over: what was read back at the end included, and what
/// clients that take turns asked not, as they ask less where they are not answered.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Back {
    /// How many were asked.
    pub asked: usize,
    /// How many of them were done.
    pub done: usize,
}

impl Back {
    /// How much that is.
    pub const fn share(self) -> Share {
        Share::of(self.done, self.asked)
    }
}

/// What a site was asked after a cut, once its time to come back was over, with its place in the record.
pub(in super::super) fn since_back(
    record: &Record,
    site: usize,
    kind: Kind,
) -> impl Iterator<Item = (usize, &Asked)> {
    record.asked.iter().enumerate().filter(move |(_, asked)| {
        (asked.site, asked.ask.kind()) == (site, kind)
            && asked.begun >= HEAL_AT + record.round.pace.back
            && asked.phase != Phase::Turns
    })
}

pub(super) fn back(record: &Record, site: usize, kind: Kind) -> Back {
    let asked = since_back(record, site, kind);
    asked.fold(Back::default(), |Back { asked, done }, (_, one)| Back {
        asked: asked + 1,
        done: done + usize::from(one.done().is_some()),
    })
}

//! How a run ends: faults are mended, nodes settle, and are asked to show how things stand.

use constellation_trace::NodeId;
use tokio::time::Instant;

use super::seat::{Arms, Life, Seat};
use super::{Ended, Hub};
use crate::error::LiveError;
use crate::launch::Launch;
use crate::plan::Disk;
use crate::protocol::Given;
use crate::wire::RemoteNode;

/// How far a run is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Phase {
    /// Things go wrong.
    Running,
    /// Processes are there again, or will be.
    Mending,
    /// Nodes settle, from how many timers on.
    Settling { timers_from: Vec<u64>, until: constellation_trace::TrueTime, at_latest: Instant },
    /// They were asked; the number of the round.
    Round { number: usize, at_latest: Instant },
}

impl<N: RemoteNode, L: Launch> Hub<'_, N, L> {
    /// The end of faults.
    pub(super) fn mend(&mut self) -> Result<(), LiveError> {
        self.phase = Phase::Mending;
        for node in self.nodes() {
            let incarnation = self.seat(node).incarnation;
            self.resume(node, incarnation)?;
            let seat = self.seat(node);
            match seat.life {
                // Of one that is dying its disk may have been said to be lost.
                Life::Dying if seat.restarts_with.is_some() => {}
                _ => self.restart(node, Disk::Kept)?,
            }
        }
        Ok(())
    }

    /// Goes on to the next part of the end, if this one is over.
    pub(super) fn go_on(&mut self) -> Result<Option<Ended>, LiveError> {
        match self.phase.clone() {
            Phase::Running => {}
            Phase::Mending => {
                let is_coming = |seat: &Seat<_>| {
                    matches!(seat.life, Life::Starting { .. } | Life::Dying) || seat.arms != Arms::No
                };
                if !self.seats.iter().any(is_coming) {
                    // Only now: what was held is to arrive.
                    if self.is_cut {
                        self.heal()?;
                    }
                    let until = self.now.saturating_add(self.setup.closing.settle);
                    let timers_from = self.seats.iter().map(|seat| seat.timers_done).collect();
                    self.phase = Phase::Settling { timers_from, until, at_latest: self.at_latest(until) };
                }
            }
            Phase::Settling { timers_from, until, at_latest } => {
                if self.now >= until && (self.have_settled(&timers_from) || self.is_late(at_latest)) {
                    return self.begin_round(0);
                }
            }
            Phase::Round { number, at_latest } => {
                if self.is_quiet() || self.is_late(at_latest) {
                    return self.begin_round(number + 1);
                }
            }
        }
        Ok(None)
    }

    fn at_latest(&self, from: constellation_trace::TrueTime) -> Instant {
        self.when(from).max(Instant::now()) + self.setup.patience.grace
    }

    fn have_settled(&self, timers_from: &[u64]) -> bool {
        let timers_min = self.setup.closing.timers_min.iter().copied().chain(std::iter::repeat(0));
        let mut seats = self.seats.iter().zip(timers_from).zip(timers_min);
        seats.all(|((seat, from), timers_min)| {
            // One that is not there or has no timer waits for nothing.
            let waits = seat.life == Life::Alive && seat.timers_set > 0;
            !waits || seat.timers_done >= from.saturating_add(u64::from(timers_min))
        })
    }

    fn is_late(&mut self, at_latest: Instant) -> bool {
        let is_late = Instant::now() >= at_latest;
        if is_late {
            let busy = self.nodes().filter(|node| !self.seats[node.index()].is_quiet());
            let busy: Vec<String> = busy.map(|node| self.name(node)).collect();
            let busy = if busy.is_empty() { "nobody".to_owned() } else { busy.join(", ") };
            self.remark(format!(
                "not all was done when the run had to end: {} messages were under way, and {busy} still at work",
                self.flying.len()
            ));
        }
        is_late
    }

    /// Asks the nodes of a round, or ends the run.
    fn begin_round(&mut self, number: usize) -> Result<Option<Ended>, LiveError> {
        let Some(round) = self.setup.closing.rounds.get_mut(number).map(std::mem::take) else {
            return Ok(Some(Ended::Whole));
        };
        for (node, request) in round {
            self.ask(node, Given::Request(N::encode_request(&request)));
        }
        self.phase = Phase::Round { number, at_latest: Instant::now() + self.setup.patience.grace };
        Ok(None)
    }

    /// Whether nothing is under way.
    fn is_quiet(&self) -> bool {
        self.flying.is_empty() && self.held.is_empty() && self.seats.iter().all(|seat| seat.is_quiet())
    }

    pub(super) fn nodes(&self) -> impl Iterator<Item = NodeId> + use<N, L> {
        (0..).map(NodeId::new).take(self.seats.len())
    }
}

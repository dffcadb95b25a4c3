//! How a run ends: faults are mended, nodes settle, and are asked to show how things stand.

use constellation_trace::{NodeId, TrueTime};
use tokio::time::Instant;

use super::seat::{Life, Seat};
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
    /// Processes are there again, or will be; whoever keeps silent so long is ended.
    Mending { at_latest: Instant },
    /// Nodes settle, from how many timers on.
    Settling { timers_from: Vec<u64>, until: TrueTime, at_latest: Instant },
    /// They were asked; the number of the round.
    Round { number: usize, at_latest: Instant },
}

impl<N: RemoteNode, L: Launch> Hub<'_, N, L> {
    /// The end of faults.
    pub(super) fn mend(&mut self) -> Result<(), LiveError> {
        self.phase = self.mending();
        for node in self.nodes() {
            let incarnation = self.seat(node).incarnation;
            self.resume(node, incarnation, TrueTime::from_ns(u64::MAX))?;
            let seat = self.seat(node);
            seat.next_armed = None;
            match seat.life {
                // Of one that is dying its disk may have been said to be lost.
                Life::Dying if seat.restarts_with.is_some() => {}
                _ => self.restart(node, Disk::Kept)?,
            }
        }
        Ok(())
    }

    /// From now on processes have so long to be there.
    pub(super) fn mending(&self) -> Phase {
        Phase::Mending { at_latest: Instant::now() + self.setup.patience.grace }
    }

    /// Goes on to the next part of the end, if this one is over.
    pub(super) fn go_on(&mut self) -> Result<Option<Ended>, LiveError> {
        match self.phase.clone() {
            Phase::Running => {}
            Phase::Mending { at_latest } => {
                if !self.seats.iter().any(Seat::is_coming) {
                    return self.settle().map(|()| None);
                }
                if Instant::now() >= at_latest {
                    self.end_the_silent()?;
                }
            }
            Phase::Settling { timers_from, until, at_latest } => {
                if self.now < until {
                    return Ok(None);
                }
                let has_settled = self.have_settled(&timers_from);
                if has_settled || Instant::now() >= at_latest {
                    if !has_settled {
                        self.remark_undone("not every timer ran out as often as it takes to settle");
                    }
                    return self.begin_round(0);
                }
            }
            Phase::Round { number, at_latest } => {
                let is_quiet = self.is_quiet();
                if is_quiet || Instant::now() >= at_latest {
                    if !is_quiet {
                        self.remark_undone("");
                        self.note_unheard(number);
                    }
                    return self.begin_round(number + 1);
                }
            }
        }
        Ok(None)
    }

    /// All are there: what was held is to arrive, and nodes have time to settle.
    fn settle(&mut self) -> Result<(), LiveError> {
        if self.is_cut {
            self.heal()?;
        }
        let until = self.now.saturating_add(self.setup.closing.settle);
        let timers_from = self.seats.iter().map(|seat| seat.timers_done).collect();
        self.phase = Phase::Settling { timers_from, until, at_latest: self.at_latest(until) };
        Ok(())
    }

    /// Processes that do not answer are killed, and the next begin; of one that was killed already, and of whose end
    /// nothing is heard, nothing more is awaited. One that starts has its own time.
    fn end_the_silent(&mut self) -> Result<(), LiveError> {
        for node in self.nodes() {
            let seat = self.seat(node);
            match seat.life {
                Life::Dying => self.crash(node)?,
                Life::Alive if seat.is_coming() => {
                    self.remark(format!("the process of {} was killed: it did not answer", self.name(node)));
                    self.kill(node)?;
                }
                _ => {}
            }
        }
        self.phase = self.mending();
        Ok(())
    }

    fn at_latest(&self, from: TrueTime) -> Instant {
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

    /// Whoever has not answered when there is no other round.
    fn note_unheard(&mut self, number: usize) {
        if number + 1 < self.setup.closing.rounds.len() {
            return;
        }
        let at_work = self.nodes().filter(|node| !self.seats[node.index()].given.is_empty());
        self.unheard.extend(at_work.collect::<Vec<_>>());
    }

    /// Tells once what was still to be done, or `else_` if it is nothing but timers.
    fn remark_undone(&mut self, else_: &str) {
        if std::mem::replace(&mut self.has_told_undone, true) {
            return;
        }
        let busy = self.nodes().filter(|node| !self.seats[node.index()].given.is_empty());
        let busy: Vec<String> = busy.map(|node| self.name(node)).collect();
        let what = match (self.flying.len(), &busy[..]) {
            (0, []) => else_.to_owned(),
            (flying, []) => format!("{flying} messages were under way"),
            (flying, _) => {
                format!("{flying} messages were under way, and {} still at work", busy.join(", "))
            }
        };
        if !what.is_empty() {
            self.remark(format!("not all was done when the run had to end: {what}"));
        }
    }

    /// Asks the nodes of a round, or ends the run.
    fn begin_round(&mut self, number: usize) -> Result<Option<Ended>, LiveError> {
        let Some(round) = self.setup.closing.rounds.get_mut(number).map(std::mem::take) else {
            return Ok(Some(Ended::Whole));
        };
        for (node, request) in round {
            if matches!(self.seat(node).life, Life::Starting { .. } | Life::Dying | Life::Down) {
                self.unheard.insert(node);
            }
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

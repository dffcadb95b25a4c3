//! One node under real time: an input goes in, and what follows is carried out step by step.

use std::collections::BTreeMap;
use std::fmt;

use constellation_fabric::{Effects, Input, Node, Now, Step, StepAct, Timer};
use constellation_trace::{Claim, ClaimKind};
use tokio::time::Instant;

use crate::clocks::Clocks;

/// A node with its clocks and timers. It does nothing by itself: a driver gives it inputs, and says in [`Outside`] how its
/// steps are carried out.
pub struct Host<N: Node> {
    node: N,
    clocks: Clocks,
    /// When each timer that is set runs out.
    timers: BTreeMap<Timer, Instant>,
    effects: Effects<N::Message>,
    walls: WallClaims,
}

/// Whether each step says what the wall clock showed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum WallClaims {
    /// It does, unless the node has said so itself.
    Told,
    /// Only what the node says is told.
    Untold,
}

/// Where the steps of a node go: its links, its disk and whoever records.
pub trait Outside<M> {
    /// Why a step cannot be carried out.
    type Error;

    /// The node was restarted and has looked at what its disk held: how much of it does it believe? Called before the
    /// steps of that input.
    ///
    /// `now` is what the clocks of the node showed.
    fn restarted(&mut self, believes: Believes, now: Now) -> impl Future<Output = Result<(), Self::Error>>;

    /// Carries one step out: what is to be on disk is there when this returns, and what is sent is on its way.
    fn carry_out(&mut self, step: Step<M>) -> impl Future<Output = Result<(), Self::Error>>;
}

/// What a restarted node believes of the state that it was handed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Believes {
    /// All of it.
    All,
    /// All but the last write.
    AllButTheLastWrite,
    /// Nothing.
    Nothing,
}

/// What became of an input.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Taken {
    /// The node took it.
    In,
    /// It was a message, and the node refused it.
    Refused,
}

/// Why what a node wants was not done.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum HostError<E> {
    /// A step could not be carried out.
    Outside(E),
    /// The node says that it received something where there was no message: a mistake of the node, and nothing of what it
    /// wanted was carried out.
    Receive,
}

impl<E: fmt::Display> fmt::Display for HostError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HostError::Outside(error) => error.fmt(f),
            HostError::Receive => f.write_str("the node receives something where there was no message"),
        }
    }
}

impl<E: fmt::Debug + fmt::Display> std::error::Error for HostError<E> {}

impl<N: Node> Host<N> {
    /// A node before its first input, with these clocks.
    pub fn new(node: N, clocks: Clocks, walls: WallClaims) -> Host<N> {
        Host { node, clocks, timers: BTreeMap::new(), effects: Effects::new(), walls }
    }

    /// The node.
    pub const fn node(&self) -> &N {
        &self.node
    }

    /// The node, when it is given no more inputs.
    pub fn into_node(self) -> N {
        self.node
    }

    /// Its clocks.
    pub const fn clocks(&self) -> &Clocks {
        &self.clocks
    }

    /// Its clocks, to put them wrong.
    pub const fn clocks_mut(&mut self) -> &mut Clocks {
        &mut self.clocks
    }

    /// How many of its timers are set.
    pub fn timers(&self) -> usize {
        self.timers.len()
    }

    /// Waits until a timer runs out, and takes it; for ever if none is set. Safe to cancel: nothing is taken then.
    ///
    /// Of timers that have run out together the one that did first comes first.
    pub async fn timer(&mut self) -> Timer {
        let next = self.timers.iter().min_by_key(|(timer, out)| (**out, **timer));
        let Some((timer, out)) = next.map(|(timer, out)| (*timer, *out)) else {
            return std::future::pending().await;
        };
        tokio::time::sleep_until(out).await;
        self.timers.remove(&timer);
        timer
    }

    /// Gives the node an input and carries out what follows, all of it.
    ///
    /// # Errors
    /// [`HostError`]; of an error of `outside` the steps before it are carried out, and those after it not.
    pub async fn give<O: Outside<N::Message>>(
        &mut self,
        input: Input<N::Message, N::Request>,
        outside: &mut O,
    ) -> Result<Taken, HostError<O::Error>> {
        let (is_message, is_restart) =
            (matches!(input, Input::Message { .. }), matches!(input, Input::Restart { .. }));
        if is_message {
            self.effects.renew_receiving();
        } else {
            self.effects.renew();
        }
        let now = self.clocks.now();
        self.node.on(now, input, &mut self.effects);
        let taken = self.taken(is_message).ok_or(HostError::Receive)?;
        if is_restart {
            let believes = match (self.effects.has_refused(), self.effects.has_fallen_back()) {
                (true, _) => Believes::Nothing,
                (false, true) => Believes::AllButTheLastWrite,
                (false, false) => Believes::All,
            };
            outside.restarted(believes, now).await.map_err(HostError::Outside)?;
        }
        let effects = std::mem::take(&mut self.effects);
        let (steps, timers) = effects.into_parts();
        for mut step in steps {
            self.tell_wall(now, &mut step);
            outside.carry_out(step).await.map_err(HostError::Outside)?;
        }
        for set in timers {
            self.timers.insert(set.timer, self.clocks.runs_out(set.after));
        }
        Ok(taken)
    }

    fn tell_wall(&self, now: Now, step: &mut Step<N::Message>) {
        let is_told = || step.claims.iter().any(|claim| claim.kind() == ClaimKind::Wall);
        if self.walls == WallClaims::Told && !is_told() {
            step.claims.push(Claim::Wall(now.wall));
        }
    }

    /// Whether the input was taken; `None` if a step receives that must not.
    fn taken(&self, is_message: bool) -> Option<Taken> {
        let receives = |step: &Step<_>| matches!(step.act, StepAct::Receive);
        let mut steps = self.effects.steps().iter();
        let is_first = steps.next().is_some_and(receives);
        let is_amiss = steps.any(receives) || (is_first && !is_message);
        if is_amiss {
            return None;
        }
        Some(if is_message && !is_first { Taken::Refused } else { Taken::In })
    }
}

impl<N: Node> fmt::Debug for Host<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host")
            .field("clocks", &self.clocks)
            .field("timers", &self.timers)
            .finish_non_exhaustive()
    }
}

//! One run, from the setup to the trace.

use std::mem;

use constellation_fabric::{Choices, Effects, Node};
use constellation_trace::NodeId;

use crate::engine::{Engine, Outside};
use crate::error::WorldError;
use crate::outcome::Outcome;
use crate::plan::Act;
use crate::setup::Setup;

/// Nodes of one kind under a plan of faults and one [`Choices`], in virtual time.
///
/// Every node that does not join later is started at time 0, in the order of ids. Whatever follows from one input
/// happens at one true time: the node computes in no time unless its machine is slow or stopped
/// ([`Faults`](crate::Faults)), and else only links and timers take any. Idle time costs nothing.
///
/// Nodes are made by a factory, at the start and again after each crash, so that nothing volatile survives one:
/// what a node remembers went through [`Effects::persist`] and comes back
/// in [`Input::Restart`](constellation_fabric::Input::Restart).
///
/// Ties are broken by time, then links before nodes, then the order of node ids, then the order in which things
/// were put on the agenda; see also [`Plan`](crate::Plan).
///
/// When many runs are of interest only for how they end, use [`Worlds`](crate::Worlds), which records nothing.
pub struct World<N: Node, C, F> {
    engine: Engine<N>,
    outside: Outside<C, F, N::Message, N::Request>,
}

impl<N, C, F> World<N, C, F>
where
    N: Node,
    C: Choices,
    F: FnMut(NodeId) -> N,
{
    /// A run that is about to begin.
    ///
    /// # Errors
    /// [`WorldError::Name`], [`WorldError::Names`], [`WorldError::Link`], [`WorldError::Plan`],
    /// [`WorldError::Machine`] or [`WorldError::UsedNetwork`].
    pub fn new(setup: Setup<N::Request>, choices: C, factory: F) -> Result<World<N, C, F>, WorldError> {
        Ok(World {
            engine: Engine::new(setup)?,
            outside: Outside { choices, factory, effects: Effects::new(), request: take_request },
        })
    }

    /// Lets happen what happens, until nothing is left or the time is up.
    ///
    /// What an occurrence costs, besides what the nodes do, depends neither on how many are ahead nor on the number
    /// of nodes nor on the time in between. The trace takes 32 bytes an event and 8 a message, and what it holds of
    /// labels and claims.
    ///
    /// # Errors
    /// Any other [`WorldError`]. What happened until then is lost, but for [`WorldError::EventsMax`]: a node that is broken
    /// has no useful run.
    pub fn run(mut self) -> Result<Outcome<N>, WorldError> {
        self.engine.run(&mut self.outside)?;
        let (counts, ending) = self.engine.account()?;
        let Engine { mut record, hosts, last, .. } = self.engine;
        Ok(Outcome {
            digest: record.digest(),
            trace: record.take_trace().expect("an engine begins with a trace and keeps it"),
            nodes: hosts.into_iter().map(|host| host.life.map(|life| life.node)).collect(),
            counts,
            ending,
            last,
        })
    }
}

/// The request itself: each act of a plan comes once.
fn take_request<R>(act: &mut Act<R>) -> Option<R> {
    match mem::replace(act, Act::Heal) {
        Act::Request { request, .. } => Some(request),
        _ => None,
    }
}

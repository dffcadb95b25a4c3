//! All orders in which messages can arrive: what no seed may have hit upon is found here, or shown not to exist.
//!
//! Time plays no part. What happens is that a message arrives, or a request of a client, or that a timer runs out;
//! whatever is under way may be next. [`explore`] runs one order of all that differ in nothing but the order of arrivals at *different*
//! nodes, since no node can tell them apart; [`survey`] looks at every moment once, shortest runs first.
//!
//! The method is source-DPOR (Abdulla, Aronis, Jonsson, Sagonas, *Source Sets*, JACM 2017) with sleep sets (Godefroid
//! 1996). Each arrival is scanned for races when it is executed, so runs that sleep sets cut are scanned too: to scan
//! finished runs alone loses some. Which messages are lost, which arrive twice and which timers run out is decided
//! before a run, by their names, and each set of those that can occur is explored once.

mod exploration;
mod faults;
mod letter;
mod races;
mod run;
mod schedule;
mod scope;
mod search;
mod survey;
mod symmetry;
mod system;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, VecDeque};

use constellation_fabric::Node;
use constellation_trace::NodeId;

pub use exploration::{Bound, Exploration, Extent, Violation, Visit};
use faults::Faults;
pub use letter::{Letter, Source};
pub use run::{Histories, Run, State};
pub use schedule::{Ending, Schedule};
pub use scope::Scope;
use search::Search;
pub use survey::survey;
pub use symmetry::{Rename, Renaming};
use system::{System, Unwatched};

use crate::error::WorldError;

/// Shows `observe` one finished run for each way in which what arrives at the nodes can be ordered.
///
/// Two orders that differ only in how arrivals at different nodes follow each other are one: every node sees the
/// same in both. So the verdict reaches as far as what `observe` asks is about what the nodes see and are at the
/// end; for all nodes together at every moment, see [`survey`]. A run cut at [`Scope::depth_max`] is shown as it
/// is then, and the exploration is not complete.
///
/// The factory is called anew for each set of faults. Costs, for each arrival executed, a clone of its node and a
/// pass over what arrived since the arrival before it there; memory grows with the length of a run alone, besides
/// one entry for each set of faults.
///
/// ```
/// use constellation_fabric::{Effects, Input, Node, Now};
/// use constellation_sim::explore::{Extent, Scope, Visit, explore};
/// use constellation_trace::NodeId;
///
/// /// Adds what it is told; doubles what it has when told 0.
/// #[derive(Clone)]
/// struct Sum(u64);
///
/// impl Node for Sum {
///     type Message = u64;
///     type Request = u64;
///
///     fn on(&mut self, _now: Now, input: Input<u64, u64>, effects: &mut Effects<u64>) {
///         match input {
///             Input::Request(n) => effects.send(NodeId::new(0), n),
///             Input::Message { message: 0, .. } => self.0 *= 2,
///             Input::Message { message, .. } => self.0 += message,
///             _ => {}
///         }
///     }
/// }
///
/// let asked = [(1, 5), (2, 0)].map(|(node, n)| (NodeId::new(node), n));
/// let scope = Scope { requests: asked.to_vec(), ..Scope::new(["sum", "pacific", "atlantic"]) };
/// let mut sums = Vec::new();
/// let found = explore(&scope, |_| Sum(0), |run| {
///     sums.push(run.nodes()[0].0);
///     Visit::Fine
/// })?;
/// // The two requests may come in either order, which nobody can tell; the two messages may, and it matters.
/// assert_eq!(sums, [10, 5]);
/// assert_eq!((found.visited, found.extent), (2, Extent::Complete));
/// # Ok::<(), constellation_sim::WorldError>(())
/// ```
///
/// # Errors
/// [`WorldError::Names`], [`WorldError::Plan`] for a scope that contradicts itself, [`WorldError::Node`] for a node
/// that sends to nobody.
pub fn explore<N>(
    scope: &Scope<N::Request>,
    factory: impl FnMut(NodeId) -> N,
    observe: impl FnMut(Run<'_, N>) -> Visit,
) -> Result<Exploration, WorldError>
where
    N: Node<Request: Clone> + Clone,
{
    explore_by(scope, Reduction::SourceSets, factory, observe)
}

/// How much of what nobody can tell apart is left out.
///
/// [`explore`] uses the last; the others are the slow obvious twins against which it is tested.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reduction {
    /// Nothing: every order is run.
    None,
    /// Sleep sets: one finished run for each class of orders, but many begun and given up.
    SleepSets,
    /// Source sets and sleep sets: hardly any is begun in vain.
    SourceSets,
}

/// As [`explore`], by a given reduction.
///
/// # Errors
/// As [`explore`].
pub fn explore_by<N>(
    scope: &Scope<N::Request>,
    reduction: Reduction,
    factory: impl FnMut(NodeId) -> N,
    observe: impl FnMut(Run<'_, N>) -> Visit,
) -> Result<Exploration, WorldError>
where
    N: Node<Request: Clone> + Clone,
{
    explore_all(scope, (reduction, Slip::None), factory, observe)
}

/// A mistake that one could make here; the tests make each and must find out.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(not(test), allow(dead_code, reason = "only tests slip"))]
enum Slip {
    None,
    /// Looks for races in finished runs alone, not in those that sleep sets cut.
    ScansFinishedRunsOnly,
    /// Has source sets without sleep sets.
    NeverSleeps,
    /// Lets what sleeps sleep on when something arrives at the same node.
    WakesNobody,
    /// Takes two arrivals for dependent when they have one sender, not when they have one receiver.
    WakesBySender,
    /// Does not try a timer before what set it anew.
    ForgetsReplacedTimers,
    /// Tries only the later arrival of a race, and so nothing where it had not been sent yet.
    TriesTheLaterOnly,
}

/// Every set of faults that can occur, those with few first, each with all orders under it.
///
/// A set is prepared when a run under one fault less sent the message in question. That reaches every run: take
/// away the fault that occurs last in it, and the run up to there is one under the smaller set.
fn explore_all<N>(
    scope: &Scope<N::Request>,
    method: (Reduction, Slip),
    mut factory: impl FnMut(NodeId) -> N,
    mut observe: impl FnMut(Run<'_, N>) -> Visit,
) -> Result<Exploration, WorldError>
where
    N: Node<Request: Clone> + Clone,
{
    scope.check()?;
    let mut found = Exploration::new();
    let mut prepared = BTreeSet::from([Faults::default()]);
    let mut ahead = VecDeque::from([Faults::default()]);
    while let Some(faults) = ahead.pop_front() {
        let system = System::new(scope, faults.clone(), &mut factory, &mut Unwatched)?;
        let search = Search::new(scope, system, faults.len(), method, &mut found, &mut observe);
        let Some(most) = search.run()? else { return Ok(found) };
        for more in faults.with_one_more(scope, &most) {
            if prepared.insert(more.clone()) {
                ahead.push_back(more);
            }
        }
    }
    Ok(found)
}

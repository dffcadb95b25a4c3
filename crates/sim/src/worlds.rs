//! Many runs of one setup, as fast as they go: what a hunt for a bad seed runs.

use std::mem;

use constellation_fabric::{Choices, Effects, Network, Node, Words};
use constellation_trace::{NodeId, TrueTime};

use crate::digest::Digest;
use crate::engine::{Engine, Outside};
use crate::error::WorldError;
use crate::outcome::{Counts, Ending};
use crate::plan::Act;
use crate::setup::Setup;

/// Runs one setup again and again, each time with other luck, and keeps nothing but the digest.
///
/// Each run is the one that a [`World`](crate::World) of the same setup and luck makes: same ends, same counts, same
/// [`Digest`]. It has no trace; to see what happened, make that world. In return it takes the same memory however
/// long it is, and after the first run nothing is allocated but by nodes, and where a run needs more room than
/// any before it. Labels and claims are dropped ([`Words::Dropped`]); that two
/// updates have one name, or that an event has two claims of one kind, is found by the world alone.
///
/// ```
/// use std::time::Duration;
/// use constellation_fabric::{Effects, Input, Link, Network, Node, Now};
/// use constellation_sim::{Seeded, Setup, World, Worlds};
/// use constellation_trace::{NodeId, TrueTime};
///
/// /// Sends its number to node 0, which remembers who came last.
/// struct Race(Option<NodeId>);
///
/// impl Node for Race {
///     type Message = ();
///     type Request = ();
///
///     fn on(&mut self, _now: Now, input: Input<(), ()>, effects: &mut Effects<()>) {
///         match input {
///             Input::Message { from, .. } => self.0 = Some(from),
///             _ => effects.send(NodeId::new(0), ()),
///         }
///     }
/// }
///
/// let link = Link { latency_max: Duration::from_millis(5), ..Link::INSTANT };
/// let setup = Setup {
///     network: Network::new(link),
///     ..Setup::new(["judge", "pacific", "atlantic"], TrueTime::from_ns(1_000_000_000))
/// };
/// let mut worlds = Worlds::new(setup.clone(), |_| Race(None))?;
/// let winner = |node: Option<&Race>| node.and_then(|race| race.0);
/// let atlantic = Some(NodeId::new(2));
/// let mut found = None;
/// for seed in 0..100 {
///     let run = worlds.run(Seeded::new(seed))?;
///     if winner(run.node(NodeId::new(0))) == atlantic {
///         found = Some((seed, run.digest()));
///         break;
///     }
/// }
/// let (seed, digest) = found.expect("about one in three");
///
/// let outcome = World::new(setup, Seeded::new(seed), |_| Race(None))?.run()?;
/// assert_eq!(outcome.digest, digest);
/// # Ok::<(), constellation_sim::WorldError>(())
/// ```
pub struct Worlds<N: Node, F> {
    engine: Engine<N>,
    /// The network as the setup has it.
    network: Network,
    factory: F,
    effects: Effects<N::Message>,
}

/// A run of [`Worlds`] that came to its end.
pub struct Run<'w, N: Node> {
    engine: &'w Engine<N>,
    counts: Counts,
    ending: Ending,
}

impl<N, F> Worlds<N, F>
where
    N: Node<Request: Clone>,
    F: FnMut(NodeId) -> N,
{
    /// Makes ready, and checks the setup once for all runs.
    ///
    /// # Errors
    /// [`WorldError::Names`], [`WorldError::Plan`], [`WorldError::Machine`] or [`WorldError::UsedNetwork`].
    pub fn new(setup: Setup<N::Request>, factory: F) -> Result<Worlds<N, F>, WorldError> {
        let engine = Engine::new(setup)?;
        let effects = Effects::with_words(Words::Dropped);
        Ok(Worlds { network: engine.network().clone(), engine, factory, effects })
    }

    /// One run, from the beginning, whatever became of the one before.
    ///
    /// # Errors
    /// Any other [`WorldError`].
    pub fn run(&mut self, choices: impl Choices) -> Result<Run<'_, N>, WorldError> {
        self.engine.begin_again(&self.network);
        // A node may have put another value in its place, which keeps words.
        if self.effects.is_recorded() {
            self.effects = Effects::with_words(Words::Dropped);
        }
        let effects = mem::take(&mut self.effects);
        let mut outside = Outside { choices, factory: &mut self.factory, effects, request: copy_request };
        let ended = self.engine.run(&mut outside);
        self.effects = outside.effects;
        ended?;
        let (counts, ending) = self.engine.account()?;
        Ok(Run { engine: &self.engine, counts, ending })
    }
}

impl<'w, N: Node> Run<'w, N> {
    /// A node as it was at the end; `None` where it was down, or where there is none.
    pub fn node(&self, node: NodeId) -> Option<&'w N> {
        self.engine.hosts.get(node.index())?.life.as_ref().map(|life| &life.node)
    }

    /// The nodes as they were at the end, in the order of their ids; `None` where one was down.
    pub fn nodes(&self) -> impl ExactSizeIterator<Item = Option<&'w N>> + use<'w, N> {
        self.engine.hosts.iter().map(|host| host.life.as_ref().map(|life| &life.node))
    }

    /// What became of the messages.
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    /// How many events the trace of this run would hold.
    pub const fn events(&self) -> u32 {
        self.engine.record.events()
    }

    /// Why it ended.
    pub const fn ending(&self) -> Ending {
        self.ending
    }

    /// When the last thing happened.
    pub const fn last(&self) -> TrueTime {
        self.engine.last
    }

    /// A number that stands for all that happened.
    pub const fn digest(&self) -> Digest {
        self.engine.record.digest()
    }
}

/// A copy of the request: the plan is needed again.
fn copy_request<R: Clone>(act: &mut Act<R>) -> Option<R> {
    match act {
        Act::Request { request, .. } => Some(request.clone()),
        _ => None,
    }
}

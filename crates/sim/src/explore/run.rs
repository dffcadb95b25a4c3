//! What an explorer shows at each moment at which it asks whether all is well.

use std::cmp;

use constellation_fabric::{Node, Timer};
use constellation_trace::NodeId;

use super::letter::{Letter, Source};
use super::schedule::Schedule;
use super::symmetry::{Rename, Renaming};
use super::system::System;

/// A run, or the beginning of one, as it is shown to whoever says whether all is well.
///
/// [`explore`](super::explore) shows one run for all that differ in nothing but the order of arrivals at different
/// nodes. So ask of it what no such difference can change: what each node is at the end, and what it saw before.
pub struct Run<'a, N: Node> {
    system: &'a System<N>,
    deliveries: u64,
}

impl<N: Node> Clone for Run<'_, N> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<N: Node> Copy for Run<'_, N> {}

impl<'a, N: Node> Run<'a, N> {
    pub(super) const fn new(system: &'a System<N>, deliveries: u64) -> Run<'a, N> {
        Run { system, deliveries }
    }

    /// How many arrivals the whole exploration has executed until now, for whoever shows that it goes on.
    pub fn deliveries(&self) -> u64 {
        self.deliveries
    }

    /// The nodes as they are now, in the order of their ids.
    pub fn nodes(&self) -> &'a [N] {
        self.system.nodes()
    }

    /// Whether nothing is under way any more; timers may still be set.
    pub fn is_finished(&self) -> bool {
        self.system.is_quiet()
    }

    /// What arrived, in order; a message delivered twice stands there twice.
    pub fn arrivals(&self) -> impl Iterator<Item = Letter> + 'a {
        let system = self.system;
        system.path().iter().map(|post| system.letter(*post))
    }

    /// What arrived at this node, in order.
    pub fn arrivals_at(&self, node: NodeId) -> impl Iterator<Item = Letter> + 'a {
        self.arrivals().filter(move |letter| letter.target == node)
    }

    /// What is under way, in the order of sending, and what it says; `None` for a request.
    pub fn under_way(&self) -> impl Iterator<Item = (Letter, Option<&'a N::Message>)> + 'a {
        let system = self.system;
        let posts = system.under_way().filter(|post| system.timer(*post).is_none());
        posts.map(|post| (system.letter(post), system.message(post)))
    }

    /// What the network lost, in the order of sending.
    pub fn lost(&self) -> impl Iterator<Item = Letter> + 'a {
        self.posts_that(System::is_lost)
    }

    /// What the network delivers twice, in the order of the first arrivals.
    pub fn doubled(&self) -> impl Iterator<Item = Letter> + 'a {
        self.posts_that(System::is_copy)
    }

    fn posts_that(&self, is_so: fn(&System<N>, u32) -> bool) -> impl Iterator<Item = Letter> + 'a {
        let system = self.system;
        // The list of messages never grows to more than a u32 can number.
        (0..).take(system.posts()).filter(move |post| is_so(system, *post)).map(|post| system.letter(post))
    }

    /// How to come here again.
    pub fn schedule(&self) -> Schedule {
        Schedule {
            lost: self.lost().collect(),
            doubled: self.doubled().collect(),
            arrivals: self.arrivals().collect(),
        }
    }

    /// Everything that tells this moment from others, but for the order of arrivals at different nodes.
    pub fn histories(&self) -> Histories {
        let mut arrivals = vec![Vec::new(); self.nodes().len()];
        for letter in self.arrivals() {
            arrivals[letter.target.index()].push(letter);
        }
        let sorted = |mut letters: Vec<Letter>| {
            letters.sort_unstable();
            letters
        };
        Histories { arrivals, lost: sorted(self.lost().collect()), doubled: sorted(self.doubled().collect()) }
    }

    /// Everything that tells what can happen from here on: what the nodes are, and what is under way.
    ///
    /// Messages are known by what they say here, not by their names.
    pub fn state(&self) -> State<N, N::Message>
    where
        N: Clone,
        N::Message: Ord,
    {
        let system = self.system;
        let waits = |post: u32| {
            let Letter { source, nth, target } = system.letter(post);
            let message = system.message(post).cloned();
            let request = (source == Source::Client).then_some(nth);
            let timer = system.timer(post);
            Waiting { source, target, is_copy: system.is_copy(post), request, timer, message }
        };
        let mut under_way: Vec<_> = system.under_way().chain(system.idle_timers()).map(waits).collect();
        sort(&mut under_way, system);
        State {
            nodes: self.nodes().to_vec(),
            under_way,
            lost: self.lost().count(),
            doubled: self.doubled().count(),
            run_out: self.arrivals().filter(|letter| letter.source == Source::Timer).count(),
        }
    }

    /// The least of the states that come from renaming nodes in these ways: one for all that differ only in
    /// which of several alike nodes is which.
    ///
    /// Right only where the nodes and their links differ in nothing but names from the start, no code compares names with
    /// each other, and the promise does not tell them apart. Costs as many states as there are renamings.
    pub fn least_state(&self, renamings: &[Renaming]) -> State<N, N::Message>
    where
        N: Clone + Ord + Rename,
        N::Message: Ord + Rename,
    {
        let state = self.state();
        let renamed = renamings.iter().map(|renaming| state.renamed(renaming, self.system));
        renamed.min().unwrap_or(state)
    }
}

/// What arrived at each node in which order, and what the network did: see [`Run::histories`].
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Histories {
    arrivals: Vec<Vec<Letter>>,
    lost: Vec<Letter>,
    doubled: Vec<Letter>,
}

/// What the nodes are, what is under way, and how many faults there were: see [`Run::state`].
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct State<N, M> {
    nodes: Vec<N>,
    under_way: Vec<Waiting<M>>,
    lost: usize,
    doubled: usize,
    run_out: usize,
}

impl<N: Clone + Node<Message: Ord + Rename> + Rename> State<N, N::Message> {
    fn renamed(&self, renaming: &Renaming, system: &System<N>) -> State<N, N::Message> {
        let mut nodes: Vec<(NodeId, N)> = (0..)
            .map(NodeId::new)
            .zip(&self.nodes)
            .map(|(node, state)| (renaming.of(node), state.renamed(renaming)))
            .collect();
        nodes.sort_by_key(|(node, _)| *node);
        let waits = |waiting: &Waiting<N::Message>| {
            let source = match waiting.source {
                Source::Node(node) => Source::Node(renaming.of(node)),
                source => source,
            };
            let target = renaming.of(waiting.target);
            let message = waiting.message.as_ref().map(|message| message.renamed(renaming));
            Waiting { source, target, message, ..*waiting }
        };
        let mut under_way: Vec<_> = self.under_way.iter().map(waits).collect();
        sort(&mut under_way, system);
        let nodes = nodes.into_iter().map(|(_, state)| state).collect();
        State { nodes, under_way, lost: self.lost, doubled: self.doubled, run_out: self.run_out }
    }
}

/// Brings what is under way into an order that says nothing more than it must: on an ordered link, where the
/// order of sending tells what arrives first, it stays, since the sort is stable.
fn sort<N: Node<Message: Ord>>(under_way: &mut [Waiting<N::Message>], system: &System<N>) {
    let is_free = |waiting: &Waiting<N::Message>| match waiting.source {
        Source::Node(source) => waiting.is_copy || !system.is_ordered(source, waiting.target),
        Source::Client | Source::Timer => true,
    };
    under_way.sort_by(|one, other| {
        let link = |waiting: &Waiting<N::Message>| (waiting.source, waiting.target, waiting.is_copy);
        let says = if is_free(one) { one.message.cmp(&other.message) } else { cmp::Ordering::Equal };
        link(one).cmp(&link(other)).then(one.timer.cmp(&other.timer)).then(says)
    });
}

#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Waiting<M> {
    source: Source,
    target: NodeId,
    is_copy: bool,
    request: Option<u32>,
    timer: Option<Timer>,
    message: Option<M>,
}

//! The nodes and the messages between them at one moment of a run, where each step can be taken back.

use constellation_fabric::{Effects, Input, Node, Now, Sequence, Step, StepAct, TimerSet};
use constellation_trace::{NodeId, TraceError, TrueTime};

use super::faults::Faults;
use super::letter::{Letter, Source};
use super::scope::Scope;
use crate::error::WorldError;

/// No place in the list of messages, or no step of the run.
pub(super) const NONE: u32 = u32::MAX;

/// Is shown each step of a node, with the place of the message that it takes in, if it takes one in.
pub(super) trait Watch<M> {
    /// Looks at one step, before its messages are under way.
    fn look(&mut self, node: NodeId, step: &Step<M>, received: Option<u32>) -> Result<(), WorldError>;
}

/// Looks away.
pub(super) struct Unwatched;

impl<M> Watch<M> for Unwatched {
    fn look(&mut self, _node: NodeId, _step: &Step<M>, _received: Option<u32>) -> Result<(), WorldError> {
        Ok(())
    }
}

/// One moment of a run: what the nodes are, what is under way, and what arrived until now.
///
/// Messages stand in the order of sending. Those under way are a doubly linked list through them, from which an
/// arrival takes one out; since its own links stay, taking the arrival back puts it in again where it was.
#[derive(Clone)]
pub(super) struct System<N: Node> {
    nodes: Vec<N>,
    posts: Vec<Post<N::Message, N::Request>>,
    first: u32,
    last: u32,
    /// How many each node sent; the clients, as one sender, come after the nodes.
    sent: Vec<u32>,
    /// The latest message of each ordered link, `source * nodes + target`, else [`NONE`].
    links: Vec<u32>,
    path: Vec<u32>,
    sequence: Sequence,
    faults: Faults,
    faults_met: usize,
    has_timers: bool,
}

#[derive(Clone, Debug)]
struct Post<M, R> {
    letter: Letter,
    place: Place,
    is_copy: bool,
    /// The step of the run that sent it; [`NONE`] when it was there from the start.
    cause: u32,
    /// What must arrive or be lost before it, on an ordered link; [`NONE`] for nothing.
    ahead: u32,
    before: u32,
    after: u32,
    cargo: Cargo<M, R>,
}

#[derive(Clone, Debug)]
enum Cargo<M, R> {
    Message(M),
    Request(R),
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Place {
    UnderWay,
    Arrived,
    Lost,
}

/// Whether a copy of a message stays under way when it arrives.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Copies {
    One,
    Two,
}

/// What is needed to take an arrival back.
pub(super) struct Undo<N> {
    node: N,
    posts: usize,
}

impl<N: Node<Request: Clone>> System<N> {
    /// All nodes have started, all requests are under way.
    pub(super) fn new(
        scope: &Scope<N::Request>,
        faults: Faults,
        factory: &mut impl FnMut(NodeId) -> N,
        watch: &mut impl Watch<N::Message>,
    ) -> Result<System<N>, WorldError> {
        let count = scope.names.len();
        let ids = (0..).map(NodeId::new).take(count);
        let links = match scope.sequence {
            // The clients keep their order on any network.
            Sequence::Unordered => count,
            Sequence::Ordered => (count + 1) * count,
        };
        let mut system = System {
            nodes: ids.clone().map(factory).collect(),
            posts: Vec::new(),
            first: NONE,
            last: NONE,
            sent: vec![0; count + 1],
            links: vec![NONE; links],
            path: Vec::new(),
            sequence: scope.sequence,
            faults,
            faults_met: 0,
            has_timers: false,
        };
        for (target, request) in &scope.requests {
            system.post(Source::Client, *target, NONE, Cargo::Request(request.clone()))?;
        }
        for node in ids {
            system.hand(node, Input::Start, None, watch)?;
        }
        Ok(system)
    }

    /// A message that is under way and may arrive now does; [`Copies::Two`] leaves a second copy of it under way.
    pub(super) fn deliver(
        &mut self,
        post: u32,
        copies: Copies,
        watch: &mut impl Watch<N::Message>,
    ) -> Result<(), WorldError> {
        let step = number(self.path.len())?;
        self.unlink(post, Place::Arrived);
        self.path.push(post);
        let arrived = &self.posts[post as usize];
        let (letter, cargo) = (arrived.letter, arrived.cargo.clone());
        let input = match (cargo, letter.source) {
            (Cargo::Message(message), Source::Node(from)) => {
                if copies == Copies::Two {
                    self.faults_met += 1;
                    self.link(letter, true, step, NONE, Cargo::Message(message.clone()))?;
                }
                Input::Message { from, message }
            }
            (Cargo::Request(request), Source::Client) => Input::Request(request),
            _ => unreachable!("clients request and nodes send, nothing else is ever posted"),
        };
        self.hand(letter.target, input, Some(post), watch)
    }

    fn hand(
        &mut self,
        node: NodeId,
        input: Input<N::Message, N::Request>,
        received: Option<u32>,
        watch: &mut impl Watch<N::Message>,
    ) -> Result<(), WorldError> {
        let mut effects = match input {
            Input::Message { .. } => Effects::receiving(),
            _ => Effects::new(),
        };
        self.nodes[node.index()].on(Now::ZERO, input, &mut effects);
        let (steps, timers): (Vec<Step<N::Message>>, Vec<TimerSet>) = effects.into_parts();
        self.has_timers |= !timers.is_empty();
        let cause = received.map_or(Ok(NONE), |_| number(self.path.len() - 1))?;
        for step in steps {
            let taken_in = received.filter(|_| step.act == StepAct::Receive);
            watch.look(node, &step, taken_in)?;
            for (target, message) in step.sends {
                if target.index() >= self.nodes.len() {
                    let error = TraceError::UnknownNode(target);
                    return Err(WorldError::Node { node, at: self.now(), error });
                }
                self.post(Source::Node(node), target, cause, Cargo::Message(message))?;
            }
        }
        Ok(())
    }

    /// Enters a message as under way, or as lost if the faults say so.
    fn post(
        &mut self,
        source: Source,
        target: NodeId,
        cause: u32,
        cargo: Cargo<N::Message, N::Request>,
    ) -> Result<(), WorldError> {
        let count = &mut self.sent[sender(source, self.nodes.len())];
        let letter = Letter { source, nth: *count, target };
        *count = count.checked_add(1).ok_or(FULL)?;
        if self.faults.loses(letter) {
            self.faults_met += 1;
            let post = Post { place: Place::Lost, ..Post::new(letter, false, cause, NONE, NONE, cargo) };
            self.posts.push(post);
            return Ok(());
        }
        let ahead = match self.link_of(source, target) {
            None => NONE,
            Some(link) => std::mem::replace(&mut self.links[link], number(self.posts.len())?),
        };
        self.link(letter, false, cause, ahead, cargo)
    }

    fn link(
        &mut self,
        letter: Letter,
        is_copy: bool,
        cause: u32,
        ahead: u32,
        cargo: Cargo<N::Message, N::Request>,
    ) -> Result<(), WorldError> {
        let place = number(self.posts.len())?;
        self.posts.push(Post::new(letter, is_copy, cause, ahead, self.last, cargo));
        self.follow(self.last, place);
        self.last = place;
        Ok(())
    }
}

impl<M, R> Post<M, R> {
    fn new(letter: Letter, is_copy: bool, cause: u32, ahead: u32, before: u32, cargo: Cargo<M, R>) -> Self {
        Post { letter, place: Place::UnderWay, is_copy, cause, ahead, before, after: NONE, cargo }
    }
}

impl<N: Node> System<N> {
    /// A message that is under way never arrives, because a search wants it so. This cannot be taken back.
    pub(super) fn lose(&mut self, post: u32) {
        self.unlink(post, Place::Lost);
        self.faults_met += 1;
        // What waited for it now waits for what it waited for: else it would overtake that.
        let Post { letter, ahead, .. } = self.posts[post as usize];
        if let Some(behind) = self.posts.iter_mut().find(|other| other.ahead == post) {
            behind.ahead = ahead;
        } else if let Some(link) = self.link_of(letter.source, letter.target) {
            self.links[link] = ahead;
        }
    }

    /// What will be needed to take the arrival of this message back; costs a clone of its node.
    pub(super) fn prepare_undo(&self, post: u32) -> Undo<N>
    where
        N: Clone,
    {
        let node = self.nodes[self.target(post).index()].clone();
        Undo { node, posts: self.posts.len() }
    }

    /// Takes the latest arrival back.
    pub(super) fn undo(&mut self, undo: Undo<N>) {
        let post = self.path.pop().expect("an undo is kept for each arrival");
        while self.posts.len() > undo.posts {
            self.unsend();
        }
        let target = self.target(post);
        self.relink(post);
        self.nodes[target.index()] = undo.node;
    }

    fn unsend(&mut self) {
        let post = self.posts.pop().expect("there is at least one more than before the arrival");
        if post.place == Place::UnderWay {
            // What was sent last is at the end of the list: whatever came later was taken back before.
            self.last = post.before;
            self.follow(post.before, NONE);
        }
        if post.is_copy {
            self.faults_met -= 1;
            return;
        }
        self.sent[sender(post.letter.source, self.nodes.len())] -= 1;
        if post.place == Place::Lost {
            self.faults_met -= 1;
        } else if let Some(link) = self.link_of(post.letter.source, post.letter.target) {
            self.links[link] = post.ahead;
        }
    }

    fn unlink(&mut self, post: u32, to: Place) {
        let Post { before, after, place, .. } = &mut self.posts[post as usize];
        assert_eq!(*place, Place::UnderWay, "only what is under way arrives or is lost");
        *place = to;
        let (before, after) = (*before, *after);
        self.follow(before, after);
        match self.posts.get_mut(after as usize) {
            Some(next) => next.before = before,
            None => self.last = before,
        }
    }

    fn relink(&mut self, post: u32) {
        let Post { before, after, place, .. } = &mut self.posts[post as usize];
        *place = Place::UnderWay;
        let (before, after) = (*before, *after);
        self.follow(before, post);
        match self.posts.get_mut(after as usize) {
            Some(next) => next.before = post,
            None => self.last = post,
        }
    }

    fn follow(&mut self, before: u32, after: u32) {
        match self.posts.get_mut(before as usize) {
            Some(previous) => previous.after = after,
            None => self.first = after,
        }
    }

    fn link_of(&self, source: Source, target: NodeId) -> Option<usize> {
        match (source, self.sequence) {
            (Source::Client, _) => Some(target.index()),
            (Source::Node(_), Sequence::Unordered) => None,
            (Source::Node(node), Sequence::Ordered) => {
                Some((node.index() + 1) * self.nodes.len() + target.index())
            }
        }
    }

    /// Whether nothing is under way.
    pub(super) fn is_quiet(&self) -> bool {
        self.first == NONE
    }

    /// What is under way, in the order of sending, whether or not something must arrive before it.
    pub(super) fn under_way(&self) -> impl Iterator<Item = u32> {
        let present = |post: u32| (post != NONE).then_some(post);
        std::iter::successors(present(self.first), move |post| present(self.posts[*post as usize].after))
    }

    /// What may arrive next, in the order of sending.
    pub(super) fn ready(&self) -> impl Iterator<Item = u32> {
        self.under_way().filter(|post| self.is_ready(*post))
    }

    fn is_ready(&self, post: u32) -> bool {
        let ahead = self.posts.get(self.posts[post as usize].ahead as usize);
        ahead.is_none_or(|ahead| ahead.place != Place::UnderWay)
    }

    /// As many copies as the faults say.
    pub(super) fn copies(&self, post: u32) -> Copies {
        let is_doubled = !self.is_copy(post) && self.faults.doubles(self.letter(post));
        if is_doubled { Copies::Two } else { Copies::One }
    }

    pub(super) fn is_copy(&self, post: u32) -> bool {
        self.posts[post as usize].is_copy
    }

    pub(super) fn is_lost(&self, post: u32) -> bool {
        self.posts[post as usize].place == Place::Lost
    }

    pub(super) fn letter(&self, post: u32) -> Letter {
        self.posts[post as usize].letter
    }

    pub(super) fn target(&self, post: u32) -> NodeId {
        self.posts[post as usize].letter.target
    }

    /// The step that sent it, or [`NONE`].
    pub(super) fn cause(&self, post: u32) -> u32 {
        self.posts[post as usize].cause
    }

    /// What had to arrive before it, or [`NONE`].
    pub(super) fn ahead(&self, post: u32) -> u32 {
        self.posts[post as usize].ahead
    }

    /// What a message under way says; `None` for a request of a client.
    pub(super) fn message(&self, post: u32) -> Option<&N::Message> {
        match &self.posts[post as usize].cargo {
            Cargo::Message(message) => Some(message),
            Cargo::Request(_) => None,
        }
    }

    /// How many messages were sent, lost ones and copies too.
    pub(super) fn posts(&self) -> usize {
        self.posts.len()
    }

    pub(super) fn path(&self) -> &[u32] {
        &self.path
    }

    /// Whether the messages of one link keep their order.
    pub(super) fn is_ordered(&self) -> bool {
        self.sequence == Sequence::Ordered
    }

    pub(super) fn nodes(&self) -> &[N] {
        &self.nodes
    }

    /// How many messages each node sent.
    pub(super) fn sent(&self) -> &[u32] {
        &self.sent[..self.nodes.len()]
    }

    /// How many faults have occurred.
    pub(super) fn faults_met(&self) -> usize {
        self.faults_met
    }

    /// Whether a node ever set a timer, in this run or in one that was taken back.
    pub(super) fn has_timers(&self) -> bool {
        self.has_timers
    }

    /// Time as an order has it: one nanosecond an arrival.
    pub(super) fn now(&self) -> TrueTime {
        TrueTime::from_ns(u64::try_from(self.path.len()).unwrap_or(u64::MAX))
    }
}

const FULL: WorldError = WorldError::Trace { at: TrueTime::from_ns(0), error: TraceError::Full };

fn number(place: usize) -> Result<u32, WorldError> {
    u32::try_from(place).ok().filter(|place| *place != NONE).ok_or(FULL)
}

fn sender(source: Source, nodes: usize) -> usize {
    match source {
        Source::Node(node) => node.index(),
        Source::Client => nodes,
    }
}

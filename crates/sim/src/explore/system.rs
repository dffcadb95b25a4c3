//! The nodes and the messages between them at one moment of a run, where each step can be taken back.

use constellation_fabric::{Effects, Input, Node, Now, Sequence, Step, StepAct, Timer, TimerSet, Words};
use constellation_trace::{NodeId, TraceError, TrueTime};

use super::faults::{Faults, Tally};
use super::letter::{Letter, Source};
use super::scope::Scope;
use crate::error::WorldError;

/// No place in the list of messages, or no step of the run.
pub(super) const NONE: u32 = u32::MAX;

/// How long an arrival takes in a trace, where time shows nothing but the order: a millisecond, which a timeline shows.
pub(super) const ARRIVAL_NS: u64 = 1_000_000;

/// Is shown each step of a node, with the place of the message that it takes in, if it takes one in.
pub(super) trait Watch<M> {
    /// Whether it reads labels and claims; where it does not, nodes may save themselves the making of them.
    const WORDS: Words;

    /// Looks at one step, before its messages are under way.
    fn look(&mut self, node: NodeId, step: &Step<M>, received: Option<u32>) -> Result<(), WorldError>;
}

/// Looks away.
pub(super) struct Unwatched;

impl<M> Watch<M> for Unwatched {
    const WORDS: Words = Words::Dropped;

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
    tally: Tally,
    /// How many requests there are.
    asked: u32,
    /// For each node the timers that are set, with their places in the list.
    timers: Vec<Vec<(Timer, u32)>>,
    /// Which timers, of those that are to run out, the latest arrival replaced.
    replaced: Vec<u32>,
    /// The latest message of each ordered link, `source * nodes + target`, else [`NONE`]; those of the clients first.
    links: Vec<u32>,
    path: Vec<u32>,
    /// Of each link, `source * nodes + target`; nothing where none keeps its order.
    sequences: Vec<Sequence>,
    faults: Faults,
    faults_met: usize,
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
    Timer(Timer),
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Place {
    UnderWay,
    /// A timer that is set and does not run out, unless a search wants it so.
    Idle,
    /// A timer that was set anew before it ran out.
    Replaced,
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
    timers: Vec<(Timer, u32)>,
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
        let pairs = ids.clone().flat_map(|source| ids.clone().map(move |target| (source, target)));
        let sequences: Vec<Sequence> = if scope.sequence == Sequence::Unordered && scope.exceptions.is_empty()
        {
            Vec::new()
        } else {
            pairs.map(|(source, target)| scope.sequence_of(source, target)).collect()
        };
        // The clients keep their order on any network.
        let links = count + sequences.len();
        let mut system = System {
            nodes: ids.clone().map(factory).collect(),
            posts: Vec::new(),
            first: NONE,
            last: NONE,
            tally: Tally { sent: vec![0; count], set: vec![0; count] },
            asked: 0,
            timers: vec![Vec::new(); count],
            replaced: Vec::new(),
            links: vec![NONE; links],
            path: Vec::new(),
            sequences,
            faults,
            faults_met: 0,
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
        self.replaced.clear();
        let arrived = &self.posts[post as usize];
        let (letter, cargo) = (arrived.letter, arrived.cargo.clone());
        let copy = (copies == Copies::Two).then(|| cargo.clone());
        let input = match (cargo, letter.source) {
            (Cargo::Message(message), Source::Node(from)) => Input::Message { from, message },
            (Cargo::Request(request), Source::Client) => Input::Request(request),
            (Cargo::Timer(timer), Source::Timer) => {
                self.faults_met += 1;
                self.timers[letter.target.index()].retain(|(_, set)| *set != post);
                Input::Timer(timer)
            }
            _ => unreachable!("clients request, nodes send and timers run out, nothing else is ever posted"),
        };
        self.hand(letter.target, input, Some(post), watch)?;
        if let Some(cargo) = copy {
            self.faults_met += 1;
            self.link(letter, true, step, NONE, cargo)?;
        }
        Ok(())
    }

    /// A client asks something that the scope does not know of, at once. This cannot be taken back.
    pub(super) fn ask(
        &mut self,
        node: NodeId,
        request: N::Request,
        watch: &mut impl Watch<N::Message>,
    ) -> Result<(), WorldError> {
        self.hand(node, Input::Request(request), None, watch)
    }

    fn hand<W: Watch<N::Message>>(
        &mut self,
        node: NodeId,
        input: Input<N::Message, N::Request>,
        received: Option<u32>,
        watch: &mut W,
    ) -> Result<(), WorldError> {
        let mut effects = Effects::with_words(W::WORDS);
        if matches!(input, Input::Message { .. }) {
            effects.renew_receiving();
        }
        self.nodes[node.index()].on(Now::ZERO, input, &mut effects);
        let (steps, timers) = effects.into_parts();
        // Before anything new is under way, so that it can be taken back after that.
        self.replace(node, &timers);
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
        for (nth, set) in timers.iter().enumerate() {
            let is_replaced = timers[nth + 1..].iter().any(|later| later.timer == set.timer);
            self.set(node, set.timer, cause, is_replaced)?;
        }
        Ok(())
    }

    fn set(&mut self, node: NodeId, timer: Timer, cause: u32, is_replaced: bool) -> Result<(), WorldError> {
        let count = &mut self.tally.set[node.index()];
        let letter = Letter { source: Source::Timer, nth: *count, target: node };
        *count = count.checked_add(1).ok_or(FULL)?;
        let post = number(self.posts.len())?;
        if !is_replaced {
            self.timers[node.index()].push((timer, post));
            if self.faults.lets_run_out(letter) {
                return self.link(letter, false, cause, NONE, Cargo::Timer(timer));
            }
        }
        let place = if is_replaced { Place::Replaced } else { Place::Idle };
        self.posts.push(Post { place, ..Post::new(letter, false, cause, NONE, NONE, Cargo::Timer(timer)) });
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
        let count = match source {
            Source::Node(node) => &mut self.tally.sent[node.index()],
            _ => &mut self.asked,
        };
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
        Undo { node, posts: self.posts.len(), timers: self.timers[self.target(post).index()].clone() }
    }

    /// Takes the latest arrival back.
    pub(super) fn undo(&mut self, undo: Undo<N>) {
        let post = self.path.pop().expect("an undo is kept for each arrival");
        while self.posts.len() > undo.posts {
            self.unsend();
        }
        let target = self.target(post);
        let is_timer = self.letter(post).source == Source::Timer;
        for &(_, set) in undo.timers.iter().rev().filter(|(_, set)| *set != post) {
            if self.posts[set as usize].place == Place::Replaced {
                self.relink_timer(set);
            }
        }
        if is_timer {
            self.faults_met -= 1;
        }
        self.relink(post);
        self.timers[target.index()] = undo.timers;
        self.nodes[target.index()] = undo.node;
    }

    fn relink_timer(&mut self, post: u32) {
        if self.faults.lets_run_out(self.letter(post)) {
            self.relink(post);
        } else {
            self.posts[post as usize].place = Place::Idle;
        }
    }

    /// What is set of these timers does not run out any more.
    fn replace(&mut self, node: NodeId, timers: &[TimerSet]) {
        let set_before = std::mem::take(&mut self.timers[node.index()]);
        for (timer, post) in set_before {
            if !timers.iter().any(|set| set.timer == timer) {
                self.timers[node.index()].push((timer, post));
                continue;
            }
            if self.posts[post as usize].place == Place::UnderWay {
                self.replaced.push(post);
            }
            self.unlink(post, Place::Replaced);
        }
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
        match post.letter.source {
            Source::Node(node) => self.tally.sent[node.index()] -= 1,
            Source::Client => self.asked -= 1,
            Source::Timer => self.tally.set[post.letter.target.index()] -= 1,
        }
        if post.place == Place::Lost {
            self.faults_met -= 1;
        } else if let Some(link) = self.link_of(post.letter.source, post.letter.target) {
            self.links[link] = post.ahead;
        }
    }

    fn unlink(&mut self, post: u32, to: Place) {
        let Post { before, after, place, .. } = &mut self.posts[post as usize];
        let from = std::mem::replace(place, to);
        if from == Place::Idle {
            return;
        }
        assert_eq!(from, Place::UnderWay, "only what is under way arrives or is lost");
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
        match source {
            Source::Client => Some(target.index()),
            Source::Node(node) if self.is_ordered(node, target) => {
                Some((node.index() + 1) * self.nodes.len() + target.index())
            }
            Source::Node(_) | Source::Timer => None,
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

    /// What a message under way says; `None` for what is no message.
    pub(super) fn message(&self, post: u32) -> Option<&N::Message> {
        match &self.posts[post as usize].cargo {
            Cargo::Message(message) => Some(message),
            Cargo::Request(_) | Cargo::Timer(_) => None,
        }
    }

    /// How many messages were sent, lost ones and copies too.
    pub(super) fn posts(&self) -> usize {
        self.posts.len()
    }

    pub(super) fn path(&self) -> &[u32] {
        &self.path
    }

    /// Whether the messages of this link keep their order.
    pub(super) fn is_ordered(&self, source: NodeId, target: NodeId) -> bool {
        let link = source.index() * self.nodes.len() + target.index();
        self.sequences.get(link) == Some(&Sequence::Ordered)
    }

    pub(super) fn nodes(&self) -> &[N] {
        &self.nodes
    }

    /// How many messages each node sent, and how many timers it set.
    pub(super) fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Which timers that were to run out the latest arrival replaced.
    pub(super) fn replaced(&self) -> &[u32] {
        &self.replaced
    }

    /// Which timers are set and do not run out, unless a search wants it so.
    pub(super) fn idle_timers(&self) -> impl Iterator<Item = u32> {
        let is_idle = |post: &u32| self.posts[*post as usize].place == Place::Idle;
        self.timers.iter().flatten().map(|(_, post)| *post).filter(is_idle)
    }

    /// The timer that this is the end of.
    pub(super) fn timer(&self, post: u32) -> Option<Timer> {
        match &self.posts[post as usize].cargo {
            Cargo::Timer(timer) => Some(*timer),
            _ => None,
        }
    }

    /// How many faults have occurred.
    pub(super) fn faults_met(&self) -> usize {
        self.faults_met
    }

    /// Whether no more timers may run out than are to in this run.
    pub(super) fn run_out_all_that_may<R>(&self, scope: &Scope<R>) -> bool {
        self.faults.run_out_all_that_may(scope)
    }

    /// Time as an order has it: [`ARRIVAL_NS`] an arrival.
    pub(super) fn now(&self) -> TrueTime {
        // Saturating: a run of 2^44 arrivals fits into no memory.
        TrueTime::from_ns(u64::try_from(self.path.len()).unwrap_or(u64::MAX).saturating_mul(ARRIVAL_NS))
    }
}

const FULL: WorldError = WorldError::Trace { at: TrueTime::from_ns(0), error: TraceError::Full };

fn number(place: usize) -> Result<u32, WorldError> {
    u32::try_from(place).ok().filter(|place| *place != NONE).ok_or(FULL)
}

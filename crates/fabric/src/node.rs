//! How protocol code meets the world: one input in, effects out, nothing else.

use std::mem;
use std::time::Duration;

use constellation_trace::{Call, Claim, Completion, Elapsed, NodeId, WallTime};

/// A protocol: a state machine that opens no socket, reads no clock, sleeps and draws nothing by itself.
///
/// The same value runs under any driver. It must be deterministic: equal state, time and input, equal effects.
pub trait Node {
    /// What it sends to other nodes.
    type Message: Clone;
    /// What its clients ask of it.
    type Request;

    /// Takes one input and says what follows. `now` is what this node's own clocks show, right or wrong.
    fn on(
        &mut self,
        now: Now,
        input: Input<Self::Message, Self::Request>,
        effects: &mut Effects<Self::Message>,
    );

    /// How many bytes `message` is on a link. With 0, which is what it says unless a node says otherwise, no rate and
    /// no size concerns it. To be the same whenever it is asked of one message; it is asked only where a link has a
    /// rate or a size.
    fn wire_bytes(message: &Self::Message) -> u32 {
        let _ = message;
        0
    }

    /// What arrives when bits of `message` flip and no checksum sees it; `None`, which is what it says unless a node
    /// says otherwise, where that cannot be read as a message any more, so that it is lost.
    ///
    /// `how` says which bits: a number below [`Network::CORRUPTIONS`](crate::Network::CORRUPTIONS), of which each gives
    /// always the same, such as the bit of that number, counted from the first again after the last.
    fn corrupted(message: &Self::Message, how: u32) -> Option<Self::Message> {
        let _ = (message, how);
        None
    }
}

/// What a node's own clocks show at the moment of an input.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Now {
    /// The wall clock: says when to people, and may lie.
    pub wall: WallTime,
    /// The monotonic clock: says how long, and means nothing to any other node.
    pub elapsed: Elapsed,
}

impl Now {
    /// Both clocks at their origin, for drivers and tests in which time plays no part.
    pub const ZERO: Now = Now { wall: WallTime::from_ns(0), elapsed: Elapsed::from_ns(0) };
}

/// What can happen to a node.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Input<M, R> {
    /// It begins for the first time; its first input, unless it crashes before that.
    Start,
    /// It begins again after a crash, as a fresh value; always the first input of such a one. A node that does not
    /// believe the state that it is handed says so with [`Effects::refuse`] or [`Effects::fall_back`].
    Restart {
        /// What the last [`Effects::persist`] before the crash wrote, or what is left of a later [`Effects::store`];
        /// `None` when the disk holds nothing. Of a disk that may rot or tear, nothing says that these bytes are
        /// what was written.
        state: Option<Vec<u8>>,
        /// How many lives it had before, at least 1.
        incarnation: u32,
    },
    /// A message arrived.
    Message {
        /// Who sent it.
        from: NodeId,
        /// What it says.
        message: M,
    },
    /// A timer that it set has run out.
    Timer(Timer),
    /// A client asks for something.
    Request(R),
    /// The disk had no room for what the latest input wrote, so that nothing of what was said in answer to it was
    /// carried out: no step, no timer; a message did not arrive, and a request was not heard. Whoever changed its mind
    /// together with what it wrote has to change it back.
    ///
    /// What is said in answer to this is lost too if it has no room, and nobody is told again.
    DiskFull,
    /// It is to leave for good: its last input, after which nothing comes, not even [`Input::DiskFull`]. What it sends in
    /// answer still goes out, unless it writes in answer what its disk has no room for.
    Leave,
}

/// The name of a timer, chosen by the node; setting it again replaces the earlier setting.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Timer(pub u32);

/// What a node wants done, collected step by step; the driver carries it out in order.
///
/// Each step is one event of the trace. What a node sends, and what its clocks say, belong to the latest step;
/// where there is none yet, a nameless local one begins.
///
/// A driver that handles many inputs keeps one value and begins anew with [`Effects::renew`], so that nothing is
/// allocated for each.
#[derive(Clone, Debug)]
pub struct Effects<M> {
    /// The first `begun` of them; what is behind keeps its memory for later ones.
    steps: Vec<Step<M>>,
    begun: usize,
    timers: Vec<TimerSet>,
    words: Words,
    belief: Belief,
}

/// What a node makes of the message, or of the state, that it is given.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Belief {
    All,
    AllButTheLastWrite,
    Nothing,
}

/// Whether labels and claims are of use to anybody.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Words {
    /// They are recorded.
    Kept,
    /// Nobody records them.
    Dropped,
}

/// One event at the node, with what it sent and what its clocks said of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Step<M> {
    /// What happened.
    pub act: StepAct,
    /// What to call it in a timeline; empty for nothing.
    pub label: String,
    /// What the node's clocks say of it.
    pub claims: Vec<Claim>,
    /// To whom it sends what.
    pub sends: Vec<(NodeId, M)>,
}

/// What kind of step it is.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum StepAct {
    /// Something at the node alone.
    Local,
    /// The message of this input was let in; only ever the first step. Without it the message was refused.
    Receive,
    /// These bytes are to be on disk before anything later is carried out.
    Persist(Vec<u8>),
    /// These bytes are written, but may be lost or torn in a crash until they are synced.
    Store(Vec<u8>),
    /// What was stored is to be on disk before anything later is carried out.
    Sync,
    /// A client's update was accepted.
    Write {
        /// Under which key.
        key: String,
        /// The name of this update, unique under its key.
        update: String,
        /// The updates that it means to supersede.
        saw: Vec<String>,
    },
    /// The node showed what it holds under a key.
    Read {
        /// Which key.
        key: String,
        /// The updates shown.
        shows: Vec<String>,
    },
    /// A client began an operation of its own.
    Invoke {
        /// What this process calls it, unique within the process.
        number: u32,
        /// What it asks.
        call: Call,
    },
    /// An operation that this process began ended, as far as it knows; each does once at most.
    Complete {
        /// Which, by the number with which it was begun.
        number: u32,
        /// How.
        completion: Completion,
    },
}

/// A timer to be set, or set anew.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TimerSet {
    /// Which.
    pub timer: Timer,
    /// After how long, by the node's monotonic clock.
    pub after: Duration,
}

impl<M> Effects<M> {
    /// No effects yet, for an input that is no message.
    pub const fn new() -> Effects<M> {
        Effects::with_words(Words::Kept)
    }

    /// No effects yet, for a driver that says whether it has any use for labels and claims.
    pub const fn with_words(words: Words) -> Effects<M> {
        Effects { steps: Vec::new(), begun: 0, timers: Vec::new(), words, belief: Belief::All }
    }

    /// No effects yet but that a message was received.
    pub fn receiving() -> Effects<M> {
        let mut effects = Effects::new();
        effects.begin(StepAct::Receive);
        effects
    }

    /// No effects any more, as after [`Effects::new`] but for the memory, which is kept.
    #[inline(always)]
    pub fn renew(&mut self) {
        self.begun = 0;
        self.timers.clear();
        self.belief = Belief::All;
    }

    /// No effects any more but that a message was received, as after [`Effects::receiving`] but for the memory.
    #[inline(always)]
    pub fn renew_receiving(&mut self) {
        self.renew();
        self.begin_receive();
    }

    /// Holds what `other` held, with each message wrapped, in place of what it held itself; `other` is empty then.
    ///
    /// For a node made of another one, whose messages are some of its own. Allocates nothing that is not kept.
    ///
    /// ```
    /// use constellation_fabric::Effects;
    /// use constellation_trace::NodeId;
    ///
    /// let mut inner = Effects::receiving();
    /// inner.send(NodeId::new(1), 7);
    /// let mut outer = Effects::receiving();
    /// outer.take_over(&mut inner, Some);
    /// assert_eq!(outer.steps()[0].sends, [(NodeId::new(1), Some(7))]);
    /// assert_eq!((outer.steps().len(), inner.steps().len()), (1, 0));
    ///
    /// inner.refuse();
    /// outer.take_over(&mut inner, Some);
    /// assert!(outer.has_refused() && !inner.has_refused());
    /// ```
    pub fn take_over<L>(&mut self, other: &mut Effects<L>, mut wrap: impl FnMut(L) -> M) {
        self.renew();
        for from in other.steps_mut() {
            let step = self.next_step();
            step.act = mem::replace(&mut from.act, StepAct::Local);
            mem::swap(&mut step.label, &mut from.label);
            mem::swap(&mut step.claims, &mut from.claims);
            step.sends.extend(from.sends.drain(..).map(|(to, message)| (to, wrap(message))));
        }
        self.timers.extend_from_slice(&other.timers);
        self.belief = other.belief;
        other.renew();
    }

    /// Whether anybody records labels and claims. Where nobody does, they are dropped, and a node may save itself
    /// the making of them; nothing else may depend on it.
    ///
    /// ```
    /// use constellation_fabric::{Effects, Words};
    ///
    /// let mut effects: Effects<()> = Effects::with_words(Words::Dropped);
    /// effects.event("a text");
    /// assert_eq!(effects.steps()[0].label, "");
    /// assert!(!effects.is_recorded());
    /// ```
    pub const fn is_recorded(&self) -> bool {
        matches!(self.words, Words::Kept)
    }

    /// The message of this input is not let in: for whoever judges the run it never arrived, and nothing that the
    /// node does later follows from it. Say why with an [`Effects::event`] afterwards.
    ///
    /// The state that a restart is handed can be refused in the same way, by a node that finds it torn or rotten: for
    /// the judge it then remembers nothing. One that still believes what was there before the last write says
    /// [`Effects::fall_back`] instead.
    ///
    /// ```
    /// use constellation_fabric::Effects;
    ///
    /// let mut effects: Effects<()> = Effects::receiving();
    /// effects.refuse();
    /// effects.event("refuses a stamp from the far future");
    /// assert_eq!(effects.steps().len(), 1);
    /// ```
    pub fn refuse(&mut self) {
        if self.steps().first().is_some_and(|step| step.act == StepAct::Receive) {
            self.steps[..self.begun].rotate_left(1);
            self.begun -= 1;
        }
        self.belief = Belief::Nothing;
    }

    /// Of the state that a restart is handed the node believes nothing of the last write: it goes on from what the disk
    /// held before that, as one does that appends to a file and finds the end of it torn or rotten. For the judge it
    /// then remembers no more.
    ///
    /// ```
    /// use constellation_fabric::Effects;
    ///
    /// let state = [b"ballot 7\n".as_slice(), b"ball"].concat();
    /// let mut effects: Effects<()> = Effects::new();
    /// let whole = state.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    /// if whole < state.len() {
    ///     effects.fall_back();
    /// }
    /// assert!(effects.has_fallen_back() && !effects.has_refused());
    /// ```
    pub const fn fall_back(&mut self) {
        self.belief = Belief::AllButTheLastWrite;
    }

    /// Whether the node believes all of the state of this input but the last write.
    pub const fn has_fallen_back(&self) -> bool {
        matches!(self.belief, Belief::AllButTheLastWrite)
    }

    /// Whether the node refused the message, or the state, of this input.
    pub const fn has_refused(&self) -> bool {
        matches!(self.belief, Belief::Nothing)
    }

    /// Something happened at the node, called `label` in a timeline.
    pub fn event(&mut self, label: impl Into<String>) {
        self.begin_local();
        self.label(label);
    }

    /// A client's update was accepted under `key`, meant to supersede the updates that the client `saw`.
    pub fn write(&mut self, key: impl Into<String>, update: impl Into<String>, saw: Vec<String>) {
        self.begin(StepAct::Write { key: key.into(), update: update.into(), saw });
    }

    /// The node showed these updates under `key`.
    pub fn read(&mut self, key: impl Into<String>, shows: Vec<String>) {
        self.begin(StepAct::Read { key: key.into(), shows });
    }

    /// A client began the operation that this process calls `number`, a number that it gives once.
    pub fn invoke(&mut self, number: u32, call: Call) {
        self.begin(StepAct::Invoke { number, call });
    }

    /// The operation that this process calls `number` ended, as far as it knows; each does once at most.
    pub fn complete(&mut self, number: u32, completion: Completion) {
        self.begin(StepAct::Complete { number, completion });
    }

    /// `state` is to be on disk before anything later is carried out; a restart will be handed the last one.
    ///
    /// This is [`Effects::store`] and [`Effects::sync`] in one, and what most protocols want.
    pub fn persist(&mut self, state: Vec<u8>) {
        self.begin(StepAct::Persist(state));
    }

    /// `state` is written in place of what was written before, without waiting for the disk: until [`Effects::sync`], a
    /// crash may lose it, or leave only its beginning over the bytes that were there before. Of several such writes a
    /// crash leaves any number, the last of them whole or torn.
    ///
    /// Cheaper on a real disk than [`Effects::persist`], and right as long as nobody is told before the sync.
    ///
    /// ```
    /// use constellation_fabric::{Effects, StepAct};
    /// use constellation_trace::NodeId;
    ///
    /// let mut effects = Effects::new();
    /// effects.store(b"ballot 7".to_vec());
    /// effects.sync();
    /// effects.send(NodeId::new(1), "I promise");
    /// assert_eq!(effects.steps()[0].act, StepAct::Store(b"ballot 7".to_vec()));
    /// assert_eq!((&effects.steps()[1].act, effects.steps()[1].sends.len()), (&StepAct::Sync, 1));
    /// ```
    pub fn store(&mut self, state: Vec<u8>) {
        self.begin(StepAct::Store(state));
    }

    /// What was stored is to be on disk before anything later is carried out.
    pub fn sync(&mut self) {
        self.begin(StepAct::Sync);
        self.label("syncs its disk");
    }

    /// Calls the latest step `label` in a timeline.
    pub fn label(&mut self, label: impl Into<String>) {
        let is_recorded = self.is_recorded();
        let latest = self.latest();
        if is_recorded {
            latest.label = label.into();
        }
    }

    /// One of the node's clocks says this of the latest step; at most one claim a kind.
    pub fn claim(&mut self, claim: Claim) {
        let is_recorded = self.is_recorded();
        let latest = self.latest();
        if is_recorded {
            latest.claims.push(claim);
        }
    }

    /// Sends `message` as part of the latest step.
    #[inline(always)]
    pub fn send(&mut self, to: NodeId, message: M) {
        self.latest().sends.push((to, message));
    }

    /// Sets `timer` to run out after `after`, replacing an earlier setting of it.
    pub fn set_timer(&mut self, timer: Timer, after: Duration) {
        self.timers.push(TimerSet { timer, after });
    }

    /// The steps so far, in order.
    pub fn steps(&self) -> &[Step<M>] {
        &self.steps[..self.begun]
    }

    /// The steps so far, for a driver that takes out what it carries out and then calls [`Effects::renew`].
    pub fn steps_mut(&mut self) -> &mut [Step<M>] {
        &mut self.steps[..self.begun]
    }

    /// The timers to be set, in order.
    pub fn timers(&self) -> &[TimerSet] {
        &self.timers
    }

    /// Hands the steps and timers to the driver.
    pub fn into_parts(mut self) -> (Vec<Step<M>>, Vec<TimerSet>) {
        self.steps.truncate(self.begun);
        (self.steps, self.timers)
    }

    #[inline]
    fn begin(&mut self, act: StepAct) {
        self.next_step().act = act;
    }

    /// An act that says nothing more: where the same stood before, nothing need be dropped.
    #[inline(always)]
    fn begin_receive(&mut self) {
        let step = self.next_step();
        if !matches!(step.act, StepAct::Receive) {
            step.act = StepAct::Receive;
        }
    }

    #[inline]
    fn begin_local(&mut self) {
        let step = self.next_step();
        if !matches!(step.act, StepAct::Local) {
            step.act = StepAct::Local;
        }
    }

    /// A step that is empty but for an act, which the caller sets.
    #[inline(always)]
    fn next_step(&mut self) -> &mut Step<M> {
        if self.steps.len() == self.begun {
            let (label, claims, sends) = (String::new(), Vec::new(), Vec::new());
            self.steps.push(Step { act: StepAct::Local, label, claims, sends });
        }
        let step = &mut self.steps[self.begun];
        self.begun += 1;
        step.label.clear();
        step.claims.clear();
        step.sends.clear();
        step
    }

    #[inline(always)]
    fn latest(&mut self) -> &mut Step<M> {
        if self.begun == 0 {
            self.begin_local();
        }
        &mut self.steps[self.begun - 1]
    }
}

impl<M> Default for Effects<M> {
    fn default() -> Effects<M> {
        Effects::new()
    }
}

impl<M: PartialEq> PartialEq for Effects<M> {
    /// Equal steps and timers; kept memory is no part of it.
    fn eq(&self, other: &Effects<M>) -> bool {
        self.steps() == other.steps() && self.timers == other.timers
    }
}

impl<M: Eq> Eq for Effects<M> {}

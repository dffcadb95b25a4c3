//! How to come to one moment of a run again: what the network does, and the order of arrivals.

use constellation_fabric::{Node, Step, StepAct, Words};
use constellation_trace::{Entry, EventId, Loss, MessageId, Nemesis, NodeId, Trace, TrueTime};

use super::faults::Faults;
use super::letter::{Letter, Source};
use super::scope::Scope;
use super::system::{ARRIVAL_NS, System, Watch};
use crate::error::WorldError;
use crate::record::{action, texts};

/// An order of arrivals, with what the network loses and doubles.
#[derive(Clone, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Schedule {
    /// What is lost, in the order of sending.
    pub lost: Vec<Letter>,
    /// What arrives twice.
    pub doubled: Vec<Letter>,
    /// What arrives, in order; the copy of a message may arrive after it as one more of the same name.
    pub arrivals: Vec<Letter>,
}

/// How a run goes on after its schedule, so that whoever judges it sees how it ends: nothing more is lost, nothing
/// more comes twice, and no order is chosen any more.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Ending<R> {
    /// How often the timers that are set run out, each once and in the order of the nodes; then all arrives that
    /// this made nodes send.
    pub timer_rounds: u32,
    /// What clients ask after that, of whom, in this order; what comes of all of it arrives then.
    pub requests: Vec<(NodeId, R)>,
}

impl Schedule {
    /// How many steps it has: losses, second copies and arrivals.
    pub fn len(&self) -> usize {
        self.lost.len() + self.doubled.len() + self.arrivals.len()
    }

    /// Whether nothing happens in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The steps, one line each: first what the network does, then what arrives.
    ///
    /// Messages of a node are counted from 1, as people do. A node without a name is shown by its number.
    pub fn steps(&self, names: &[String]) -> Vec<String> {
        let lost = self.lost.iter().map(|letter| format!("the network loses {}", tell(*letter, names)));
        let doubled =
            self.doubled.iter().map(|letter| format!("the network doubles {}", tell(*letter, names)));
        let arrivals = self.arrivals.iter().enumerate().map(|(step, letter)| {
            if letter.source == Source::Timer {
                let nth = u64::from(letter.nth) + 1;
                return format!(
                    "the timer that {} sets as its number {nth} runs out",
                    name(letter.target, names)
                );
            }
            let again = if self.arrivals[..step].contains(letter) { " again" } else { "" };
            format!("{} receives {}{again}", name(letter.target, names), tell_to(*letter, names))
        });
        lost.chain(doubled).chain(arrivals).collect()
    }

    /// Runs it again, from fresh nodes, and records what happens. An arrival takes one millisecond. What is under
    /// way in the end is recorded as such, so that nobody takes it for lost.
    ///
    /// # Errors
    /// [`WorldError::NotUnderWay`] when what is to arrive is not there, or has another address: this schedule was
    /// made with other nodes or another scope. Any error of a node that does what no trace can hold.
    pub fn replay<N: Node<Request: Clone>>(
        &self,
        scope: &Scope<N::Request>,
        factory: impl FnMut(NodeId) -> N,
    ) -> Result<Trace, WorldError> {
        self.replay_and(scope, None, factory)
    }

    /// As [`Schedule::replay`]; then all that is under way arrives, in the order of sending, and it goes on to its
    /// `ending`.
    ///
    /// ```
    /// use constellation_fabric::{Effects, Input, Node, Now};
    /// use constellation_sim::explore::{Ending, Schedule, Scope};
    /// use constellation_trace::NodeId;
    ///
    /// /// Tells the other what it is asked to; shows it when it is told.
    /// struct Parrot(NodeId);
    ///
    /// impl Node for Parrot {
    ///     type Message = &'static str;
    ///     type Request = &'static str;
    ///
    ///     fn on(&mut self, _now: Now, input: Input<&'static str, &'static str>, effects: &mut Effects<&'static str>) {
    ///         match input {
    ///             Input::Request(word) => effects.send(self.0, word),
    ///             Input::Message { message, .. } => effects.label(message),
    ///             _ => {}
    ///         }
    ///     }
    /// }
    ///
    /// let [pacific, atlantic] = [0, 1].map(NodeId::new);
    /// let scope = Scope { requests: vec![(pacific, "safe")], ..Scope::new(["pacific", "atlantic"]) };
    /// let ending = Ending { timer_rounds: 0, requests: vec![(atlantic, "over")] };
    /// let parrot = |node| Parrot(if node == pacific { atlantic } else { pacific });
    /// let trace = Schedule::default().replay_to_end(&scope, &ending, parrot)?;
    /// let labels: Vec<_> = trace.event_ids().map(|event| trace.label(event)).collect();
    /// assert_eq!(labels, ["", "safe", "", "over"]);
    /// # Ok::<(), constellation_sim::WorldError>(())
    /// ```
    ///
    /// # Errors
    /// As [`Schedule::replay`]; [`WorldError::EventsMax`] when more than [`Scope::depth_max`] arrivals are not enough
    /// to come to the end.
    pub fn replay_to_end<N: Node<Request: Clone>>(
        &self,
        scope: &Scope<N::Request>,
        ending: &Ending<N::Request>,
        factory: impl FnMut(NodeId) -> N,
    ) -> Result<Trace, WorldError> {
        self.replay_and(scope, Some(ending), factory)
    }

    fn replay_and<N: Node<Request: Clone>>(
        &self,
        scope: &Scope<N::Request>,
        ending: Option<&Ending<N::Request>>,
        mut factory: impl FnMut(NodeId) -> N,
    ) -> Result<Trace, WorldError> {
        scope.check()?;
        let recorder = Recorder {
            trace: Trace::new(&scope.names).map_err(WorldError::Names)?,
            now: TrueTime::default(),
            ids: vec![None; scope.requests.len()],
            is_let_in: false,
        };
        let copied = |letters: &[Letter]| letters.to_vec();
        let faults = Faults::of(copied(&self.lost), copied(&self.doubled), copied(&self.arrivals));
        let mut replay = Replay::new(scope, faults, &mut factory, recorder)?;
        for (step, letter) in self.arrivals.iter().enumerate() {
            let ready = replay.system.ready().find(|post| replay.system.letter(*post) == *letter);
            replay.arrive(ready.ok_or(WorldError::NotUnderWay { step, letter: *letter })?)?;
        }
        if let Some(ending) = ending {
            replay.end(ending, scope.depth_max)?;
        }
        replay.stop()
    }
}

/// A run that is made again, and recorded.
struct Replay<N: Node> {
    system: System<N>,
    recorder: Recorder,
}

impl<N: Node<Request: Clone>> Replay<N> {
    fn new(
        scope: &Scope<N::Request>,
        faults: Faults,
        factory: &mut impl FnMut(NodeId) -> N,
        mut recorder: Recorder,
    ) -> Result<Replay<N>, WorldError> {
        let system = System::new(scope, faults, factory, &mut recorder)?;
        recorder.catch_up(&system)?;
        Ok(Replay { system, recorder })
    }

    fn arrive(&mut self, post: u32) -> Result<(), WorldError> {
        self.recorder.begin_step();
        let copies = self.system.copies(post);
        self.system.deliver(post, copies, &mut self.recorder)?;
        self.recorder.settle(post)?;
        self.recorder.catch_up(&self.system)
    }

    fn end(&mut self, ending: &Ending<N::Request>, arrivals_max: u32) -> Result<(), WorldError> {
        let mut left = arrivals_max;
        self.drain(&mut left, arrivals_max)?;
        for _ in 0..ending.timer_rounds {
            let timers: Vec<u32> = self.system.idle_timers().collect();
            for timer in timers {
                // One that ran out before it may have set it anew.
                if self.system.idle_timers().any(|idle| idle == timer) {
                    self.arrive(timer)?;
                }
            }
            self.drain(&mut left, arrivals_max)?;
        }
        for (node, request) in &ending.requests {
            self.recorder.begin_step();
            self.system.ask(*node, request.clone(), &mut self.recorder)?;
            self.recorder.catch_up(&self.system)?;
        }
        self.drain(&mut left, arrivals_max)
    }

    /// All that is under way arrives, and what that leads to.
    fn drain(&mut self, left: &mut u32, arrivals_max: u32) -> Result<(), WorldError> {
        loop {
            let ready = self.system.ready().next();
            let Some(post) = ready else { return Ok(()) };
            let Some(fewer) = left.checked_sub(1) else {
                let (node, at) = (Some(self.system.target(post)), self.recorder.now);
                return Err(WorldError::EventsMax { events_max: arrivals_max, node, at, so_far: None });
            };
            *left = fewer;
            self.arrive(post)?;
        }
    }

    fn stop(mut self) -> Result<Trace, WorldError> {
        // Of a copy that is under way the message itself has arrived.
        let firsts = self.system.under_way().filter(|post| !self.system.is_copy(*post));
        let ids: Vec<MessageId> = firsts.filter_map(|post| self.recorder.ids[post as usize]).collect();
        for id in ids {
            self.recorder.nemesis(Nemesis::InFlight(id))?;
        }
        Ok(self.recorder.trace)
    }
}

/// `pacific's message 2 to atlantic`.
fn tell(letter: Letter, names: &[String]) -> String {
    format!("{} to {}", tell_to(letter, names), name(letter.target, names))
}

/// `pacific's message 2`.
fn tell_to(letter: Letter, names: &[String]) -> String {
    let nth = u64::from(letter.nth) + 1;
    match letter.source {
        Source::Client => format!("request {nth}"),
        Source::Timer => format!("the end of timer {nth}"),
        Source::Node(node) => format!("{}'s message {nth}", name(node, names)),
    }
}

fn name(node: NodeId, names: &[String]) -> String {
    names.get(node.index()).cloned().unwrap_or_else(|| format!("node number {}", node.number()))
}

struct Recorder {
    trace: Trace,
    now: TrueTime,
    /// For each message of the system its id in the trace; `None` for requests and timers.
    ids: Vec<Option<MessageId>>,
    is_let_in: bool,
}

impl Recorder {
    fn begin_step(&mut self) {
        // Saturating: a run has fewer than 2^32 steps.
        self.now = TrueTime::from_ns(self.now.ns().saturating_add(ARRIVAL_NS));
        self.is_let_in = false;
    }

    /// Numbers what was just sent, and tells what the network does to it.
    fn catch_up<N: Node<Request: Clone>>(&mut self, system: &System<N>) -> Result<(), WorldError> {
        for post in (0..).take(system.posts()).skip(self.ids.len()) {
            let letter = system.letter(post);
            let id = if system.is_copy(post) {
                let original = (0..post).find(|earlier| system.letter(*earlier) == letter);
                original.and_then(|original| self.ids[original as usize])
            } else {
                system.message(post).map(|_| MessageId::new(self.numbered()))
            };
            self.ids.push(id);
            let Some(id) = id else { continue };
            if system.is_lost(post) {
                self.nemesis(Nemesis::Lose(id, Loss::Plain))?;
            } else if system.is_copy(post) {
                self.nemesis(Nemesis::Duplicate(id))?;
            }
        }
        Ok(())
    }

    /// How many messages of the trace have their place.
    fn numbered(&self) -> u32 {
        let last = self.ids.iter().flatten().max();
        // Cannot wrap: a trace holds fewer than 2^32 messages.
        last.map_or(0, |id| id.number() + 1)
    }

    /// What a node did not let in never arrived, for whoever judges the run.
    fn settle(&mut self, post: u32) -> Result<(), WorldError> {
        match self.ids[post as usize] {
            Some(id) if !self.is_let_in => self.nemesis(Nemesis::Lose(id, Loss::Plain)),
            _ => Ok(()),
        }
    }

    fn nemesis(&mut self, nemesis: Nemesis) -> Result<(), WorldError> {
        let at = self.now;
        self.trace.record_nemesis(at, nemesis).map_err(|error| WorldError::Trace { at, error })
    }
}

impl<M> Watch<M> for Recorder {
    const WORDS: Words = Words::Kept;

    fn look(&mut self, node: NodeId, step: &Step<M>, received: Option<u32>) -> Result<(), WorldError> {
        let at = self.now;
        let id = received.and_then(|post| self.ids[post as usize]);
        if step.act == StepAct::Receive && (id.is_none() || self.is_let_in) {
            return Err(WorldError::Receive { node, at });
        }
        let texts = texts(&step.act);
        let action = action(&step.act, &texts, id);
        self.is_let_in |= step.act == StepAct::Receive;
        let targets: Vec<NodeId> = step.sends.iter().map(|(target, _)| *target).collect();
        let entry = Entry { node, at, action, sends: &targets, label: &step.label, claims: &step.claims };
        let recorded = self.trace.record(entry);
        recorded.map(|_: EventId| ()).map_err(|error| WorldError::Node { node, at, error })
    }
}

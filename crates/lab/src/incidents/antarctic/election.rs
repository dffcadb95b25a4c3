//! Electing a coordinator before the next pass window closes: numbered terms, one vote each, and more than half elect.
//!
//! The election is that of Raft (Ongaro and Ousterhout 2014) without its log: a station has one vote in a term, which is
//! on disk before it is told, also for whom it was; so two stations cannot both have more than half of one term. In the
//! storm stations hear each other only while a satellite passes over, at a few bytes a second, and only within a group.
//! The contact plan is known beforehand, so nobody stands where nobody can hear it. Wall clocks say when to try: that no
//! term has two coordinators does not depend on them, but that there is one in time does. As in the storm of the policies
//! one clock is minutes ahead, and a coordinator is owed only where that station is not needed.
//!
//! Nodes draw no lots, so who stands when is a matter of the station and the term ([`place`]): one after the other, each a
//! round of votes after the one before. Who was not heard asks again in the same term, so that a group too small to elect
//! anybody does not count up terms; who was refused, since the others voted for somebody else, stands in the next.

mod orbit;
mod verdict;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use constellation_fabric::{Effects, Input, Node, Now, Timer};
use constellation_sim::{Seeded, World};
use constellation_trace::trace::Origin;
use constellation_trace::{EventId, Judgement, NodeId, Trace, TrueTime, Verdict};
use constellation_verify::Order;

use orbit::{Needs, Timetable};
pub use orbit::{Orbit, PASS, PassError, Window};
use verdict::Announced;
pub use verdict::one_coordinator_a_term;

use super::STATIONS;
use super::groups::stations;
use super::promises::budget;
use super::world::at;
use crate::case::Case;
use crate::simulate::RunError;
use crate::subject::Subject;

/// How many bytes each message has.
const BYTES: u32 = 24;

/// A station that elects and may be elected.
struct Station {
    me: NodeId,
    timetable: Arc<Timetable>,
    mistake: Mistake,
    term: u32,
    /// For whom it voted in this term; on disk, with the term, before anybody is told.
    vote: Option<NodeId>,
    role: Role,
    /// Who voted for it in this term.
    yes: BTreeSet<NodeId>,
    /// Whether somebody refused it a vote in this term.
    was_refused: bool,
}

/// What a station is in its term.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Role {
    Voter,
    Candidate,
    Coordinator,
}

/// What is wrong with a station; all but the first are for judges to find.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Mistake {
    /// Nothing.
    None,
    /// A vote is in memory alone: who restarts may vote again.
    VoteForgotten,
    /// So many votes elect.
    Quorum(usize),
    /// Votes of earlier terms count, too.
    OldVotesCount,
}

#[derive(Clone, Debug)]
enum Message {
    /// Vote for me in this term.
    Elect { term: u32 },
    /// A vote, or the refusal of one; `term` is the voter's own.
    Vote { term: u32, answer: Answer },
    /// The sender coordinates this term.
    Coordinates { term: u32 },
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Answer {
    Yes,
    No,
}

/// When to stand, or for a coordinator to say so again.
const TURN: Timer = Timer(0);

/// After how many rounds of votes a coordinator says again that it is one.
const BEAT_ROUNDS: u32 = 4;

impl Node for Station {
    type Message = Message;
    type Request = ();

    fn on(&mut self, now: Now, input: Input<Message, ()>, effects: &mut Effects<Message>) {
        match input {
            Input::Start => self.wait(now, self.place(), effects),
            Input::Restart { state, .. } => {
                if let Some(state) = state {
                    self.remember(&state);
                }
                self.wait(now, self.place(), effects);
            }
            Input::Timer(_) => self.turn(now, effects),
            Input::Message { from, message } => self.hear(now, from, &message, effects),
            _ => {}
        }
    }

    fn wire_bytes(_message: &Message) -> u32 {
        BYTES
    }
}

impl Station {
    fn new(me: NodeId, timetable: Arc<Timetable>, mistake: Mistake) -> Station {
        let (term, vote, role, yes) = (1, None, Role::Voter, BTreeSet::new());
        Station { me, timetable, mistake, term, vote, role, yes, was_refused: false }
    }

    fn place(&self) -> u32 {
        place(self.me, self.term)
    }

    /// Has its turn after so many rounds of votes; if no satellite is overhead, so many after the next one has come.
    fn wait(&self, now: Now, rounds: u32, effects: &mut Effects<Message>) {
        let pause = self.timetable.round.saturating_mul(rounds);
        if let Some(opens_in) = self.timetable.opens_in(now.wall) {
            effects.set_timer(TURN, opens_in.saturating_add(pause));
        }
    }

    fn turn(&mut self, now: Now, effects: &mut Effects<Message>) {
        if !self.timetable.is_open(now.wall) {
            // A coordinator says so first, before anybody stands against it.
            let rounds = if self.role == Role::Coordinator { 0 } else { self.place() };
            return self.wait(now, rounds, effects);
        }
        if self.role == Role::Coordinator {
            self.tell_others(&Message::Coordinates { term: self.term }, effects);
            return self.wait(now, BEAT_ROUNDS, effects);
        }
        let is_given_away = self.vote.is_some_and(|vote| vote != self.me);
        if self.was_refused || is_given_away {
            self.enter(self.term.saturating_add(1));
        }
        if self.role == Role::Candidate {
            effects.event(format!("asks again in term {}", self.term));
        } else {
            self.role = Role::Candidate;
            self.yes.insert(self.me);
            effects.event(format!("stands in term {}", self.term));
            self.vote_for(self.me, effects);
        }
        self.tell_others(&Message::Elect { term: self.term }, effects);
        // Long enough for the answers, and then the next in turn.
        self.wait(now, 2 + place(self.me, self.term.saturating_add(1)), effects);
    }

    fn hear(&mut self, now: Now, from: NodeId, message: &Message, effects: &mut Effects<Message>) {
        match *message {
            Message::Elect { term } => {
                self.learn(term);
                let is_free = self.vote.is_none_or(|vote| vote == from);
                if term == self.term && is_free {
                    if self.vote.is_none() {
                        self.vote_for(from, effects);
                    }
                    // The one it voted for may take a round to win, and the next candidate comes after that.
                    self.wait(now, 2 + stations_count() + self.place(), effects);
                    return effects.send(from, Message::Vote { term, answer: Answer::Yes });
                }
                effects.send(from, Message::Vote { term: self.term, answer: Answer::No });
            }
            Message::Vote { term, answer: Answer::Yes } => self.count(now, from, term, effects),
            Message::Vote { term, answer: Answer::No } => {
                self.learn(term);
                self.was_refused |= term == self.term && self.role == Role::Candidate;
            }
            Message::Coordinates { term } if term >= self.term => {
                self.learn(term);
                if self.role == Role::Candidate {
                    self.role = Role::Voter;
                }
                self.wait(now, 2 * BEAT_ROUNDS + self.place(), effects);
            }
            Message::Coordinates { .. } => {}
        }
    }

    /// A later term than its own has begun, so that what was in its own is over.
    fn learn(&mut self, term: u32) {
        if term > self.term {
            self.enter(term);
        }
    }

    fn enter(&mut self, term: u32) {
        (self.term, self.vote, self.role, self.was_refused) = (term, None, Role::Voter, false);
        if self.mistake != Mistake::OldVotesCount {
            self.yes.clear();
        }
    }

    /// Its one vote in this term, which is on disk before anybody is told.
    fn vote_for(&mut self, candidate: NodeId, effects: &mut Effects<Message>) {
        self.vote = Some(candidate);
        if self.mistake != Mistake::VoteForgotten {
            let bytes = [self.term, candidate.number()].map(u32::to_le_bytes);
            effects.persist(bytes.concat());
        }
        effects.event(format!("votes for {} in term {}", STATIONS[candidate.index()], self.term));
    }

    fn remember(&mut self, state: &[u8]) {
        let mut words = state.as_chunks().0.iter().map(|word| u32::from_le_bytes(*word));
        if let (Some(term), Some(vote)) = (words.next(), words.next()) {
            (self.term, self.vote) = (term, Some(NodeId::new(vote)));
        }
    }

    fn count(&mut self, now: Now, from: NodeId, term: u32, effects: &mut Effects<Message>) {
        let is_of_term = term == self.term || self.mistake == Mistake::OldVotesCount;
        if self.role != Role::Candidate || !is_of_term {
            return;
        }
        self.yes.insert(from);
        let needed = match self.mistake {
            Mistake::Quorum(votes) => votes,
            _ => majority(),
        };
        let count = self.yes.len();
        if count >= needed {
            self.role = Role::Coordinator;
            effects.event(format!("coordinates term {} with {count} votes", self.term));
            self.tell_others(&Message::Coordinates { term: self.term }, effects);
            self.wait(now, BEAT_ROUNDS, effects);
        }
    }

    fn tell_others(&self, message: &Message, effects: &mut Effects<Message>) {
        for station in stations().filter(|station| *station != self.me) {
            effects.send(station, message.clone());
        }
    }
}

/// How many rounds of votes after the opening of a pass a station stands in a term, if nobody did before: each term begins
/// with another station.
pub fn place(station: NodeId, term: u32) -> u32 {
    // Cannot be cut: it is below the number of stations. Saturating: the last term is never reached.
    station.number().saturating_add(term.saturating_sub(1)) % stations_count()
}

/// How many votes elect: more than half of all stations, whoever can be reached.
const fn majority() -> usize {
    STATIONS.len() / 2 + 1
}

fn stations_count() -> u32 {
    u32::try_from(STATIONS.len()).expect("seven stations")
}

/// An election in the storm, with what came of it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Election {
    /// When satellites pass over, and who can be heard then.
    pub orbit: Orbit,
    /// What happened.
    pub trace: Trace,
    /// How long one round of votes takes over these links at most.
    pub round: Duration,
    /// What stations did, without what they said again.
    pub deeds: Vec<Deed>,
    /// The terms in which somebody stood, ascending.
    pub terms: Vec<Term>,
    /// What is promised, and what came of it.
    pub judgements: Vec<Judgement>,
    /// What nobody promised but a reader should know, one line each.
    pub remarks: Vec<String>,
}

/// Something that a station did in an election.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Deed {
    /// When.
    pub at: TrueTime,
    /// As an event.
    pub event: EventId,
    /// Which station.
    pub station: String,
    /// What, in a few words.
    pub what: String,
}

/// A term, with who voted for whom.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Term {
    /// Its number.
    pub number: u32,
    /// For each candidate who voted for it, in the order of voting.
    pub votes: Vec<(String, Vec<String>)>,
    /// Who coordinates it, in the order of election, each once; more than one is a violated promise.
    pub coordinators: Vec<String>,
}

impl Election {
    /// Holds the election with this seed, and judges it. `replay` is the command that does the same again, for the
    /// evidence. Takes some milliseconds.
    ///
    /// # Errors
    /// [`RunError`] when the run cannot be made.
    pub fn of(orbit: &Orbit, seed: u64, replay: &str) -> Result<Election, RunError> {
        Election::with(orbit, Mistake::None, seed, replay)
    }

    /// As [`Election::of`], among stations that make this mistake.
    ///
    /// # Errors
    /// As [`Election::of`].
    pub fn with(orbit: &Orbit, mistake: Mistake, seed: u64, replay: &str) -> Result<Election, RunError> {
        let timetable = Arc::new(orbit.timetable());
        let station = |me| Station::new(me, Arc::clone(&timetable), mistake);
        let world = World::new(orbit.setup(), Seeded::new(seed), station).map_err(RunError::World)?;
        let origin = Origin { scenario: "antarctic".to_owned(), seed, resolver: None };
        let failed = |error| RunError::of(origin.clone(), STATIONS.into_iter(), error);
        let mut trace = world.run().map_err(failed)?.trace;
        trace.set_origin(origin);
        let announced = Announced::of(&trace);
        let (deeds, terms) = (announced.deeds(), announced.terms());
        let mut judgements = judge(orbit, &trace);
        for judgement in &mut judgements {
            if let Verdict::Violated(evidence) = &mut judgement.verdict {
                evidence.steps = steps(orbit, &deeds, evidence.events.last().map(|last| last.event));
                replay.clone_into(&mut evidence.replay);
            }
        }
        let round = timetable.round;
        let told =
            orbit.clock().map(|clock| format!("{clock}, and it takes other times for those of the passes"));
        let remarks = told.into_iter().collect();
        Ok(Election { orbit: orbit.clone(), trace, round, deeds, terms, judgements, remarks })
    }

    /// The exit code for all promises together: 0 holds, 1 violated, 3 unknown.
    pub fn exit_code(&self) -> u8 {
        Judgement::exit_code(&self.judgements)
    }
}

/// What is promised of an election: one coordinator a term at most, always; and one before the window closes, if enough
/// stations are connected for long enough.
fn judge(orbit: &Orbit, trace: &Trace) -> Vec<Judgement> {
    let order = match Order::of(trace, &budget()) {
        Ok(order) => order,
        Err(limit) => {
            let promise = "the run can be judged".to_owned();
            return vec![Judgement { promise, verdict: Verdict::Unknown(limit), scope: String::new() }];
        }
    };
    vec![verdict::safety(&order), verdict::in_time(&order, orbit, &Needs::of(orbit))]
}

/// What happened until an event, as the steps of a schedule, in the order of time.
fn steps(orbit: &Orbit, deeds: &[Deed], last: Option<EventId>) -> Vec<String> {
    let window = orbit.windows()[0];
    let clock = orbit.clock().map(|clock| (at(Duration::ZERO), clock));
    let opened = (window.opens, format!("a satellite passes over, until {}", window.closes));
    let until = deeds.iter().filter(|deed| last.is_none_or(|last| deed.event <= last));
    let deeds = until.map(|deed| (deed.at, format!("{} {}", deed.station, deed.what)));
    let mut steps: Vec<_> = clock.into_iter().chain([opened]).chain(deeds).collect();
    // Of those at one time the world's come first, then the stations' as they were recorded.
    steps.sort_by_key(|(at, _)| *at);
    steps.into_iter().map(|(at, what)| format!("at {at} {what}")).collect()
}

/// The election as something that can be hunted, among stations that make this mistake. What luck does to links and
/// machines is said by the orbit ([`Orbit::rough`]). Safety alone is judged: where messages are lost and machines crash
/// nobody is owed a coordinator in time, however long the pass.
pub fn subject(orbit: &Orbit, mistake: Mistake) -> Box<dyn Subject> {
    let timetable = Arc::new(orbit.timetable());
    let station = move |me| Station::new(me, Arc::clone(&timetable), mistake);
    let case = Case::new("antarctic", orbit.setup(), station);
    Box::new(case.always(verdict::ONE_A_TERM, one_coordinator_a_term))
}

//! One policy in the storm: played, told and judged.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use constellation_fabric::Choices;
use constellation_sim::clients::{Client, Party, Service};
use constellation_sim::{Seeded, Setup, World};
use constellation_trace::trace::Origin;
use constellation_trace::{
    Call, Completion, History, Judgement, Loss, Nemesis, NodeId, Trace, TrueTime, Verdict,
};
use constellation_verify::Order;

use super::fate::{Fate, WriteFate, fates, first_lost};
use super::leader::{Follower, Habit};
use super::majority::{Majority, Mistake};
use super::promises::{Promise, budget};
use super::smaller::{Broken, Displaced};
use super::world::{AHEAD, Clocks, Scene, Weather, at};
use super::{Groups, Policy, STATIONS, STORM_BEGINS, STORM_ENDS, copies};
use crate::resolver::Resolver;
use crate::simulate::RunError;
use crate::station::Request;

/// One policy in the storm, with what came of it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Trial {
    /// The policy.
    pub policy: Policy,
    /// What happened.
    pub trace: Trace,
    /// What became of each write, in the order of asking.
    pub writes: Vec<WriteFate>,
    /// How many writes had which fate, how many reads were answered, and how long clients waited.
    pub summary: Summary,
    /// At which stations a write in the storm was not acknowledged, in the order of [`STATIONS`].
    pub outages: Vec<Outage>,
    /// What the policy promises, and what came of it.
    pub judgements: Vec<Judgement>,
    /// What nobody promised but a reader should know, one line each.
    pub remarks: Vec<String>,
}

/// A policy's run in numbers.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Summary {
    /// How many writes had each fate, in the order of [`Fate::NAMES`].
    pub fates: Vec<(Fate, usize)>,
    /// How many reads showed something, or that there is nothing.
    pub reads_shown: usize,
    /// How many reads there were.
    pub reads: usize,
    /// The longest that a client waited for an acknowledgement of a write; `None` if there was none.
    pub waited_done_max: Option<Duration>,
    /// The longest that a client waited to be told that nothing was done, or that nobody knows.
    pub waited_other_max: Option<Duration>,
}

impl Summary {
    /// How many writes had this fate.
    pub fn count(&self, fate: Fate) -> usize {
        self.fates.iter().filter(|(other, _)| *other == fate).map(|(_, count)| *count).sum()
    }

    /// How many writes were acknowledged, whatever became of them.
    pub fn accepted(&self) -> usize {
        self.fates.iter().filter(|(fate, _)| fate.is_accepted()).map(|(_, count)| *count).sum()
    }
}

/// A station at which no write, or not every one, was acknowledged in the storm.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Outage {
    /// Which station.
    pub station: String,
    /// How many writes its clients asked for in the storm.
    pub asked: usize,
    /// How many of those were refused.
    pub refused: usize,
    /// How many of those nobody knows of.
    pub unknown: usize,
}

impl Outage {
    /// In plain words: `of antarctic's 3 writes in the storm none was acknowledged: 3 refused`.
    pub fn told(&self) -> String {
        let Outage { station, asked, refused, unknown } = self;
        let failed = [(*refused, "refused"), (*unknown, "unknown")];
        let failed = failed.iter().filter(|(count, _)| *count > 0);
        let failed = failed.map(|(count, what)| format!("{count} {what}")).collect::<Vec<_>>().join(", ");
        // No less: each write is acknowledged, refused or unknown.
        let done = match asked - refused - unknown {
            0 => "none was".to_owned(),
            1 => "1 was".to_owned(),
            done => format!("{done} were"),
        };
        let writes = if *asked == 1 { "write" } else { "writes" };
        format!("of {station}'s {asked} {writes} in the storm {done} acknowledged: {failed}")
    }
}

impl Trial {
    /// Plays the storm under this policy with this seed, tells what became of each write, and judges it. `replay` is the
    /// command that does the same again, for the evidence. Takes some hundredths of a second; a violated promise, which is
    /// then looked for in smaller runs, some tenths.
    ///
    /// # Errors
    /// [`RunError`] when the run cannot be made.
    pub fn of(policy: Policy, groups: &Groups, seed: u64, replay: &str) -> Result<Trial, RunError> {
        let scene = Scene::new(groups.clone());
        let trace = play(policy, &scene, seed, &mut Seeded::new(seed))?;
        let mut trial = Trial::judged(policy, trace);
        let lost = first_lost(&trial.writes);
        for (promise, judgement) in Promise::of(policy).iter().zip(&mut trial.judgements) {
            if let Verdict::Violated(evidence) = &mut judgement.verdict {
                let lost = lost.filter(|_| *promise == Promise::NothingAcknowledgedIsLost);
                let lost = lost.map(|told| Displaced::of(told, &trial.writes));
                let broken = Broken { policy, seed, promise: *promise, lost };
                (evidence.steps, evidence.notes) = broken.smallest(&scene);
                replay.clone_into(&mut evidence.replay);
            }
        }
        trial.remarks = remarks(policy, &scene, &trial)?;
        Ok(trial)
    }

    fn judged(policy: Policy, trace: Trace) -> Trial {
        let healed = Some(at(STORM_ENDS));
        let (writes, judgements, summary) = match Order::of(&trace, &budget()) {
            Ok(order) => {
                let writes = fates(&order, healed);
                let summary = summary(&trace, &writes);
                (writes, super::promises::judge(policy, &order, healed), summary)
            }
            Err(limit) => {
                let promise = "the run can be judged".to_owned();
                let verdict = Verdict::Unknown(limit);
                (Vec::new(), vec![Judgement { promise, verdict, scope: String::new() }], summary(&trace, &[]))
            }
        };
        let outages = outages(&writes);
        Trial { policy, trace, writes, summary, outages, judgements, remarks: Vec::new() }
    }

    /// The exit code for all promises together: 0 holds, 1 violated, 3 unknown.
    pub fn exit_code(&self) -> u8 {
        Judgement::exit_code(&self.judgements)
    }
}

/// One run under a policy.
pub(super) fn play(
    policy: Policy,
    scene: &Scene,
    seed: u64,
    choices: &mut dyn Choices,
) -> Result<Trace, RunError> {
    let played = Played { scene, seed, name: policy.name() };
    let anti_entropy = Some(copies::ANTI_ENTROPY);
    match policy {
        Policy::LastWriteWins => played.with(choices, copies::stations(Resolver::WallLww, anti_entropy)),
        Policy::Siblings => played.with(choices, copies::stations(Resolver::Siblings, anti_entropy)),
        Policy::Majority => played.with(choices, |me| Majority::new(me, Mistake::None)),
        Policy::Leader => played.with(choices, |me| Follower::new(me, Habit::PassOn)),
    }
}

/// A run that is about to be made.
pub(super) struct Played<'s> {
    pub(super) scene: &'s Scene,
    pub(super) seed: u64,
    /// The name of the policy, for the record.
    pub(super) name: &'s str,
}

impl Played<'_> {
    /// Runs it with these stations, each with its crew.
    pub(super) fn with<S: Service<Request = Request>>(
        &self,
        choices: &mut dyn Choices,
        station: impl Fn(NodeId) -> S,
    ) -> Result<Trace, RunError> {
        self.with_setup(self.scene.setup(), choices, station)
    }

    /// As [`Played::with`], but with these machines, links and plan, which are the scene's but for what a test adds.
    pub(super) fn with_setup<S: Service<Request = Request>>(
        &self,
        setup: Setup<Request>,
        choices: &mut dyn Choices,
        station: impl Fn(NodeId) -> S,
    ) -> Result<Trace, RunError> {
        let workloads = self.scene.workloads();
        let names: Vec<String> = setup.machines.iter().map(|machine| machine.name.clone()).collect();
        let resolver = Some(self.name.to_owned());
        let origin = Origin { scenario: "antarctic".to_owned(), seed: self.seed, resolver };
        let party = |me: NodeId| match me.index().checked_sub(STATIONS.len()) {
            None => Party::Server(station(me)),
            Some(crew) => Party::Client(Client::new(me, Arc::clone(&workloads[crew]))),
        };
        let world = World::new(setup, choices, party).map_err(RunError::World)?;
        let failed = |error| RunError::of(origin.clone(), names.iter().map(String::as_str), error);
        let mut trace = world.run().map_err(failed)?.trace;
        trace.set_origin(origin);
        Ok(trace)
    }
}

fn summary(trace: &Trace, writes: &[WriteFate]) -> Summary {
    let count = |fate| writes.iter().filter(|told| told.fate == fate).count();
    let history = History::of(trace);
    let reads = history.operations().iter().filter(|operation| matches!(operation.call, Call::Read { .. }));
    let shown = reads.clone().filter(|read| matches!(read.completed, Some((_, Completion::Shows(_)))));
    let longest = |is_accepted| {
        let of_kind = writes.iter().filter(|told| told.fate.is_accepted() == is_accepted);
        of_kind.filter_map(|told| told.waited).max()
    };
    Summary {
        fates: Fate::NAMES.iter().map(|(_, fate)| (*fate, count(*fate))).collect(),
        reads_shown: shown.count(),
        reads: reads.count(),
        waited_done_max: longest(true),
        waited_other_max: longest(false),
    }
}

/// The stations at which a write of the storm was not acknowledged.
fn outages(writes: &[WriteFate]) -> Vec<Outage> {
    let mut outages: BTreeMap<usize, Outage> = BTreeMap::new();
    for told in writes.iter().filter(|told| told.at >= at(STORM_BEGINS) && told.at < at(STORM_ENDS)) {
        let place = STATIONS.iter().position(|name| *name == told.station).unwrap_or(STATIONS.len());
        let outage = outages.entry(place).or_insert_with(|| Outage {
            station: told.station.clone(),
            asked: 0,
            refused: 0,
            unknown: 0,
        });
        outage.asked += 1;
        outage.refused += usize::from(told.fate == Fate::Refused);
        outage.unknown += usize::from(told.fate == Fate::Unknown);
    }
    outages.into_values().filter(|outage| outage.refused + outage.unknown > 0).collect()
}

/// What the relays and the wrong clock did; where clocks choose, also what is lost without the wrong one.
fn remarks(policy: Policy, scene: &Scene, trial: &Trial) -> Result<Vec<String>, RunError> {
    let is_lost = |nemesis: &Nemesis| matches!(nemesis, Nemesis::Lose(_, Loss::NoContact));
    let lost = trial.trace.nemesis().iter().filter(|entry| is_lost(&entry.nemesis)).count();
    let ahead = format!("the wall clock of {} is {} minutes ahead", AHEAD.0, AHEAD.1.as_secs() / 60);
    let mut remarks = vec![format!("{lost} messages between stations were lost for want of a relay")];
    if policy != Policy::LastWriteWins {
        remarks.push(format!("{ahead}, and nothing depends on it"));
        return Ok(remarks);
    }
    let right = Scene { clocks: Clocks::True, ..scene.clone() };
    let seed = trial.trace.origin().map_or(0, |origin| origin.seed);
    let right = Trial::judged(policy, play(policy, &right, seed, &mut Seeded::new(seed))?);
    let told = right.writes.iter().filter(|told| told.fate == Fate::Lost);
    let told: Vec<_> = told.map(|told| format!("{}'s \"{}\"", told.station, told.value)).collect();
    remarks.push(match told.len() {
        0 => format!("{ahead}; with every clock right nothing is lost"),
        count => {
            format!("{ahead}; with every clock right {count} are lost all the same: {}", told.join(", "))
        }
    });
    Ok(remarks)
}

/// When the storm of a scene ends, if it has one.
pub(super) fn healed(scene: &Scene) -> Option<TrueTime> {
    (scene.weather == Weather::Storm).then(|| at(STORM_ENDS))
}

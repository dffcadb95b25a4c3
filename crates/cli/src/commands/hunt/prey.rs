//! What is hunted: a scenario, a specimen that ships, or a study.

use constellation_lab::hunt::{Go, Hunt, HuntError, Hunted, hunt, hunt_subject, provenance, provenance_of};
use constellation_lab::incidents::antarctic::Rough;
use constellation_lab::incidents::mss23::Mss23;
use constellation_lab::specimens::Specimen;
use constellation_lab::{RunError, Scenario, Subject, simulate};
use constellation_sim::choices::Provenance;

use crate::args::Target;
use crate::target::{self, Settings, quoted};

/// What is hunted.
pub(crate) enum Prey {
    Scenario(Box<Scenario>),
    Specimen(&'static Specimen),
    Mss23(Mss23),
    Antarctic(Rough),
}

impl Prey {
    /// What is meant, a study with these settings.
    pub(crate) fn of(target: &Target, settings: Settings<'_>) -> anyhow::Result<Prey> {
        if let Some(study) = target::mss23(target, settings)? {
            return Ok(Prey::Mss23(study));
        }
        if let Some(storm) = target::antarctic(target, settings)? {
            return Ok(Prey::Antarctic(storm));
        }
        Ok(match target::specimen(target)? {
            Some(specimen) => Prey::Specimen(specimen),
            None => Prey::Scenario(Box::new(target::scenario(target)?)),
        })
    }

    pub(crate) fn name(&self) -> String {
        match self {
            Prey::Scenario(scenario) => scenario.name.clone(),
            Prey::Specimen(specimen) => specimen.to_string(),
            Prey::Mss23(study) => study.name(),
            Prey::Antarctic(storm) => storm.name(),
        }
    }

    /// It, ready to be run.
    pub(crate) fn subject(&self) -> Box<dyn Subject + '_> {
        match self {
            Prey::Scenario(scenario) => simulate::subject(scenario),
            Prey::Specimen(specimen) => specimen.subject(),
            Prey::Mss23(study) => study.subject(),
            Prey::Antarctic(storm) => storm.subject(),
        }
    }

    pub(crate) fn provenance(&self, seed: u64) -> Result<Provenance, RunError> {
        match self {
            Prey::Scenario(scenario) => provenance(scenario, seed),
            Prey::Specimen(specimen) => provenance_of(&*specimen.subject(), &specimen.to_string(), seed),
            Prey::Mss23(study) => provenance_of(&*study.subject(), &study.name(), seed),
            Prey::Antarctic(storm) => provenance_of(&*storm.subject(), &storm.name(), seed),
        }
    }

    pub(crate) fn hunt(
        &self,
        plan: &Hunt<'_>,
        provenance: &Provenance,
        progress: &mut dyn FnMut(&Hunted) -> Go,
    ) -> Result<Hunted, HuntError> {
        match self {
            Prey::Scenario(scenario) => hunt(scenario, plan, provenance, progress),
            Prey::Specimen(specimen) => hunt_subject(&*specimen.subject(), plan, provenance, progress),
            Prey::Mss23(study) => hunt_subject(&*study.subject(), plan, provenance, progress),
            Prey::Antarctic(storm) => hunt_subject(&*storm.subject(), plan, provenance, progress),
        }
    }

    /// The words that mean it again.
    pub(crate) fn words(&self, target: &Target) -> String {
        let flags = match self {
            Prey::Scenario(scenario) => target::flags(target, scenario),
            Prey::Specimen(_) => String::new(),
            Prey::Mss23(study) => format!(" --retry {}", study.retries.name()),
            Prey::Antarctic(storm) => target::storm_flags(storm),
        };
        format!("{}{flags}", quoted(&target.scenario))
    }
}

//! What is hunted and replayed: a scenario, a specimen that ships, or a study.

use constellation_lab::hunt::{Go, Hunt, HuntError, Hunted, hunt, hunt_subject, provenance, provenance_of};
use constellation_lab::incidents::antarctic::Rough;
use constellation_lab::incidents::mss23::Mss23;
use constellation_lab::specimens::Specimen;
use constellation_lab::{RunError, Scenario, Subject, simulate};
use constellation_sim::choices::Provenance;

use crate::args::{Setting, Target};
use crate::target::{self, quoted};

/// What is hunted.
pub(crate) enum Prey {
    Scenario(Box<Scenario>),
    Specimen(&'static Specimen),
    Mss23(Mss23),
    Antarctic(Rough),
}

impl Prey {
    /// What is meant, a study with these settings.
    pub(crate) fn of(target: &Target, setting: &Setting) -> anyhow::Result<Prey> {
        // Each refuses what is of it alone where another is meant, so both are asked.
        let (storm, study) = (target::antarctic(target, setting)?, target::mss23(target, setting)?);
        if let Some(storm) = storm {
            return Ok(Prey::Antarctic(storm));
        }
        if let Some(study) = study {
            return Ok(Prey::Mss23(study));
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

    /// What it is, in a line.
    pub(crate) fn title(&self) -> &str {
        match self {
            Prey::Scenario(scenario) => &scenario.title,
            Prey::Specimen(specimen) => specimen.does,
            Prey::Mss23(_) => "one request that nobody may answer, and luck decides why",
            Prey::Antarctic(_) => "both relays lost for nine minutes, and luck decides what else goes wrong",
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
        format!("{}{}", quoted(&target.scenario), self.flags(target))
    }

    /// Those of them that are flags, each with a space before it.
    pub(crate) fn flags(&self, target: &Target) -> String {
        match self {
            Prey::Scenario(scenario) => target::flags(target, scenario),
            Prey::Specimen(_) => String::new(),
            Prey::Mss23(study) => format!(" --retry {}", study.retries.name()),
            Prey::Antarctic(storm) => target::storm_flags(storm),
        }
    }
}

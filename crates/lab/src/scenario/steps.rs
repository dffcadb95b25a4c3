//! What happens at a given time: `[[steps]]`.

use constellation_clock::bytes::Limits;
use constellation_sim::Disk;
use constellation_trace::TrueTime;

use super::lives::check_lives;
use super::machines::{MachineAct, MachineVerb};
use super::reader::{Field, Result, Section};
use super::{Scenario, units};

/// One thing that happens at a given time.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Step {
    /// When.
    pub at: TrueTime,
    /// What.
    pub act: Act,
}

/// What can happen at a given time.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Act {
    /// A client updates a key at a node.
    Submit {
        /// At which node.
        node: String,
        /// Which key.
        key: String,
        /// To what.
        value: String,
    },
    /// A client looks a key up at a node.
    Read {
        /// At which node.
        node: String,
        /// Which key.
        key: String,
    },
    /// All links between two groups are cut.
    Partition {
        /// One group.
        group_a: Vec<String>,
        /// The other.
        group_b: Vec<String>,
    },
    /// All links from sources to targets are cut, in that direction.
    Cut {
        /// From each of these.
        sources: Vec<String>,
        /// To each of these.
        targets: Vec<String>,
    },
    /// All links are whole again.
    Heal,
    /// A node loses what it did not persist, and is silent.
    Crash {
        /// Which.
        node: String,
    },
    /// A crashed node begins again.
    Restart {
        /// Which.
        node: String,
        /// What became of what it had persisted.
        disk: Disk,
    },
    /// A node's wall clock jumps.
    StepWall {
        /// Whose.
        node: String,
        /// By how many nanoseconds; negative is back.
        by_ns: i64,
    },
    /// Something else happens to the machine of a node.
    Machine {
        /// Of which.
        node: String,
        /// What.
        act: MachineAct,
    },
}

/// The most steps of a scenario.
pub(super) const STEPS_MAX: usize = 100_000;

impl Scenario {
    pub(super) fn read_steps(&self, field: &Field<'_>) -> Result<Vec<Step>> {
        let sections = field.sections("a step")?;
        if sections.len() > STEPS_MAX {
            return Err(field.refuse(format!("a scenario has at most {STEPS_MAX} steps")));
        }
        let mut steps = Vec::new();
        for section in &sections {
            steps.push((self.read_step(section)?, section.span()));
        }
        // Stable: steps of one time happen in the order of the file.
        steps.sort_by_key(|(step, _)| step.at);
        check_lives(&self.nodes, self.end, &self.walls, &steps)?;
        Ok(steps.into_iter().map(|(step, _)| step).collect())
    }

    pub(super) fn read_step(&self, section: &Section<'_>) -> Result<Step> {
        let at_field = section.require("at")?;
        let at = at_field.parsed("a duration such as \"1.5s\"", units::duration)?;
        let at = TrueTime::from_ns(0).saturating_add(at);
        if at > self.end {
            return Err(at_field
                .refuse(format!("this step is at {at}, after the end of the run at {}", self.end))
                .help("make `end` later, or the step earlier"));
        }
        let verb = section.require("do")?;
        let node = || -> Result<String> {
            let field = section.require("node")?;
            self.node(field.text()?, field.span.clone())
        };
        let key = || read_key(&section.require("key")?);
        let act = match verb.one_of(&Verb::NAMES)? {
            Verb::Submit => {
                section.only(&["at", "do", "node", "key", "value"])?;
                Act::Submit {
                    node: node()?,
                    key: key()?,
                    value: section.require("value")?.text()?.to_owned(),
                }
            }
            Verb::Read => {
                section.only(&["at", "do", "node", "key"])?;
                Act::Read { node: node()?, key: key()? }
            }
            Verb::Partition => {
                section.only(&["at", "do", "between"])?;
                let (group_a, group_b) = self.two_groups(&section.require("between")?)?;
                Act::Partition { group_a, group_b }
            }
            Verb::Cut => self.read_cut(section)?,
            Verb::Heal => {
                section.only(&["at", "do"])?;
                Act::Heal
            }
            Verb::Crash => {
                section.only(&["at", "do", "node"])?;
                Act::Crash { node: node()? }
            }
            Verb::Restart => {
                section.only(&["at", "do", "node", "disk"])?;
                let disk = section.get("disk").map_or(Ok(Disk::Kept), |field| field.one_of(&DISKS))?;
                Act::Restart { node: node()?, disk }
            }
            Verb::StepWall => {
                section.only(&["at", "do", "node", "by"])?;
                let by = section.require("by")?;
                let by_ns =
                    by.parsed("a duration such as \"600ms\", or \"-2s\" for back", units::signed_ns)?;
                Act::StepWall { node: node()?, by_ns }
            }
            Verb::Machine(verb) => {
                let act = verb.read(section)?;
                Act::Machine { node: node()?, act }
            }
        };
        Ok(Step { at, act })
    }

    fn read_cut(&self, section: &Section<'_>) -> Result<Act> {
        section.only(&["at", "do", "from", "to"])?;
        let to = section.require("to")?;
        let (sources, targets) = (self.group(&section.require("from")?)?, self.group(&to)?);
        refuse_no_link(&to, &sources, &targets)?;
        Ok(Act::Cut { sources, targets })
    }

    fn two_groups(&self, field: &Field<'_>) -> Result<(Vec<String>, Vec<String>)> {
        let groups = field.elements()?;
        let [group_a, group_b] = &groups[..] else {
            return Err(field
                .refuse("a partition is between two groups")
                .help("such as [[\"pacific\"], [\"indian_ocean\", \"antarctic\"]]"));
        };
        let (group_a, group_b) = (self.group(group_a)?, self.group(group_b)?);
        refuse_no_link(field, &group_a, &group_b)?;
        Ok((group_a, group_b))
    }
}

/// What a step does, as the file calls it.
#[derive(Clone, Copy)]
enum Verb {
    Submit,
    Read,
    Partition,
    Cut,
    Heal,
    Crash,
    Restart,
    StepWall,
    Machine(MachineVerb),
}

impl Verb {
    const NAMES: [(&str, Verb); 20] = [
        ("submit", Verb::Submit),
        ("read", Verb::Read),
        ("partition", Verb::Partition),
        ("cut", Verb::Cut),
        ("heal", Verb::Heal),
        ("crash", Verb::Crash),
        ("restart", Verb::Restart),
        ("step-wall", Verb::StepWall),
        ("slew-wall", Verb::Machine(MachineVerb::SlewWall)),
        ("leap-second", Verb::Machine(MachineVerb::LeapSecond)),
        ("freeze-wall", Verb::Machine(MachineVerb::FreezeWall)),
        ("set-wall", Verb::Machine(MachineVerb::SetWall)),
        ("crash-before", Verb::Machine(MachineVerb::CrashBefore)),
        ("crash-after", Verb::Machine(MachineVerb::CrashAfter)),
        ("pause", Verb::Machine(MachineVerb::Pause)),
        ("suspend", Verb::Machine(MachineVerb::Suspend)),
        ("slow", Verb::Machine(MachineVerb::Slow)),
        ("join", Verb::Machine(MachineVerb::Join)),
        ("leave", Verb::Machine(MachineVerb::Leave)),
        ("rot-disk", Verb::Machine(MachineVerb::RotDisk)),
    ];
}

const DISKS: [(&str, Disk); 2] = [("kept", Disk::Kept), ("lost", Disk::Lost)];

/// Nothing passes from a node to itself over a link, so there is none to cut.
fn refuse_no_link(field: &Field<'_>, sources: &[String], targets: &[String]) -> Result<()> {
    let is_link = sources.iter().any(|source| targets.iter().any(|target| source != target));
    if is_link { Ok(()) } else { Err(field.refuse("this names one node on both sides, so it cuts no link")) }
}

/// A key that fits into the catalog's bytes, so that a disk can hold it.
pub(super) fn read_key(field: &Field<'_>) -> Result<String> {
    const BYTES_MAX: usize = Limits::STANDARD.name_bytes_max as usize;
    let key = field.text()?;
    if key.is_empty() || key.len() > BYTES_MAX {
        return Err(field.refuse(format!("a key has 1 to {BYTES_MAX} bytes")));
    }
    Ok(key.to_owned())
}

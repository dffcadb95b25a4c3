//! How a run is written down: nodes, links, clocks and what happens when, in a TOML file.
//!
//! Every key, with its default, is documented in `scenarios/README.md`.

mod reader;
mod units;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::time::Duration;

use constellation_clock::bytes::Limits;
use constellation_fabric::{Link, Odds, Sequence};
use constellation_sim::{Disk, Drift};
use constellation_trace::{TrueTime, WallTime};
use toml::de::{DeTable, DeValue};

pub use reader::ScenarioError;
use reader::{Field, Result, Section, advice};

use crate::resolver::Resolver;

/// A run, as written down: all that decides it beside the seed.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Scenario {
    /// What it is called on the command line.
    pub name: String,
    /// What it shows, in one line.
    pub title: String,
    /// The nodes, by name.
    pub nodes: Vec<String>,
    /// What a wall clock that tells the truth shows when the run begins.
    pub epoch: WallTime,
    /// When the run ends, at the latest; what is on its way then still arrives.
    pub end: TrueTime,
    /// The seed that is used when none is given.
    pub seed: u64,
    /// How stations settle two updates of one key.
    pub resolver: Resolver,
    /// How often each station offers all that it holds to another, or never.
    pub anti_entropy: Option<Duration>,
    /// Every link that `links` does not name.
    pub link: Link,
    /// Links that differ; a later rule for the same link wins.
    pub links: Vec<LinkRule>,
    /// The wall clocks that lie.
    pub walls: Vec<WallRule>,
    /// What happens, in order of time.
    pub steps: Vec<Step>,
}

/// Directed links that differ from the rest.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LinkRule {
    /// From each of these nodes.
    pub sources: Vec<String>,
    /// To each of these nodes.
    pub targets: Vec<String>,
    /// What the link does.
    pub link: Link,
}

/// A wall clock that lies.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct WallRule {
    /// Whose.
    pub node: String,
    /// By how many nanoseconds it is ahead when the run begins; negative is behind.
    pub ahead_ns: i64,
    /// How much it gains; negative loses. At most half a second a second either way.
    pub drift: Drift,
}

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
}

/// The most nodes of a scenario, so that a typing mistake does not fill the memory.
const NODES_MAX: usize = 1_000;
/// The most steps of a scenario.
const STEPS_MAX: usize = 100_000;
/// The longest file, in bytes.
const TEXT_MAX: usize = 4 << 20;

const FILE_KEYS: [&str; 11] =
    ["title", "nodes", "epoch", "end", "seed", "resolver", "anti_entropy", "link", "links", "walls", "steps"];
const LINK_KEYS: [&str; 4] = ["latency", "loss", "duplicate", "order"];
const LINK_RULE_KEYS: [&str; 6] = ["from", "to", "latency", "loss", "duplicate", "order"];
const WALL_KEYS: [&str; 3] = ["node", "ahead", "drift"];

impl Scenario {
    /// Reads the text of a scenario file.
    ///
    /// # Errors
    /// The first thing that is wrong, with its place in the text and what to do about it: what is no TOML, an
    /// unknown key or name, a value of the wrong kind, a step that cannot happen.
    pub fn parse(name: &str, text: &str) -> std::result::Result<Scenario, ScenarioError> {
        Scenario::read(name, text, None)
    }

    /// Reads the text of a scenario file as if its `nodes` were these.
    ///
    /// # Errors
    /// As [`Scenario::parse`]; whatever the file says of a node that is not among these is such an error.
    pub fn parse_with_nodes(
        name: &str,
        text: &str,
        nodes: &[String],
    ) -> std::result::Result<Scenario, ScenarioError> {
        Scenario::read(name, text, Some(nodes))
    }

    fn read(name: &str, text: &str, nodes: Option<&[String]>) -> Result<Scenario> {
        if text.len() > TEXT_MAX {
            return Err(ScenarioError::new(0..0, format!("a scenario file has at most {TEXT_MAX} bytes")));
        }
        let document = DeTable::parse(text).map_err(|error| {
            ScenarioError::new(error.span().unwrap_or(text.len()..text.len()), error.message())
        })?;
        let file = Section::new(document.get_ref(), text.len()..text.len(), "the file");
        file.only(&FILE_KEYS)?;

        let named = file.require("nodes")?;
        let nodes = match nodes {
            None => check_nodes(named.texts()?, &named)?,
            Some(given) => {
                check_nodes(given.iter().map(|name| (&**name, named.span.clone())).collect(), &named)?
            }
        };
        let end = file.require("end")?;
        let end = end.parsed("a duration such as \"30s\"", units::duration)?;
        let end = TrueTime::from_ns(0).saturating_add(end);
        let link = match file.get("link") {
            Some(field) => {
                let section = field.section("[link]")?;
                section.only(&LINK_KEYS)?;
                read_link(&section, DEFAULT_LINK)?
            }
            None => DEFAULT_LINK,
        };
        let mut scenario = Scenario {
            name: name.to_owned(),
            title: file.get("title").map_or(Ok(""), |field| field.text())?.to_owned(),
            epoch: file.get("epoch").map_or(Ok(WallTime::from_ns(0)), |field| read_epoch(&field))?,
            end,
            seed: file.get("seed").map_or(Ok(1), |field| field.integer("a whole number, 0 to 2^64 - 1"))?,
            resolver: file
                .get("resolver")
                .map_or(Ok(Resolver::Siblings), |field| field.one_of(&Resolver::NAMES))?,
            anti_entropy: file.get("anti_entropy").map(|field| read_interval(&field)).transpose()?,
            link,
            links: Vec::new(),
            walls: Vec::new(),
            steps: Vec::new(),
            nodes,
        };
        if let Some(field) = file.get("links") {
            scenario.links = scenario.read_links(&field)?;
        }
        if let Some(field) = file.get("walls") {
            scenario.walls = scenario.read_walls(&field)?;
        }
        if let Some(field) = file.get("steps") {
            scenario.steps = scenario.read_steps(&field)?;
        }
        Ok(scenario)
    }

    /// The keys that clients update or look up, in order.
    pub fn keys(&self) -> BTreeSet<&str> {
        let keys = self.steps.iter().filter_map(|step| match &step.act {
            Act::Submit { key, .. } | Act::Read { key, .. } => Some(&**key),
            _ => None,
        });
        keys.collect()
    }

    /// Whether every link delivers in the order of sending.
    pub fn keeps_order(&self) -> bool {
        let mut links = self.links.iter().map(|rule| rule.link).chain([self.link]);
        links.all(|link| link.sequence == Sequence::Ordered)
    }

    fn read_links(&self, field: &Field<'_>) -> Result<Vec<LinkRule>> {
        let rule = |section: &Section<'_>| {
            section.only(&LINK_RULE_KEYS)?;
            Ok(LinkRule {
                sources: self.group(&section.require("from")?)?,
                targets: self.group(&section.require("to")?)?,
                link: read_link(section, self.link)?,
            })
        };
        field.sections("[[links]]")?.iter().map(rule).collect()
    }

    fn read_walls(&self, field: &Field<'_>) -> Result<Vec<WallRule>> {
        let mut rules: Vec<WallRule> = Vec::new();
        for section in field.sections("[[walls]]")? {
            section.only(&WALL_KEYS)?;
            let node_field = section.require("node")?;
            let node = self.node(node_field.text()?, node_field.span.clone())?;
            if rules.iter().any(|rule| rule.node == node) {
                return Err(node_field.refuse(format!("the wall clock of `{node}` is described twice")));
            }
            let ahead = section.get("ahead").map(|field| {
                field.parsed("a duration such as \"600ms\", or \"-2s\" for behind", units::signed_ns)
            });
            let drift = section.get("drift").map(|field| {
                field.parsed("a drift such as \"20ppm\", between -500000ppm and 500000ppm", units::drift)
            });
            rules.push(WallRule {
                node,
                ahead_ns: ahead.transpose()?.unwrap_or(0),
                drift: drift.transpose()?.unwrap_or(Drift::NONE),
            });
        }
        Ok(rules)
    }

    fn read_steps(&self, field: &Field<'_>) -> Result<Vec<Step>> {
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
        check_lives(&steps)?;
        Ok(steps.into_iter().map(|(step, _)| step).collect())
    }

    fn read_step(&self, section: &Section<'_>) -> Result<Step> {
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

    fn node(&self, name: &str, span: Range<usize>) -> Result<String> {
        if self.nodes.iter().any(|node| node == name) {
            return Ok(name.to_owned());
        }
        Err(ScenarioError::new(span, format!("there is no node `{name}`"))
            .help(advice(name, self.nodes.iter().map(|node| &**node))))
    }

    fn group(&self, field: &Field<'_>) -> Result<Vec<String>> {
        let names = field.texts()?;
        if names.is_empty() {
            return Err(field.refuse("a group names at least one node"));
        }
        names.into_iter().map(|(name, span)| self.node(name, span)).collect()
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
}

impl Verb {
    const NAMES: [(&str, Verb); 8] = [
        ("submit", Verb::Submit),
        ("read", Verb::Read),
        ("partition", Verb::Partition),
        ("cut", Verb::Cut),
        ("heal", Verb::Heal),
        ("crash", Verb::Crash),
        ("restart", Verb::Restart),
        ("step-wall", Verb::StepWall),
    ];
}

const DISKS: [(&str, Disk); 2] = [("kept", Disk::Kept), ("lost", Disk::Lost)];

const DEFAULT_LINK: Link = Link {
    latency_min: Duration::from_millis(20),
    latency_max: Duration::from_millis(80),
    loss: Odds::NEVER,
    duplicate: Odds::NEVER,
    sequence: Sequence::Ordered,
};

/// The names, if they can all name nodes; `field` is where the file names them.
fn check_nodes(names: Vec<(&str, Range<usize>)>, field: &Field<'_>) -> Result<Vec<String>> {
    let mut nodes: Vec<String> = Vec::new();
    for (name, span) in names {
        let is_plain = |letter: char| letter.is_alphanumeric() || "_-.".contains(letter);
        if name.is_empty() || name.len() > 64 || !name.chars().all(is_plain) {
            let message = format!("`{name}` cannot name a node");
            return Err(ScenarioError::new(span, message).help("1 to 64 letters, digits, `_`, `-` and `.`"));
        }
        if nodes.iter().any(|node| node == name) {
            return Err(ScenarioError::new(span, format!("node `{name}` is named twice")));
        }
        nodes.push(name.to_owned());
    }
    match nodes.len() {
        0 => Err(field.refuse("a scenario has at least one node")),
        count if count > NODES_MAX => Err(field.refuse(format!("a scenario has at most {NODES_MAX} nodes"))),
        _ => Ok(nodes),
    }
}

/// Nothing passes from a node to itself over a link, so there is none to cut.
fn refuse_no_link(field: &Field<'_>, sources: &[String], targets: &[String]) -> Result<()> {
    let is_link = sources.iter().any(|source| targets.iter().any(|target| source != target));
    if is_link { Ok(()) } else { Err(field.refuse("this names one node on both sides, so it cuts no link")) }
}

/// A key that fits into the catalog's bytes, so that a disk can hold it.
fn read_key(field: &Field<'_>) -> Result<String> {
    const BYTES_MAX: usize = Limits::STANDARD.name_bytes_max as usize;
    let key = field.text()?;
    if key.is_empty() || key.len() > BYTES_MAX {
        return Err(field.refuse(format!("a key has 1 to {BYTES_MAX} bytes")));
    }
    Ok(key.to_owned())
}

fn read_link(section: &Section<'_>, default: Link) -> Result<Link> {
    let mut link = default;
    if let Some(field) = section.get("latency") {
        let (least, most) =
            field.parsed("a latency such as \"80ms\" or \"20ms..80ms\"", units::duration_range)?;
        if least > most {
            return Err(field.refuse("the least latency is above the most"));
        }
        (link.latency_min, link.latency_max) = (least, most);
    }
    if let Some(field) = section.get("loss") {
        link.loss = field.parsed("a chance such as \"2.5%\", at most 100%", units::odds)?;
    }
    if let Some(field) = section.get("duplicate") {
        link.duplicate = field.parsed("a chance such as \"2.5%\", at most 100%", units::odds)?;
    }
    if let Some(field) = section.get("order") {
        link.sequence = field.one_of(&[("kept", Sequence::Ordered), ("free", Sequence::Unordered)])?;
    }
    Ok(link)
}

fn read_interval(field: &Field<'_>) -> Result<Duration> {
    let interval = field.parsed("a duration such as \"1s\"", units::duration)?;
    if interval < Duration::from_millis(1) {
        return Err(field.refuse("stations cannot offer what they hold more often than once a millisecond"));
    }
    Ok(interval)
}

fn read_epoch(field: &Field<'_>) -> Result<WallTime> {
    let wanted = "a date and time in UTC, from 1970 to 2500, such as 2026-03-14T04:11:50Z";
    let DeValue::Datetime(datetime) = field.value else {
        return Err(field.refuse(format!("`epoch` should be {wanted}, without quotes")));
    };
    let wrong = || field.refuse(format!("`{datetime}` is not {wanted}"));
    let (Some(date), Some(time), Some(offset)) = (datetime.date, datetime.time, datetime.offset) else {
        return Err(wrong());
    };
    let is_utc = ["Z", "+00:00"].contains(&&*offset.to_string());
    if !is_utc || !(1970..2500).contains(&date.year) {
        return Err(wrong());
    }
    let second =
        u64::from(time.hour) * 3600 + u64::from(time.minute) * 60 + u64::from(time.second.unwrap_or(0));
    let midnight = WallTime::midnight(date.year, date.month, date.day).ok_or_else(wrong)?;
    Ok(midnight.saturating_add(Duration::new(second, time.nanosecond.unwrap_or(0))))
}

/// Refuses a crash of what is down, a restart of what is up, and a client at a node that is down.
fn check_lives(steps: &[(Step, Range<usize>)]) -> Result<()> {
    let mut is_down: BTreeMap<&str, bool> = BTreeMap::new();
    for (step, span) in steps {
        let fault = match &step.act {
            Act::Crash { node } if is_down.insert(node, true) == Some(true) => {
                format!("`{node}` crashes at {} but is down already", step.at)
            }
            Act::Restart { node, .. } if is_down.insert(node, false) != Some(true) => {
                format!("`{node}` restarts at {} but has not crashed", step.at)
            }
            Act::Submit { node, .. } | Act::Read { node, .. } if is_down.get(&**node) == Some(&true) => {
                format!("a client turns to `{node}` at {}, while it is down", step.at)
            }
            _ => continue,
        };
        return Err(ScenarioError::new(span.clone(), fault));
    }
    Ok(())
}

//! How a run is written down: nodes, links, clocks and what happens when, in a TOML file.
//!
//! Every key, with its default, is documented in `scenarios/README.md`.

mod added;
mod clients;
mod faults;
mod given;
mod links;
mod lives;
mod machines;
pub(crate) mod reader;
mod spans;
mod steps;
mod units;
mod walls;

use std::collections::BTreeSet;
use std::ops::Range;
use std::time::Duration;

use constellation_fabric::{Contacts, Isolation, Link, Sequence};
use constellation_sim::Faults;
use constellation_trace::{NodeId, TrueTime, WallTime};
use toml::de::DeValue;

pub use clients::ClientRule;
pub use faults::Chances;
pub use links::LinkRule;
pub(crate) use links::contacts;
use links::{DEFAULT_LINK, LINK_KEYS, read_link};
use machines::{DEFAULT_FAULTS, read_machine};
pub use machines::{MachineAct, MachineRule};
pub use reader::ScenarioError;
use reader::{Field, Result, Section, advice};
pub use steps::{Act, Step};
pub use units::{duration, signed_range_ns};
pub use walls::WallRule;

use crate::resolver::Resolver;
use crate::station::{DiskSync, Rules};

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
    /// Whether stations wait for their disks.
    pub sync: DiskSync,
    /// Every link that `links` does not name.
    pub link: Link,
    /// When those are up; `None` for all the time.
    pub contacts: Option<Contacts>,
    /// Whether nodes are cut off by luck.
    pub isolation: Option<Isolation>,
    /// Links that differ; a later rule for the same link wins.
    pub links: Vec<LinkRule>,
    /// The wall clocks that lie.
    pub walls: Vec<WallRule>,
    /// What luck may do to every machine that `machines` does not name.
    pub machine: Faults,
    /// Machines that differ; a later rule for the same node wins.
    pub machines: Vec<MachineRule>,
    /// What happens, in order of time.
    pub steps: Vec<Step>,
    /// Who asks the nodes something of their own accord. They are nodes of the run, after those in `nodes`.
    pub clients: Vec<ClientRule>,
    /// Whether what has odds may happen at all.
    pub chances: Chances,
}

/// What counts instead of what a file says.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Instead<'i> {
    /// Other `nodes`.
    pub nodes: Option<&'i [String]>,
    /// Another `end`.
    pub end: Option<Duration>,
}

impl<'i> Instead<'i> {
    /// These nodes, and nothing else than the file says.
    pub fn nodes(nodes: &'i [String]) -> Instead<'i> {
        Instead { nodes: Some(nodes), ..Instead::default() }
    }
}

/// The most nodes of a scenario, so that a typing mistake does not fill the memory.
const NODES_MAX: usize = 1_000;

const FILE_KEYS: [&str; 16] = [
    "title",
    "nodes",
    "epoch",
    "end",
    "seed",
    "resolver",
    "anti_entropy",
    "link",
    "links",
    "walls",
    "steps",
    "machine",
    "machines",
    "clients",
    "sync",
    "isolation",
];

impl Scenario {
    /// The longest text of a scenario file, in bytes.
    pub const TEXT_MAX: usize = 4 << 20;

    /// Reads the text of a scenario file.
    ///
    /// # Errors
    /// The first thing that is wrong, with its place in the text and what to do about it: what is no TOML, an
    /// unknown key or name, a value of the wrong kind, a step that cannot happen.
    pub fn parse(name: &str, text: &str) -> std::result::Result<Scenario, ScenarioError> {
        Scenario::read(name, text, Instead::default())
    }

    /// Reads the text of a scenario file as if it said something else in a few places.
    ///
    /// # Errors
    /// As [`Scenario::parse`]; whatever the file says of another node, or of a time after another end, is such an error.
    pub fn parse_with(
        name: &str,
        text: &str,
        instead: Instead<'_>,
    ) -> std::result::Result<Scenario, ScenarioError> {
        Scenario::read(name, text, instead)
    }

    fn read(name: &str, text: &str, instead: Instead<'_>) -> Result<Scenario> {
        let document = reader::document(text, Scenario::TEXT_MAX, "a scenario file has")?;
        let file = Section::of_file(&document, text);
        file.only(&FILE_KEYS)?;

        let named = file.require("nodes")?;
        let nodes = match instead.nodes {
            None => check_nodes(named.texts()?, &named)?,
            Some(given) => {
                check_nodes(given.iter().map(|name| (&**name, named.span.clone())).collect(), &named)?
            }
        };
        let end = file.require("end")?;
        let end = end.parsed("a duration such as \"30s\"", units::duration)?;
        let end = instead.end.unwrap_or(end);
        let end = TrueTime::from_ns(0).saturating_add(end);
        let (link, contacts) = match file.get("link") {
            Some(field) => {
                let section = field.section("[link]")?;
                section.only(&LINK_KEYS)?;
                read_link(&section, DEFAULT_LINK, None, end)?
            }
            None => (DEFAULT_LINK, None),
        };
        let mut scenario = Scenario {
            name: name.to_owned(),
            title: file.get("title").map_or(Ok(""), |field| field.text())?.to_owned(),
            epoch: file.get("epoch").map_or(Ok(WallTime::from_ns(0)), |field| read_date(&field))?,
            end,
            seed: file.get("seed").map_or(Ok(1), |field| field.integer("a whole number, 0 to 2^64 - 1"))?,
            resolver: file
                .get("resolver")
                .map_or(Ok(Resolver::Siblings), |field| field.one_of(&Resolver::NAMES))?,
            anti_entropy: file.get("anti_entropy").map(|field| read_interval(&field)).transpose()?,
            sync: file.get("sync").map_or(Ok(DiskSync::Always), |field| field.one_of(&DiskSync::NAMES))?,
            link,
            contacts,
            isolation: links::read_isolation(&file)?,
            links: Vec::new(),
            walls: Vec::new(),
            machine: file.get("machine").map_or(Ok(DEFAULT_FAULTS), |field| read_machine(&field))?,
            machines: Vec::new(),
            steps: Vec::new(),
            clients: Vec::new(),
            chances: Chances::AsWritten,
            nodes,
        };
        scenario.read_rules(&file)?;
        Ok(scenario)
    }

    /// What names nodes, and so can be read only when these are known; clients are nodes too.
    fn read_rules(&mut self, file: &Section<'_>) -> Result<()> {
        if let Some(field) = file.get("clients") {
            self.clients = self.read_clients(&field)?;
        }
        if let Some(field) = file.get("links") {
            self.links = self.read_links(&field)?;
        }
        if let Some(field) = file.get("walls") {
            self.walls = self.read_walls(&field)?;
        }
        if let Some(field) = file.get("machines") {
            self.machines = self.read_machines(&field)?;
        }
        if let Some(field) = file.get("steps") {
            self.steps = self.read_steps(&field)?;
        }
        Ok(())
    }

    /// The keys that clients update or look up, in order.
    pub fn keys(&self) -> BTreeSet<&str> {
        let keys = self.steps.iter().filter_map(|step| match &step.act {
            Act::Submit { key, .. } | Act::Read { key, .. } => Some(&**key),
            _ => None,
        });
        keys.chain(self.clients.iter().flat_map(ClientRule::keys_asked)).collect()
    }

    /// The names of all nodes of a run, in the order of their ids: those of the scenario, then its clients.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.nodes.iter().map(|node| &**node).chain(self.clients.iter().map(|client| &*client.name))
    }

    /// The id of a node or client of this name, which there is.
    pub(crate) fn id(&self, name: &str) -> NodeId {
        let place = self.names().position(|other| other == name);
        let place = place.expect("a scenario refuses names that are not among its nodes and clients");
        NodeId::new(
            u32::try_from(place).expect("a scenario has at most a thousand nodes and a hundred clients"),
        )
    }

    /// What the stations of a run have in common.
    pub(crate) fn rules(&self) -> Rules {
        let (nodes, resolver) = (self.nodes.clone(), self.resolver);
        Rules { nodes, resolver, anti_entropy: self.anti_entropy, sync: self.sync }
    }

    /// Whether every link delivers in the order of sending.
    pub fn keeps_order(&self) -> bool {
        let mut links = self.links.iter().map(|rule| rule.link).chain([self.link]);
        links.all(|link| link.sequence == Sequence::Ordered)
    }

    fn node(&self, name: &str, span: Range<usize>) -> Result<String> {
        if self.nodes.iter().any(|node| node == name) {
            return Ok(name.to_owned());
        }
        let message = if self.clients.iter().any(|client| client.name == name) {
            format!("`{name}` is a client, and here only a station can stand")
        } else {
            format!("there is no node `{name}`")
        };
        Err(ScenarioError::new(span, message).help(advice(name, self.nodes.iter().map(|node| &**node))))
    }

    fn group(&self, field: &Field<'_>) -> Result<Vec<String>> {
        let names = field.texts()?;
        if names.is_empty() {
            return Err(field.refuse("a group names at least one node"));
        }
        names.into_iter().map(|(name, span)| self.party(name, span)).collect()
    }

    /// A node or a client: links have them at their ends alike.
    fn party(&self, name: &str, span: Range<usize>) -> Result<String> {
        if self.names().any(|party| party == name) {
            return Ok(name.to_owned());
        }
        // The names are a chain of two lists, which advice goes through twice.
        let names: Vec<&str> = self.names().collect();
        Err(ScenarioError::new(span, format!("there is no node `{name}`"))
            .help(advice(name, names.iter().copied())))
    }
}

/// The names, if they can all name nodes; `field` is where the file names them.
fn check_nodes(names: Vec<(&str, Range<usize>)>, field: &Field<'_>) -> Result<Vec<String>> {
    let mut nodes: Vec<String> = Vec::new();
    for (name, span) in names {
        check_name(name, &span)?;
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

fn check_name(name: &str, span: &Range<usize>) -> Result<()> {
    let is_plain = |letter: char| letter.is_alphanumeric() || "_-.".contains(letter);
    if !name.is_empty() && name.len() <= 64 && name.chars().all(is_plain) {
        return Ok(());
    }
    let message = format!("`{name}` cannot name a node");
    Err(ScenarioError::new(span.clone(), message).help("1 to 64 letters, digits, `_`, `-` and `.`"))
}

fn read_interval(field: &Field<'_>) -> Result<Duration> {
    let interval = field.parsed("a duration such as \"1s\"", units::duration)?;
    if interval < Duration::from_millis(1) {
        return Err(field.refuse("stations cannot offer what they hold more often than once a millisecond"));
    }
    Ok(interval)
}

/// A moment, as the epoch is given and what a wall clock is set to.
fn read_date(field: &Field<'_>) -> Result<WallTime> {
    let wanted = "a date and time in UTC, from 1970 to 2500, such as 2026-03-14T04:11:50Z";
    let DeValue::Datetime(datetime) = field.value else {
        return Err(field.refuse(format!("`{}` should be {wanted}, without quotes", field.key)));
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

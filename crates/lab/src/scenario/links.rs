//! What links do: `[link]` for all of them, `[[links]]` for those that differ.

use std::time::Duration;

use constellation_fabric::{Link, Odds, Sequence};

use super::reader::{Field, Result, Section};
use super::{Scenario, units};

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

pub(super) const LINK_KEYS: [&str; 4] = ["latency", "loss", "duplicate", "order"];
const LINK_RULE_KEYS: [&str; 6] = ["from", "to", "latency", "loss", "duplicate", "order"];

pub(super) const DEFAULT_LINK: Link = Link {
    latency_min: Duration::from_millis(20),
    latency_max: Duration::from_millis(80),
    loss: Odds::NEVER,
    duplicate: Odds::NEVER,
    sequence: Sequence::Ordered,
    ..Link::INSTANT
};

impl Scenario {
    pub(super) fn read_links(&self, field: &Field<'_>) -> Result<Vec<LinkRule>> {
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
}

pub(super) fn read_link(section: &Section<'_>, default: Link) -> Result<Link> {
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

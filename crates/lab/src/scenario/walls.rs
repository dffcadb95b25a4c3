//! The wall clocks that lie: `[[walls]]`.

use constellation_sim::Drift;

use super::reader::{Field, Result, ScenarioError, Section};
use super::{Scenario, units};

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

const WALL_KEYS: [&str; 3] = ["node", "ahead", "drift"];

impl Scenario {
    pub(super) fn read_walls(&self, field: &Field<'_>) -> Result<Vec<WallRule>> {
        let mut rules: Vec<WallRule> = Vec::new();
        for section in field.sections("[[walls]]")? {
            let rule = self.read_wall(&section)?;
            if rules.iter().any(|other| other.node == rule.node) {
                return Err(described_twice(&section, &rule));
            }
            rules.push(rule);
        }
        Ok(rules)
    }

    pub(super) fn read_wall(&self, section: &Section<'_>) -> Result<WallRule> {
        section.only(&WALL_KEYS)?;
        let node = section.require("node")?;
        let ahead = section.get("ahead").map(|field| {
            field.parsed("a duration such as \"600ms\", or \"-2s\" for behind", units::signed_ns)
        });
        let drift = section.get("drift").map(|field| {
            field.parsed("a drift such as \"20ppm\", between -500000ppm and 500000ppm", units::drift)
        });
        Ok(WallRule {
            node: self.node(node.text()?, node.span.clone())?,
            ahead_ns: ahead.transpose()?.unwrap_or(0),
            drift: drift.transpose()?.unwrap_or(Drift::NONE),
        })
    }
}

pub(super) fn described_twice(section: &Section<'_>, rule: &WallRule) -> ScenarioError {
    let span = section.get("node").map_or(section.span(), |field| field.span);
    ScenarioError::new(span, format!("the wall clock of `{}` is described twice", rule.node))
}

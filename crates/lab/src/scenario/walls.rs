//! The wall clocks that lie: `[[walls]]`.

use constellation_sim::Drift;

use super::reader::{Field, Result};
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
}

//! Other faults than the file's, as one writes them on a command line: `loss=5%,duplicate=1%`, or `none`.

use super::Scenario;
use super::given::{self, Setting, parts, settings, trimmed};
use super::links::{ISOLATION, LINK_KEYS, read_isolation, read_link};
use super::machines::{MACHINE_KEYS, read_faults};
use super::reader::{Result, ScenarioError, Section, advice};

/// Whether what has odds may happen at all.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Chances {
    /// With the odds that are written down.
    AsWritten,
    /// Never, whatever the odds: what is left to luck is how long things take.
    Never,
}

/// A table of the file whose keys can stand on a command line, and how it is read over what a scenario has.
struct Table {
    /// What it is called in messages.
    what: &'static str,
    keys: &'static [&'static str],
    read: fn(&mut Scenario, &Section<'_>) -> Result<()>,
}

/// The tables. Each key is in one of them only.
const TABLES: [Table; 3] = [
    Table { what: "[link]", keys: &LINK_KEYS, read: read_links },
    Table { what: "[machine]", keys: &MACHINE_KEYS, read: read_machines },
    Table { what: "the file", keys: &[ISOLATION], read: read_network },
];

/// The default link and every rule: each keeps what is not said.
fn read_links(scenario: &mut Scenario, section: &Section<'_>) -> Result<()> {
    let Scenario { link, contacts, links, end, .. } = scenario;
    (*link, *contacts) = read_link(section, *link, contacts.as_ref(), *end)?;
    for rule in links {
        (rule.link, rule.contacts) = read_link(section, rule.link, rule.contacts.as_ref(), *end)?;
    }
    Ok(())
}

/// What is about all links together.
fn read_network(scenario: &mut Scenario, section: &Section<'_>) -> Result<()> {
    scenario.isolation = read_isolation(section)?;
    Ok(())
}

/// The default machine and every rule, likewise.
fn read_machines(scenario: &mut Scenario, section: &Section<'_>) -> Result<()> {
    scenario.machine = read_faults(section, scenario.machine)?;
    for rule in &mut scenario.machines {
        rule.faults = read_faults(section, rule.faults)?;
    }
    Ok(())
}

impl Scenario {
    /// This scenario with other faults: `KEY=VALUE` with the keys and values of the file's tables, joined by commas, such
    /// as `loss=5%,latency=20ms..80ms`; or `none`, so that nothing that has odds ever happens.
    ///
    /// A key counts for all: for the default and for every rule that differs from it. A value stands without quotes; one
    /// that is a list or a table in TOML is written as it is there.
    ///
    /// # Errors
    /// What is wrong, as in a file, with its place in `faults`: what is no `KEY=VALUE`, an unknown key, one given twice, a
    /// value that its table refuses, `none` beside something else.
    ///
    /// ```
    /// use constellation_lab::incidents;
    ///
    /// let scenario = incidents::find("lossy-relay").expect("it ships").scenario();
    /// let worse = scenario.with_faults("loss=20%,duplicate=1%").unwrap();
    /// assert_eq!(worse.link.loss.per_million(), 200_000);
    ///
    /// let refused = scenario.with_faults("loss=20%,dupliate=1%").unwrap_err();
    /// assert_eq!(refused.to_string(), "there is no fault `dupliate` (did you mean `duplicate`?)");
    /// assert_eq!(refused.span, 9..17);
    /// ```
    pub fn with_faults(&self, faults: &str) -> std::result::Result<Scenario, ScenarioError> {
        let mut scenario = self.clone();
        if faults.trim() == NONE {
            scenario.chances = Chances::Never;
            return Ok(scenario);
        }
        let settings = known(faults)?;
        for table in &TABLES {
            let mut own = settings.iter().filter(|setting| table.keys.contains(&setting.key)).peekable();
            if own.peek().is_some() {
                given::read(own, table.what, |section| {
                    section.only(table.keys)?;
                    (table.read)(&mut scenario, section)
                })?;
            }
        }
        Ok(scenario)
    }
}

const NONE: &str = "none";

/// Takes the text apart; every key is known, and there is one at least.
fn known(faults: &str) -> Result<Vec<Setting<'_>>> {
    const HELP: &str = "such as `loss=5%,duplicate=1%`; `none` switches all chances off";
    let parts = parts(faults, 0..faults.len()).into_iter().map(|part| trimmed(faults, part));
    if let Some(part) = parts.into_iter().find(|part| &faults[part.clone()] == NONE) {
        return Err(ScenarioError::new(part, "`none` stands alone").help("leave it out, or all else"));
    }
    let settings = settings(faults, 0..faults.len(), HELP)?;
    let keys = TABLES.iter().flat_map(|table| table.keys.iter().copied());
    for Setting { key, key_span, .. } in &settings {
        if *key == NONE {
            return Err(ScenarioError::new(key_span.clone(), "`none` takes no value"));
        }
        if !keys.clone().any(|known| known == *key) {
            let message = format!("there is no fault `{key}`");
            return Err(ScenarioError::new(key_span.clone(), message).help(advice(key, keys)));
        }
    }
    Ok(settings)
}

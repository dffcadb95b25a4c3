//! Which stores are to be measured, and which systems shown.

use anyhow::bail;
use constellation_lab::placement::catalogue::{Catalogue, System};
use constellation_lab::placement::stores::SettingError;
use constellation_lab::placement::{STORES, Store};
use constellation_lab::words::one_line;
use constellation_trace::ids::nearest;

/// What was named on the command line.
pub(super) struct Targets<'c> {
    /// Stores with their settings.
    pub(super) stores: Vec<Store>,
    /// The names of those that were named without a setting.
    pub(super) bare: Vec<&'static str>,
    pub(super) systems: Vec<&'c System>,
}

impl<'c> Targets<'c> {
    pub(super) fn of(names: &[String], catalogue: &'c Catalogue) -> anyhow::Result<Targets<'c>> {
        let mut targets = Targets { stores: Vec::new(), bare: Vec::new(), systems: Vec::new() };
        for text in names {
            let name = text.split_once(':').map_or(&**text, |(name, _)| name).trim();
            let info = STORES.iter().find(|info| info.name == name);
            match (info, catalogue.find(name)) {
                (Some(info), _) => {
                    targets.bare.extend((info.name == text).then_some(info.name));
                    targets.stores.push(text.parse().map_err(|error| wrong_setting(name, &error))?);
                }
                (None, Some(system)) if name == text => targets.systems.push(system),
                (None, Some(_)) => {
                    bail!(
                        "system `{name}` has no settings here: it is declared, not measured\nhelp: `constellation place {name}`"
                    )
                }
                (None, None) => bail!("{}", unknown(name, catalogue)),
            }
        }
        Ok(targets)
    }

    /// That there is no system among them, for `why`.
    pub(super) fn only_stores(&self, why: &str) -> anyhow::Result<()> {
        let Some(system) = self.systems.first() else { return Ok(()) };
        let stores = STORES.iter().map(|info| info.name).collect::<Vec<_>>().join(", ");
        bail!("{why}, and {} is declared, not measured\nhelp: the stores are {stores}", system.name)
    }
}

pub(super) fn wrong_setting(name: &str, error: &SettingError) -> anyhow::Error {
    let message = error.to_string();
    let message = one_line(&message);
    anyhow::Error::msg(format!("{message}\nhelp: `constellation place` lists what can be set of {name}"))
}

fn unknown(name: &str, catalogue: &Catalogue) -> String {
    let stores = STORES.iter().map(|info| info.name);
    let known = stores.chain(catalogue.systems.iter().map(|system| &*system.name));
    let advice = match nearest(name, known) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`constellation place` lists both".to_owned(),
    };
    format!("no store and no declared system is called `{}`\nhelp: {advice}", one_line(name))
}

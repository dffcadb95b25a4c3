//! What can be placed: the stores with all that can be set, and the systems that are declared.

use constellation_lab::placement::STORES;
use constellation_lab::placement::catalogue::Catalogue;
use constellation_lab::placement::stores::{OF_ALL, Setting, StoreInfo};
use serde_json::json;

use super::{SCHEMA, declared};
use crate::args::Place;
use crate::printer::{Printer, faint, strong};

pub(super) fn run(arguments: &Place, catalogue: &Catalogue, printer: &mut Printer) -> anyhow::Result<u8> {
    if arguments.json {
        let systems: Vec<_> = catalogue.systems.iter().map(declared::json).collect();
        let setting =
            |setting: &Setting| json!({"key": setting.key, "values": setting.values, "says": setting.says});
        let store = |info: &StoreInfo| {
            let settings: Vec<_> = info.settings.iter().chain([&OF_ALL]).map(setting).collect();
            json!({"name": info.name, "says": info.says, "settings": settings, "named": info.named})
        };
        let stores: Vec<_> = STORES.iter().map(store).collect();
        printer
            .json(&json!({"schema": SCHEMA, "basis": "declared", "stores": stores, "systems": systems}))?;
        return Ok(0);
    }
    printer.line(format!("{}, to be measured:", strong("stores")))?;
    for info in STORES {
        printer.line(format!("  {}: {}", strong(info.name), info.says))?;
        let settings = || info.settings.iter().chain([&OF_ALL]);
        let width = settings().map(|setting| setting.key.len()).max().unwrap_or(0);
        for setting in settings() {
            let values = setting.values.join("|");
            let set = format!("{:<width$} = {values}", setting.key);
            printer.line(format!("    {set:<32} {}", faint(setting.says)))?;
        }
    }
    printer.line(faint(
        "`constellation place NAME:SETTING=VALUE,…` measures one, the first value where nothing is said; --all measures many",
    ))?;
    printer.line("")?;
    printer.line(format!("{}:", strong("systems")))?;
    declared::list(catalogue, printer)?;
    Ok(0)
}

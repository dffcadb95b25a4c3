//! Which servers can be placed, in which modes, and whether they are installed.

use std::env;

use anyhow::Context as _;
use constellation_servers::installed::{self, Missing};
use constellation_servers::place::{RealError, SitesHere, sites_here};
use constellation_servers::server::ServerInfo;
use constellation_servers::servers::SERVERS;
use serde_json::{Value, json};

use super::super::SCHEMA;
use super::super::told::folded_behind;
use crate::args::Place;
use crate::printer::{Printer, faint, strong};

pub(super) fn run(arguments: &Place, printer: &mut Printer) -> anyhow::Result<u8> {
    let all: Vec<ServerInfo> = SERVERS.iter().map(|server| server.info()).collect();
    let program = env::current_exe().context("cannot find this program, to begin it once for each site")?;
    let sites = sites_here(program);
    if arguments.json {
        let servers: Vec<Value> = all.iter().map(as_json).collect();
        printer.json(&json!({
            "schema": SCHEMA,
            "basis": "real",
            "exit_code": 0,
            "sites": sites_as_json(&sites),
            "servers": servers,
        }))?;
        return Ok(0);
    }
    for info in &all {
        let state = match installed::find(info) {
            Ok(_) => installed::version(info).unwrap_or_else(|| "installed".to_owned()),
            Err(missing) => not_installed(&missing),
        };
        printer.line(format!("{}  {}", strong(&info.name), faint(&state)))?;
        let width = info.modes.iter().map(|mode| mode.name.len()).max().unwrap_or(0) + 4;
        for mode in &info.modes {
            for (nth, line) in folded_behind(width, &mode.says).iter().enumerate() {
                let name = if nth == 0 { &*mode.name } else { "" };
                printer.line(format!("  {name:<width$}{line}", width = width - 2))?;
            }
        }
    }
    let (how, limits) = match sites {
        Ok(SitesHere { is_switched: true, limits }) => {
            ("namespaces of their own, joined by a switch that carries every packet".to_owned(), limits)
        }
        Ok(SitesHere { limits, .. }) => {
            ("addresses of the loopback, joined by TCP proxies".to_owned(), limits)
        }
        Err(error) => (format!("none can be made here: {error}"), Vec::new()),
    };
    printer.line(format!("{}  {}", strong("sites"), faint(&how)))?;
    for line in limits.iter().flat_map(|limit| folded_behind(2, limit)) {
        printer.line(format!("  {line}"))?;
    }
    printer.line(faint(
        "`constellation place --real NAME` measures all modes of one, NAME/MODE one of them; a simulated store, such as \
         `quorum:r=1,w=1`, runs as three processes",
    ))?;
    Ok(0)
}

/// `not installed (Debian's package etcd-server)`.
pub(super) fn not_installed(Missing { program, package }: &Missing) -> String {
    match package.as_str() {
        "" => format!("`{program}` is not installed"),
        package => format!("`{program}` is not installed (Debian's package {package})"),
    }
}

fn sites_as_json(sites: &Result<SitesHere, RealError>) -> Value {
    match sites {
        Ok(SitesHere { is_switched, limits }) => {
            json!({"joined_by": if *is_switched { "switch" } else { "proxies" }, "limits": limits})
        }
        Err(error) => json!({"joined_by": null, "because": error.to_string()}),
    }
}

fn as_json(info: &ServerInfo) -> Value {
    let missing = installed::find(info).err();
    let modes: Vec<Value> = info
        .modes
        .iter()
        .map(|mode| json!({"name": mode.name, "says": mode.says, "model": mode.model}))
        .collect();
    json!({
        "server": info.name,
        "title": info.title,
        "version": installed::version(info),
        "is_installed": missing.is_none(),
        "package": missing.map(|missing| missing.package),
        "modes": modes,
    })
}
